package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Limits for work that must go on although the caller's context has ended.
const (
	cleanupLimit = 2 * time.Second // rollback, wiping or closing a connection
	commitLimit  = 5 * time.Second // a client that hangs up must not leave a COMMIT half asked
)

// Intent says who asks for a write, and makes it repeatable: the same Key with the same Route and BodyHash is
// answered with the first answer instead of being done again.
type Intent struct {
	Subject   uuid.UUID  // the person
	Key       string     // idempotency key, chosen by the client; "" = the write is not repeatable
	Route     string     // method and pattern of the route
	BodyHash  []byte     // SHA-256 of what was asked for
	From      netip.Addr // the client's address, for the audit log
	RequestID string
}

// Event is one entry of the audit log, written in the same transaction as the work.
type Event struct {
	Action   string // "development.create"
	Object   string // "development"
	ObjectID uuid.UUID
	Detail   map[string]any // no personal data beyond what the company's log may show
}

// Ledger keeps idempotency keys and the audit log. It is given to Open, because this package knows no tables.
type Ledger interface {
	// Claim is the first thing in a transaction that has a key. It returns the stored answer when the key was used
	// by the same request before, ErrKeyReused when by another one, ErrKeyBusy when that one is still running.
	Claim(ctx context.Context, q Querier, s Scope, in Intent) (answer []byte, repeated bool, err error)
	// Settle is the last thing in a transaction: it stores the answer under the key and appends the events.
	Settle(ctx context.Context, q Querier, s Scope, in Intent, answer []byte, events []Event) error
}

// Tx is the handle of a Write: a Querier inside one transaction.
type Tx struct {
	operation
	scope  Scope
	tx     pgx.Tx
	xid    string // transaction id, to ask for the outcome of a lost COMMIT
	home   string // cluster and timeline that the transaction runs in
	events []Event
}

// Audit appends an event to the audit log when the transaction commits.
func (t *Tx) Audit(e Event) { t.events = append(t.events, e) }

// Write runs fn in one transaction scoped by s and returns what fn returns, once that is committed.
//
// BEGIN, scope, guard and the first statement travel in one round trip. With in.Key set, fn's result is stored as
// JSON in the same transaction, and a repetition of the request returns it without running fn. While it is certain
// that nothing was committed (serialization failure, deadlock, a connection lost before COMMIT was sent), fn is run
// again: it may be called more than once and must have no effect outside the transaction.
//
// Errors: as Read, and ErrKeyReused, ErrKeyBusy, ErrUnique, ErrForeignKey, ErrCheck, ErrLockTimeout, ErrConflict,
// ErrCommitUnknown (the connection was lost during COMMIT; ask again with the same key).
func Write[T any](ctx context.Context, p *Pool, s Scope, in Intent, fn func(ctx context.Context, tx *Tx) (T, error)) (T, error) {
	var zero T
	if err := s.validate(); err != nil {
		return zero, &Error{Op: "write", Kind: ErrNoScope, Cause: err}
	}
	deadline := time.Now().Add(p.cfg.ConnTimeout.Duration())
	p.budget.earn()
	collided := 0
	for attempt := 1; ; attempt++ {
		value, decisive, err := writeOnce(ctx, p, s, in, attempt, deadline, fn)
		if err == nil {
			return value, nil
		}
		v := judge(decisive) // of nil it is final
		if !v.mayWriteAgain() || !p.mayGoOn(ctx, deadline, v) {
			return zero, p.wrap("write", err)
		}
		if v == undone {
			if collided++; collided == collisions {
				leave := p.takeTurn(ctx, deadline)
				if leave == nil {
					return zero, p.wrap("write", err)
				}
				defer leave()
			}
		}
		if errors.Is(decisive, ErrReadOnly) { // demoted: its connections are of no use any more
			p.retireOnce()
		}
		p.retried(ctx, "write", attempt, decisive)
		if !pause(ctx, attempt) {
			return zero, p.wrap("write", err)
		}
	}
}

