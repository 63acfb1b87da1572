package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Client is one connection lent to a WithClient callback: a Querier, plus transactions and notifications.
type Client struct {
	operation
	pooled bool // a transaction-mode pooler stands between: everything runs in one transaction
	tx     pgx.Tx
	nested []pgx.Tx // savepoints that Begin made
}

// ClientTx is a transaction on a Client. Behind a transaction-mode pooler it is a savepoint.
type ClientTx struct {
	Querier
	tx pgx.Tx
	op *operation
}

// WithClient lends one connection to fn, with the scope set on its session: for raw SQL, transactions of fn's own
// and connection-level settings. It is never run again, since fn may have sent anything.
//
// Afterwards the connection is wiped (ROLLBACK, DISCARD ALL, prepared statements forgotten), or closed if that
// fails: whatever fn left behind (settings, role, temporary tables, LISTEN, locks, an open transaction, a panic)
// the next borrower sees nothing of. Behind a transaction-mode pooler (DB_POOLER_MODE=transaction) a session can't
// be trusted, so fn runs inside one transaction, which is committed when fn returns nil.
//
// Errors: ErrPoolExhausted, ErrDatabaseDown, ErrScopeRefused, or what fn returned.
func (p *Pool) WithClient(ctx context.Context, s Scope, fn func(ctx context.Context, c *Client) error) error {
	if err := s.validate(); err != nil {
		return &Error{Op: "withclient", Kind: ErrNoScope, Cause: err}
	}
	c := &Client{operation: operation{lease: lease{op: "withclient", attempt: 1}}, pooled: p.transactional()}
	if err := p.acquire(ctx, &c.lease, time.Now().Add(p.cfg.ConnTimeout.Duration())); err != nil {
		return err
	}
	defer c.lease.release(ctx)
	if c.pooled {
		return p.wrap("withclient", c.runInTransaction(ctx, s, fn))
	}
	defer c.wipe(ctx) // also after a panic or runtime.Goexit
	if err := c.enter(ctx, s); err != nil {
		return p.wrap("withclient", err)
	}
	return p.wrap("withclient", fn(c.holding(ctx), c))
}

// enter sets the scope on the session. The guard is asked before fn can do anything.
func (c *Client) enter(ctx context.Context, s Scope) error {
	b := &pgx.Batch{}
	b.Queue("select set_config('role', $1, false), set_config('app.tenant_id', $2, false)", s.Role, s.TenantID.String())
	for _, set := range s.Settings {
		b.Queue("select set_config($1, $2, false)", set.Name, set.Value)
	}
	if s.Guard != nil {
		b.Queue(s.Guard.SQL, s.Guard.Args...)
	}
	br := c.lease.raw().SendBatch(ctx, b)
	for range 1 + len(s.Settings) {
		if _, err := br.Exec(); err != nil {
			return errors.Join(err, br.Close())
		}
	}
	if s.Guard != nil {
		if err := s.Guard.settle(br); err != nil {
			return errors.Join(err, br.Close())
		}
	}
	return br.Close()
}

// wipe makes the session as new, or closes it.
func (c *Client) wipe(ctx context.Context) {
	c.done = true
	conn := c.lease.raw()
	if conn.IsClosed() || conn.PgConn().IsBusy() { // unread rows: reading them could take for ever
		c.lease.destroy(ctx)
		return
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupLimit)
	defer cancel()
	if err := wipeSession(limited, conn); err != nil {
		c.lease.destroy(ctx)
		return
	}
	c.lease.observe(ctx, StepCleaned, "", nil)
}

