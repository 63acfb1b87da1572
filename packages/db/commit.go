package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// A COMMIT whose answer was lost is neither a success nor a failure until the server is asked. A Write reads its
// transaction id in its first round trip; afterwards pg_xact_status tells what became of it, on any connection to
// the same cluster and timeline (PostgreSQL documentation, 9.27.8).

// outcome is what became of a transaction.
type outcome string

const (
	committed  outcome = "committed"
	aborted    outcome = "aborted"
	inProgress outcome = "in progress"
	unknown    outcome = "unknown"
)

const (
	xidSQL        = "select pg_current_xact_id()::text"
	xidAndHomeSQL = "select pg_current_xact_id()::text, h.home from (" + clusterSQL + ") h"

	// One statement, because behind a pooler the next one may be answered by another server.
	outcomeSQL = "select h.home = $2, case when h.home = $2 then pg_xact_status($1::xid8) end from (" + clusterSQL + ") h"

	newcomerSQL = "select h.home, pg_backend_pid() from (" + clusterSQL + ") h"

	// A backend that has not noticed that its client is gone still holds the transaction open. One that waits for a
	// synchronous standby has committed already and only waits to say so: it must not be ended.
	endBackendSQL = `select count(pg_terminate_backend(a.pid, 2000)) from pg_stat_activity a
 where a.backend_xid = $1::xid8::xid and a.usename = session_user and a.pid <> pg_backend_pid()
   and a.wait_event is distinct from 'SyncRep'`

	// The cluster's identity and timeline: after a failover to a standby that lacked the transaction its status
	// there says nothing.
	clusterSQL = `select c.system_identifier::text || '/' ||
 case when pg_is_in_recovery() then 'standby' else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end as home
 from pg_control_system() c`
)

// resolve finds out what became of transaction xid, which ran in the cluster home. It asks until deadline, while the
// database is away too.
func (p *Pool) resolve(ctx context.Context, xid, home string, deadline time.Time) outcome {
	limited, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()
	for attempt := 1; ; attempt++ {
		result, err := p.askOutcome(limited, xid, home, attempt, deadline)
		var ours *Error // from acquire, which has waited for as long as it is worth
		switch {
		case err == nil && result != inProgress:
			return result
		case errors.As(err, &ours), err != nil && !judge(err).mayReadAgain():
			return unknown
		}
		if !pause(limited, attempt) {
			return unknown
		}
	}
}

// askOutcome asks once. It goes in front of everybody who waits for a connection: this caller has waited already, and
// what it holds up is a person's answer.
//
// Behind a pooler the backend is left alone: by the time that it would be ended the pooler may have lent it to somebody
// else. The pooler itself ends it when it notices that its client is gone.
func (p *Pool) askOutcome(ctx context.Context, xid, home string, attempt int, deadline time.Time) (outcome, error) {
	l := &lease{op: "resolve", attempt: attempt, urgent: true}
	if err := p.acquire(ctx, l, deadline); err != nil {
		return unknown, err
	}
	defer l.release(ctx)
	conn := l.raw()
	for ended := p.pooled(); ; ended = true {
		var same bool
		var status *string
		if err := conn.QueryRow(ctx, outcomeSQL, pgx.QueryExecModeExec, xid, home).Scan(&same, &status); err != nil {
			return unknown, err
		}
		if !same || status == nil { // another cluster, or so old that the server has forgotten it
			return unknown, nil
		}
		if outcome(*status) != inProgress || ended {
			return outcome(*status), nil
		}
		var n int
		if err := conn.QueryRow(ctx, endBackendSQL, pgx.QueryExecModeExec, xid).Scan(&n); err != nil {
			return unknown, err
		}
	}
}

const clusterKey = "openhouse.cluster"

// errStandby refuses a server that accepts no writes. It may be promoted, so it is waited for.
var errStandby = errors.New("the server is a standby, which accepts no writes: DATABASE_URL must lead to the primary")

// rememberCluster notes on a new connection which cluster it leads to, and refuses a standby. It returns the number
// of the process that serves the connection.
func rememberCluster(ctx context.Context, conn *pgx.Conn) (backend uint32, err error) {
	var home string
	if err := conn.QueryRow(ctx, newcomerSQL, pgx.QueryExecModeExec).Scan(&home, &backend); err != nil {
		return 0, err
	}
	if strings.HasSuffix(home, "/standby") {
		return 0, errStandby
	}
	conn.PgConn().CustomData()[clusterKey] = home
	return backend, nil
}

func clusterOf(conn *pgx.Conn) string {
	home, _ := conn.PgConn().CustomData()[clusterKey].(string)
	return home
}

// queueOpening asks for what a lost COMMIT will be asked with. Behind a pooler what the connection remembers of its
// server may be another one's by now.
func (t *beginning) queueOpening(b *pgx.Batch) {
	if t.lease.p.pooled() {
		b.Queue(xidAndHomeSQL)
		return
	}
	t.home = clusterOf(t.lease.raw())
	b.Queue(xidSQL)
}

// readOpening reads the answer.
func (t *beginning) readOpening(row pgx.Row) error {
	if t.home == "" {
		return row.Scan(&t.xid, &t.home)
	}
	return row.Scan(&t.xid)
}

// errAborted says that a lost COMMIT turned out not to have happened: the work can be done again.
var errAborted = errors.New("the transaction was not committed")

// afterLostCommit turns a lost COMMIT into a success (nil), a failure that may be repeated (decisive not nil), or
// ErrCommitUnknown.
func (t *Tx) afterLostCommit(ctx context.Context, lost error, deadline time.Time) (decisive, err error) {
	p := t.lease.p
	t.lease.release(ctx) // or a pool of one would wait for itself
	switch p.resolve(ctx, t.xid, t.home, deadline) {
	case committed:
		return nil, nil
	case aborted:
		err := fmt.Errorf("%w: %w", errAborted, lost)
		return err, err
	}
	return nil, &Error{Op: "write", Kind: ErrCommitUnknown, Stats: p.GetPoolStats(), Attempts: t.lease.attempt, Cause: lost}
}
