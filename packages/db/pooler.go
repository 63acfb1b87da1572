package db

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// DB_POOLER_MODE says what stands between the pool and Postgres, and every new connection is compared with it. A
// wrong setting would cost more than speed: behind a pooler that changes the server connection between transactions,
// a prepared statement is gone (or somebody else's) when it is used, and a scope that is set on the session is the
// next stranger's. docs/decisions/0012-poolers.md.

// pooler is what is known about the way to Postgres.
type pooler struct {
	setting PoolerMode
	seen    atomic.Bool // some connection leads through a pooler
	careful atomic.Bool // one that may change the server connection between transactions, whatever the setting says
	trial   sync.Once   // of a pooler that should keep the server connection
	told    [4]atomic.Bool
}

// The lines of the log, each said once.
const (
	tellUnsaid    = iota // a pooler that the setting doesn't mention
	tellNoSession        // not a session pooler
	tellDirect           // no pooler
	tellForeign          // statements that belong to others, or are gone
)

// pooled reports whether a server connection may pass to somebody else while ours is still open.
func (p *Pool) pooled() bool { return p.pooler.setting != PoolerNone || p.pooler.seen.Load() }

// transactional reports whether nothing may be expected of a session beyond the end of a transaction.
func (p *Pool) transactional() bool {
	return p.pooler.setting == PoolerTransaction || p.pooler.careful.Load()
}

// suit prepares the settings of a connection that is about to be opened for what is known by now.
func (p *Pool) suit(c *pgx.ConnConfig) {
	if p.transactional() {
		// A named statement would live on another server connection. What is remembered here are only the types of its
		// arguments and results; without them the driver would guess, and send bytes that are meant for a jsonb as bytea.
		c.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		maps.DeleteFunc(c.RuntimeParams, func(name, _ string) bool { return name != "application_name" })
	}
}

// refusedParameter turns a pooler's refusal of a setting in DATABASE_URL, which it can't pass on, into errUnsuited. Any
// other failure to connect it returns as it is.
func (p *Pool) refusedParameter(ctx context.Context, err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "08P01" || !strings.HasPrefix(pg.Message, "unsupported startup parameter") || p.transactional() {
		return err
	}
	p.found(ctx)
	return errUnsuited
}

// found says that there is a pooler although the setting doesn't mention one.
func (p *Pool) found(ctx context.Context) {
	p.pooler.seen.Store(true)
	p.pooler.careful.Store(true)
	p.tell(ctx, tellUnsaid, "a connection pooler stands before Postgres and DB_POOLER_MODE does not say so: set DB_POOLER_MODE=transaction (or session); until then the form that is safe behind every pooler is used")
}

// errUnsuited ends a connection that was opened before the pooler in front of it was known. The next one suits.
var errUnsuited = errors.New("a connection pooler has come between: the connection is opened anew, without prepared statements")

// compare looks whether a new connection leads where DB_POOLER_MODE says. backend is the process that answers on it:
// a pooler has given us a number of its own, under which it would find our statement to cancel it.
func (p *Pool) compare(ctx context.Context, conn *pgx.Conn, backend uint32) error {
	if backend == conn.PgConn().PID() {
		switch p.pooler.setting {
		case PoolerTransaction:
			p.tell(ctx, tellDirect, "DB_POOLER_MODE is transaction and no pooler was found before Postgres: nothing is wrong with the answers, but prepared statements are not used; set DB_POOLER_MODE=none if there is none")
		case PoolerSession:
			p.tell(ctx, tellDirect, "DB_POOLER_MODE is session and no pooler was found before Postgres: set DB_POOLER_MODE=none if there is none")
		}
		return nil
	}
	p.pooler.seen.Store(true)
	switch p.pooler.setting {
	case PoolerNone:
		p.found(ctx)
	case PoolerSession:
		p.pooler.trial.Do(func() { p.tryPooler(ctx, conn) })
	}
	if p.transactional() && conn.Config().DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		return errUnsuited
	}
	return nil
}

// tryPooler makes sure that what calls itself a session pooler is one. In doubt it is not.
func (p *Pool) tryPooler(ctx context.Context, conn *pgx.Conn) {
	kept, err := p.keepsServer(ctx, conn)
	if kept {
		return
	}
	p.pooler.careful.Store(true)
	if err != nil {
		p.tell(ctx, tellNoSession, "DB_POOLER_MODE is session and it could not be made sure that the pooler before Postgres keeps a server connection for each client: the form that is safe behind every pooler is used; look at its pool size, or set DB_POOLER_MODE=transaction", "error", err)
		return
	}
	p.tell(ctx, tellNoSession, "DB_POOLER_MODE is session and the pooler before Postgres changes the server connection between transactions: set DB_POOLER_MODE=transaction; until then the form that is safe behind every pooler is used")
}

const backendSQL = "select pg_backend_pid()"

// turns is an order in which two clients ask who serves them. Whether a pooler lends the server connection that was
// given back last or the one that rested longest, before the end the two meet on one, or one of them on two.
var turns = []int{0, 1, 0, 0, 1, 1, 0, 1, 1, 0}

// keepsServer opens a second connection and asks over both, in turns, which process serves them. A pooler that keeps
// a server connection for each client answers every client the same, and never two clients the same.
func (p *Pool) keepsServer(ctx context.Context, first *pgx.Conn) (bool, error) {
	second, err := pgx.ConnectConfig(ctx, p.prober.cfg.Copy())
	if err != nil {
		return false, fmt.Errorf("a second connection: %w", err)
	}
	defer func() {
		_ = second.Close(ctx)
		cut(second)
	}()
	clients := [2]*pgx.Conn{first, second}
	var servedBy [2]uint32
	for _, client := range turns {
		var backend uint32
		if err := clients[client].QueryRow(ctx, backendSQL, pgx.QueryExecModeExec).Scan(&backend); err != nil {
			return false, err
		}
		if known := servedBy[client]; known != 0 && known != backend || servedBy[1-client] == backend {
			return false, nil
		}
		servedBy[client] = backend
	}
	return true, nil
}

// suspectPooler is shown every failure of a statement. Where a statement that the driver has prepared is somebody else's,
// or is gone, server connections change under us, whatever the setting says and however well a pooler may hide.
func (p *Pool) suspectPooler(err error) {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "26000" && pg.Code != "42P05" || !strings.Contains(pg.Message, `"stmtcache_`) {
		return
	}
	p.pooler.seen.Store(true)
	if !p.pooler.careful.Swap(true) {
		p.tell(context.Background(), tellForeign, "prepared statements vanish or belong to others: a pooler in transaction mode stands before Postgres and DB_POOLER_MODE does not say so: set DB_POOLER_MODE=transaction; until then the form that is safe behind every pooler is used")
	}
	p.retireOnce()
}

// tell says once, and by name, that DB_POOLER_MODE is wrong. What is merely slower is a warning.
func (p *Pool) tell(ctx context.Context, line int, text string, attrs ...any) {
	if p.pooler.told[line].Swap(true) {
		return
	}
	if line == tellDirect {
		p.log.WarnContext(ctx, text, attrs...)
		return
	}
	p.log.ErrorContext(ctx, text, attrs...)
}