func wipeSession(ctx context.Context, conn *pgx.Conn) error {
	if conn.PgConn().TxStatus() != 'I' {
		if _, err := conn.Exec(ctx, "rollback", pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	if _, err := conn.Exec(ctx, "discard all", pgx.QueryExecModeSimpleProtocol); err != nil {
		return err
	}
	// DISCARD ALL has dropped the prepared statements on the server; without this the driver would still use them.
	return conn.DeallocateAll(ctx)
}

var errUnfinished = errors.New("db: withclient: nothing was committed, because the callback ended the transaction, hid a failed statement or left rows unread: behind a transaction-mode pooler it has one transaction; use Begin for parts of it")

// runInTransaction is WithClient behind a transaction-mode pooler.
func (c *Client) runInTransaction(ctx context.Context, s Scope, fn func(context.Context, *Client) error) error {
	b := &pgx.Batch{}
	b.BeginTx(pgx.TxOptions{})
	b.Queue("savepoint openhouse_clean")
	s.queue(b, false, true)
	br := c.lease.raw().SendBatch(ctx, b)
	c.tx = br.Tx()
	defer func() { // also after a panic or runtime.Goexit
		c.done = true
		_ = c.wipeShared(ctx, false) // after a commit it does nothing; a failure closes the connection
	}()
	for range 2 {
		if _, err := br.Exec(); err != nil {
			return errors.Join(err, br.Close())
		}
	}
	if err := s.settle(br, true); err != nil {
		return errors.Join(err, br.Close())
	}
	if err := br.Close(); err != nil {
		return err
	}
	if err := fn(c.holding(ctx), c); err != nil {
		return err
	}
	if pg := c.lease.raw().PgConn(); pg.TxStatus() != 'T' || pg.IsBusy() {
		return errUnfinished
	}
	for _, tx := range slices.Backward(c.nested) { // what Begin opened and nobody ended
		if err := tx.Rollback(ctx); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
			return err
		}
	}
	return c.wipeShared(ctx, true)
}

// wipeShared cleans the server connection and ends the transaction: with COMMIT if its work is to be kept. If it
// can't be cleaned the connection is closed, which makes the pooler drop its own as well.
func (c *Client) wipeShared(ctx context.Context, keep bool) error {
	if c.tx == nil {
		return nil
	}
	tx, conn := c.tx, c.lease.raw()
	c.tx = nil
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitLimit)
	defer cancel()
	if conn.IsClosed() || conn.PgConn().IsBusy() || conn.PgConn().TxStatus() == 'I' {
		c.lease.destroy(ctx)
		return errUnfinished
	}
	// DISCARD ALL can't run in a transaction; these are its parts. Locks and prepared statements would outlive a
	// rollback too.
	b := &pgx.Batch{}
	if !keep {
		b.Queue("rollback to savepoint openhouse_clean")
	}
	b.Queue("close all")
	b.Queue("reset role")
	b.Queue("reset all")
	b.Queue("unlisten *")
	b.Queue("discard temp")
	b.Queue("deallocate all")
	b.Queue("select pg_advisory_unlock_all()")
	if err := conn.SendBatch(limited, b).Close(); err != nil {
		c.lease.destroy(ctx)
		return err
	}
	if !keep {
		return tx.Rollback(limited)
	}
	return tx.Commit(limited)
}

// Begin opens a transaction (behind a transaction-mode pooler a savepoint). End it with Commit or Rollback; one
// that is left open is rolled back.
func (c *Client) Begin(ctx context.Context) (*ClientTx, error) {
	if err := c.ready(ctx, "begin"); err != nil {
		return nil, err
	}
	var tx pgx.Tx
	var err error
	if c.tx != nil {
		tx, err = c.tx.Begin(ctx)
	} else {
		tx, err = c.lease.raw().Begin(ctx)
	}
	if err != nil {
		return nil, c.fail(err)
	}
	if c.pooled {
		c.nested = append(c.nested, tx)
	}
	return &ClientTx{Querier: &c.operation, tx: tx, op: &c.operation}, nil
}

// WaitForNotification blocks until a NOTIFY arrives on a channel that this client listens on, or ctx ends. Behind
// a transaction-mode pooler notifications are not delivered, so it is refused there.
func (c *Client) WaitForNotification(ctx context.Context) (*pgconn.Notification, error) {
	if c.pooled {
		return nil, fmt.Errorf("db: withclient: LISTEN does not work behind a transaction-mode pooler: give this program a direct DATABASE_URL and DB_POOLER_MODE=none")
	}
	if err := c.ready(ctx, "listen"); err != nil {
		return nil, err
	}
	n, err := c.lease.raw().WaitForNotification(ctx)
	return n, c.fail(err)
}

// Commit makes the transaction's work permanent.
func (t *ClientTx) Commit(ctx context.Context) error { return t.op.fail(t.tx.Commit(ctx)) }

// Rollback undoes the transaction's work. After Commit it does nothing.
func (t *ClientTx) Rollback(ctx context.Context) error {
	if err := t.tx.Rollback(ctx); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
		return t.op.fail(err)
	}
	return nil
}