// writeOnce is one attempt. decisive is nil when it must not be repeated.
func writeOnce[T any](ctx context.Context, p *Pool, s Scope, in Intent, attempt int, deadline time.Time, fn func(context.Context, *Tx) (T, error)) (value T, decisive, err error) {
	t := &Tx{operation: operation{lease: lease{op: "write", attempt: attempt}}, scope: s}
	if err := p.acquire(ctx, &t.lease, deadline); err != nil {
		return value, nil, err
	}
	defer t.lease.release(ctx)
	t.prefix = (*beginning)(t)
	defer t.rollback(ctx) // does nothing after a commit
	inside := t.holding(ctx)

	if in.Key != "" {
		if p.ledger == nil {
			return value, nil, errNoLedger
		}
		answer, repeated, err := p.ledger.Claim(inside, t, s, in)
		if err != nil {
			return value, t.decisive(err), err
		}
		if repeated {
			if err := json.Unmarshal(answer, &value); err != nil {
				return value, nil, fmt.Errorf("db: write: the answer stored under the idempotency key can't be read: %w", err)
			}
			return value, nil, nil
		}
	}
	value, err = fn(inside, t)
	if err != nil {
		return value, t.decisive(err), err
	}
	if err := settle(inside, p, s, in, t, value); err != nil {
		return value, t.decisive(err), err
	}
	decisive, err = t.commit(ctx, deadline)
	return value, decisive, err
}

var errNoLedger = errors.New("db: write: a key or an audit event needs a ledger: pass WithLedger to Open")

func settle(ctx context.Context, p *Pool, s Scope, in Intent, t *Tx, value any) error {
	if in.Key == "" && len(t.events) == 0 {
		return nil
	}
	if p.ledger == nil {
		return errNoLedger
	}
	answer, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("db: write: the result can't be stored as the answer to a repetition: %w", err)
	}
	return p.ledger.Settle(ctx, t, s, in, answer, t.events)
}

// beginning puts BEGIN, scope and guard in front of the transaction's first statement.
type beginning Tx

func (t *beginning) queue(b *pgx.Batch) {
	t.prefix = nil // later statements go alone
	b.BeginTx(pgx.TxOptions{})
	t.queueOpening(b)
	t.scope.queue(b, false, true)
}

func (t *beginning) settle(br pgx.BatchResults) error {
	t.tx = br.Tx()
	if _, err := br.Exec(); err != nil {
		return err
	}
	if err := t.readOpening(br.QueryRow()); err != nil {
		return err
	}
	return t.scope.settle(br, true)
}

// commit reports as decisive only what is certainly not committed. A lost answer is asked for again, for as long as
// a fresh request would be held.
func (t *Tx) commit(ctx context.Context, deadline time.Time) (decisive, err error) {
	t.finish()
	if t.tx == nil { // fn sent no statement
		return nil, nil
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitLimit)
	defer cancel()
	err = t.tx.Commit(limited)
	var pg *pgconn.PgError
	switch {
	case err == nil:
		t.tx = nil
		t.lease.observe(ctx, StepCommitted, "", nil)
		return nil, nil
	case errors.As(err, &pg) && judge(err) != severed:
		return err, err
	case errors.Is(err, pgx.ErrTxCommitRollback):
		return nil, fmt.Errorf("db: write: nothing was committed, because a statement had failed and the callback went on: %w", errors.Join(err, t.err))
	}
	t.lease.observe(ctx, StepLost, "", err)
	cut(t.lease.raw())
	t.tx = nil // it can't be rolled back over this connection
	if later := time.Now().Add(t.lease.p.cfg.ConnTimeout.Duration()); later.After(deadline) {
		deadline = later
	}
	return t.afterLostCommit(ctx, err, deadline)
}

// rollback undoes what was not committed, also after a panic and for a client that is gone: the context of the
// request must not decide whether a connection is clean.
func (t *Tx) rollback(ctx context.Context) {
	t.finish()
	if t.tx == nil {
		return
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupLimit)
	defer cancel()
	if err := t.tx.Rollback(limited); err == nil {
		t.lease.observe(ctx, StepRolledBack, "", nil)
	} // else the driver has closed the connection, which ends the transaction as well
}
