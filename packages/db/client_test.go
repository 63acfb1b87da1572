package db_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/db"
)

// dirt is what a callback can leave behind on a session.
var dirt = map[string]func(ctx context.Context, c *db.Client) error{
	"setting": func(ctx context.Context, c *db.Client) error {
		_, err := c.Exec(ctx, "set app.tenant_id = '00000000-0000-0000-0000-000000000000'")
		return err
	},
	"search path": func(ctx context.Context, c *db.Client) error {
		_, err := c.Exec(ctx, "set search_path = pg_catalog")
		return err
	},
	"role": func(ctx context.Context, c *db.Client) error { _, err := c.Exec(ctx, "reset role"); return err },
	"temporary table": func(ctx context.Context, c *db.Client) error {
		_, err := c.Exec(ctx, "create temporary table leftover (n int)")
		return err
	},
	"listen": func(ctx context.Context, c *db.Client) error { _, err := c.Exec(ctx, "listen gossip"); return err },
	"advisory lock": func(ctx context.Context, c *db.Client) error {
		_, err := c.Exec(ctx, "select pg_advisory_lock(42)")
		return err
	},
	"open transaction": func(ctx context.Context, c *db.Client) error {
		tx, err := c.Begin(ctx)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "update notes set body = body || ' dirty'")
		return err
	},
	"broken transaction": func(ctx context.Context, c *db.Client) error {
		if _, err := c.Begin(ctx); err != nil {
			return err
		}
		_, _ = c.Exec(ctx, "select 1/0")
		return nil
	},
	"prepared statement": func(ctx context.Context, c *db.Client) error {
		_, err := c.Exec(ctx, "prepare leftover as select 1")
		return err
	},
	"unread rows": func(ctx context.Context, c *db.Client) error {
		_, err := c.Query(ctx, "select generate_series(1, 1000)")
		return err
	},
	"panic":  func(context.Context, *db.Client) error { panic("dirty") },
	"goexit": func(context.Context, *db.Client) error { runtime.Goexit(); return nil },
}

const spotless = `select concat_ws(', ',
  case when current_user <> session_user then 'role ' || current_user end,
  case when coalesce(current_setting('app.tenant_id', true), '') <> '' then 'tenant' end,
  case when current_setting('search_path') <> '"$user", public' then 'search_path' end,
  (select string_agg('listens on ' || c, ' ') from pg_listening_channels() c),
  (select string_agg('has locked ' || objid, ' ') from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()),
  case when exists (select from pg_class where relname = 'leftover' and relpersistence = 't') then 'temporary table' end,
  case when exists (select from pg_prepared_statements where name = 'leftover') then 'statement' end)`

func TestWithClientLeavesASpotlessSession(t *testing.T) {
	t.Parallel()
	t.Run("direct", func(t *testing.T) { t.Parallel(); spotlessAfter(t, db.PoolerNone, 1000) })
	// Behind a transaction-mode pooler a server connection goes from one client to the next as it is. Here the next
	// client has the same one, as a pooler with a pool of one would give.
	t.Run("transaction pooler", func(t *testing.T) { t.Parallel(); spotlessAfter(t, db.PoolerTransaction, 240) })
}

func spotlessAfter(t *testing.T, mode db.PoolerMode, n int) {
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL(), size(1), func(c *db.Config) { c.PoolerMode = mode }))
	names := make([]string, 0, len(dirt))
	for name := range dirt {
		names = append(names, name)
	}
	for i := range n {
		name := names[i%len(names)]
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { _ = recover() }()
			err := p.WithClient(t.Context(), scope(h.a), dirt[name])
			if hidden := mode == db.PoolerTransaction && (name == "broken transaction" || name == "unread rows"); (err != nil) != hidden {
				t.Errorf("%s: %v", name, err)
			}
		}()
		<-done
		left, err := db.Door(t.Context(), p, func(ctx context.Context, q db.Querier) (string, error) {
			var s string
			err := q.QueryRow(ctx, spotless).Scan(&s)
			return s, err
		})
		if err != nil || left != "" {
			t.Fatalf("after %q (round %d): %q, %v", name, i, left, err)
		}
	}
	if n := h.Count("select count(*) from notes where body like '%dirty%'"); n != 0 {
		t.Errorf("%d rows of an open transaction were committed", n)
	}
	if s := p.GetPoolStats(); s.TotalCount != 1 || s.IdleCount != 1 {
		t.Errorf("pool after all: %+v", s)
	}
}

func TestWithClientRunsTransactionsOfItsOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, mode := range []db.PoolerMode{db.PoolerNone, db.PoolerTransaction} {
		p := open(t, settings(t, h.StaffURL(), func(c *db.Config) { c.PoolerMode = mode }))
		err := p.WithClient(t.Context(), scope(h.a), func(ctx context.Context, c *db.Client) error {
			for _, keep := range []bool{true, false} {
				tx, err := c.Begin(ctx)
				if err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, "insert into notes values ($1, gen_random_uuid(), $2)", h.a, fmt.Sprintf("%s kept %v", mode, keep)); err != nil {
					return err
				}
				if keep {
					err = tx.Commit(ctx)
				} else {
					err = tx.Rollback(ctx)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(mode, err)
		}
		if n := h.Count("select count(*) from notes where body like $1", string(mode)+" kept%"); n != 1 {
			t.Errorf("%s: %d rows, want the committed one", mode, n)
		}
	}
}

func TestWithClientBehindATransactionPoolerIsOneTransaction(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL(), size(1), func(c *db.Config) { c.PoolerMode = db.PoolerTransaction }))
	mine := errors.New("changed my mind")
	err := p.WithClient(t.Context(), scope(h.a), func(ctx context.Context, c *db.Client) error {
		if _, err := c.Exec(ctx, "delete from notes"); err != nil {
			return err
		}
		if _, err := c.WaitForNotification(ctx); err == nil || !strings.Contains(err.Error(), "DB_POOLER_MODE") {
			t.Errorf("LISTEN behind a transaction pooler: %v", err)
		}
		return mine
	})
	if !errors.Is(err, mine) {
		t.Fatal(err)
	}
	if n := h.Count("select count(*) from notes"); n != 6 {
		t.Errorf("%d notes left, want 6: the transaction was not undone", n)
	}
	left, err := db.Door(t.Context(), p, func(ctx context.Context, q db.Querier) (string, error) {
		var s string
		return s, q.QueryRow(ctx, spotless).Scan(&s)
	})
	if err != nil || left != "" {
		t.Errorf("the scope outlived its transaction: %q %v", left, err)
	}
}

func TestWithClientIsNeverRunAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL()))
	calls := 0
	err := p.WithClient(t.Context(), scope(h.a), func(ctx context.Context, c *db.Client) error {
		calls++
		h.Count(killOne, h.Name, 1000)
		_, err := c.Exec(ctx, "select 1")
		return err
	})
	if err == nil || calls != 1 {
		t.Errorf("%v after %d calls, want an error after one", err, calls)
	}
}

func TestRowsHideTheConnection(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL()))
	look := func(ctx context.Context, q db.Querier) error {
		for range 2 { // the first statement carries the scope, the second goes alone
			rows, err := q.Query(ctx, "select body from notes")
			if err != nil {
				return err
			}
			if rows.Conn() != nil {
				t.Error("rows give the driver's connection away")
			}
			rows.Close()
		}
		return nil
	}
	_, readErr := db.Read(t.Context(), p, scope(h.a), func(ctx context.Context, q db.Querier) (int, error) { return 0, look(ctx, q) })
	_, writeErr := db.Write(t.Context(), p, scope(h.a), db.Intent{}, func(ctx context.Context, tx *db.Tx) (int, error) { return 0, look(ctx, tx) })
	clientErr := p.WithClient(t.Context(), scope(h.a), func(ctx context.Context, c *db.Client) error { return look(ctx, c) })
	if err := errors.Join(readErr, writeErr, clientErr); err != nil {
		t.Error(err)
	}
}

func TestWithClientHearsNotifications(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL()))
	err := p.WithClient(t.Context(), scope(h.a), func(ctx context.Context, c *db.Client) error {
		if _, err := c.Exec(ctx, "listen gossip"); err != nil {
			return err
		}
		h.Exec("select pg_notify('gossip', 'kettle is on')")
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		n, err := c.WaitForNotification(ctx)
		if err == nil && n.Payload != "kettle is on" {
			t.Errorf("heard %q", n.Payload)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
