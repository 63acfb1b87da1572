package below

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
)

// Way is one of the ways in which a callback gets to run statements.
type Way struct {
	Name string
	Pool *db.Pool
	run  func(ctx context.Context, p *db.Pool, s db.Scope, keep bool, fn func(ctx context.Context, q db.Querier) error) error
}

// errUndone makes a Write forget what it did.
var errUndone = errors.New("only tried")

func read(ctx context.Context, p *db.Pool, s db.Scope, _ bool, fn func(context.Context, db.Querier) error) error {
	_, err := db.Read(ctx, p, s, func(ctx context.Context, q db.Querier) (bool, error) { return true, fn(ctx, q) })
	return err
}

func write(ctx context.Context, p *db.Pool, s db.Scope, keep bool, fn func(context.Context, db.Querier) error) error {
	_, err := db.Write(ctx, p, s, db.Intent{}, func(ctx context.Context, tx *db.Tx) (bool, error) {
		if err := fn(ctx, tx); err != nil || keep {
			return true, err
		}
		return false, errUndone
	})
	return err
}

func withClient(ctx context.Context, p *db.Pool, s db.Scope, _ bool, fn func(context.Context, db.Querier) error) error {
	return p.WithClient(ctx, s, func(ctx context.Context, c *db.Client) error {
		tx, err := c.Begin(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // a broken connection is replaced
		return fn(ctx, tx)
	})
}

// OpenWays opens a small pool at an address and answers the ways through it.
func OpenWays(ctx context.Context, what, url, role string, mode db.PoolerMode) ([]Way, error) {
	p, err := db.Open(ctx, db.Config{
		URL: config.Secret(url), Max: 3, Min: 1, IdleTime: config.Millis(time.Minute), ConnTimeout: config.Millis(20 * time.Second),
		CancelGrace: config.Millis(500 * time.Millisecond), LeakWarn: config.Millis(time.Hour), Instances: 1, PoolerMode: mode,
	}, db.WithRole(role), db.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, err
	}
	return []Way{{"read " + what, p, read}, {"write " + what, p, write}, {"client " + what, p, withClient}}, nil
}

const residueSQL = `select concat_ws(' ', current_user = session_user, current_setting('role'),
	coalesce(current_setting('app.tenant_id', true), '') || coalesce(current_setting('app.staff_id', true), '')
	|| coalesce(current_setting('app.resident_id', true), '') || coalesce(current_setting('app.unit_id', true), ''),
	current_setting('transaction_read_only'), (select count(*) from pg_prepared_statements where name = 'left_behind'),
	(to_regclass('pg_temp.left_behind') is not null)::integer, (select count(*) from pg_cursors where name = 'left_behind'))`

// Residue looks at a connection as whoever comes next finds it: "" if nothing of a scope is there.
func (w Way) Residue(ctx context.Context) (string, error) {
	left, err := db.Door(ctx, w.Pool, func(ctx context.Context, q db.Querier) (text string, err error) {
		err = q.QueryRow(ctx, residueSQL).Scan(&text)
		return text, err
	})
	if err != nil {
		return "", err
	}
	if fields := strings.Fields(left); fmt.Sprint(fields) != "[t none off 0 0 0]" {
		return left, nil
	}
	_, err = db.Door(ctx, w.Pool, func(ctx context.Context, q db.Querier) (int64, error) {
		tag, err := q.Exec(ctx, "select from units")
		return tag.RowsAffected(), err
	})
	if err == nil {
		return "a table can be read without a scope", nil
	}
	if !errors.Is(err, db.ErrForbidden) && !errors.Is(err, db.ErrNoScope) {
		return "", err
	}
	return "", nil
}
