package db_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
)

func column(ctx context.Context, q db.Querier, sql string, args ...any) ([]string, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func TestReadSeesOneCompanyOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL(), size(1)))
	for _, tenant := range []uuid.UUID{h.a, h.b, h.a} {
		got, err := db.Read(t.Context(), p, scope(tenant), bodies)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 3 || !strings.Contains(got[0], tenant.String()) {
			t.Errorf("as %s read %q", tenant, got)
		}
	}
}

func TestEachStatementOfAReadCarriesTheScope(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL(), size(1)))
	_, err := db.Read(t.Context(), p, scope(h.a), func(ctx context.Context, q db.Querier) (struct{}, error) {
		for range 3 {
			var role, tenant, readOnly string
			err := q.QueryRow(ctx, "select current_user::text, current_setting('app.tenant_id'), current_setting('transaction_read_only')").Scan(&role, &tenant, &readOnly)
			if err != nil {
				return struct{}{}, err
			}
			if role != staff || tenant != h.a.String() || readOnly != "on" {
				t.Errorf("role %s, tenant %s, read-only %s", role, tenant, readOnly)
			}
		}
		b := &pgx.Batch{}
		b.Queue("select count(*) from notes")
		b.Queue("select current_user::text")
		br := q.SendBatch(ctx, b)
		var n int
		var role string
		err := errors.Join(br.QueryRow().Scan(&n), br.QueryRow().Scan(&role), br.Close())
		if err == nil && (n != 3 || role != staff) {
			t.Errorf("batch: %d notes as %s", n, role)
		}
		return struct{}{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNothingWorksOutsideAScope(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL(), size(1)))

	_, err := db.Door(t.Context(), p, bodies)
	if !errors.Is(err, db.ErrForbidden) {
		t.Errorf("a table through a door: %v, want ErrForbidden", err)
	}
	for name, s := range map[string]db.Scope{
		"no role":       {TenantID: h.a},
		"no company":    {Role: staff},
		"foreign name":  {Role: staff, TenantID: h.a, Settings: []db.Setting{{Name: "role", Value: "postgres"}}},
		"too many":      {Role: staff, TenantID: h.a, Settings: make([]db.Setting, 20)},
		"not its role":  {Role: "openhouse_resident", TenantID: h.a},
		"no such role":  {Role: "nobody_at_all", TenantID: h.a},
		"the superuser": {Role: "postgres", TenantID: h.a},
	} {
		if _, err := db.Read(t.Context(), p, s, bodies); err == nil {
			t.Errorf("%s: read", name)
		}
		if err := p.WithClient(t.Context(), s, func(context.Context, *db.Client) error { return nil }); err == nil {
			t.Errorf("%s: lent a client", name)
		}
	}
}

// The role may be right and the setting missing: policies must say so loudly, on a connection that never had the
// setting (42704) and on one that had (22P02).
func TestAMissingSettingIsAnError(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL(), size(1)))
	withoutTenant := func(ctx context.Context, c *db.Client) error {
		if _, err := c.Exec(ctx, "reset app.tenant_id"); err != nil {
			return err
		}
		_, err := bodies(ctx, c)
		return err
	}
	if err := p.WithClient(t.Context(), scope(h.a), withoutTenant); !errors.Is(err, db.ErrNoScope) {
		t.Errorf("reused connection: %v, want ErrNoScope", err)
	}
	fresh := open(t, settings(t, h.StaffURL(), size(1)))
	_, err := db.Door(t.Context(), fresh, func(ctx context.Context, q db.Querier) (struct{}, error) {
		if _, err := q.Exec(ctx, "set role openhouse_staff"); err != nil {
			return struct{}{}, err
		}
		_, err := bodies(ctx, q)
		return struct{}{}, err
	})
	if !errors.Is(err, db.ErrNoScope) {
		t.Errorf("fresh connection: %v, want ErrNoScope", err)
	}
}

func TestAReadCannotWrite(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL()))
	calls := 0
	_, err := db.Read(t.Context(), p, scope(h.a), func(ctx context.Context, q db.Querier) (int64, error) {
		calls++
		tag, err := q.Exec(ctx, "delete from notes")
		return tag.RowsAffected(), err
	})
	if !errors.Is(err, db.ErrReadOnly) || calls != 1 {
		t.Errorf("%v after %d calls, want ErrReadOnly after 1: in a read it is a bug, not a demoted primary", err, calls)
	}
}

func TestGuardEndsAScope(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL()))
	s := scope(h.a)
	for _, test := range []struct {
		sql  string
		want error
	}{
		{"select true", nil},
		{"select false", db.ErrScopeRefused},
		{"select exists (select from notes where tenant_id = $1)", nil},
	} {
		s.Guard = &db.Guard{SQL: test.sql}
		if strings.Contains(test.sql, "$1") {
			s.Guard.Args = []any{h.a}
		}
		_, readErr := db.Read(t.Context(), p, s, bodies)
		_, writeErr := db.Write(t.Context(), p, s, db.Intent{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
			tag, err := tx.Exec(ctx, "update notes set body = body || '!'")
			return tag.RowsAffected(), err
		})
		clientErr := p.WithClient(t.Context(), s, func(ctx context.Context, c *db.Client) error { return nil })
		for op, err := range map[string]error{"read": readErr, "write": writeErr, "client": clientErr} {
			if !errors.Is(err, test.want) {
				t.Errorf("%s with guard %q: %v, want %v", op, test.sql, err, test.want)
			}
		}
	}
	if n := h.Count("select count(*) from notes where body like '%!!!'"); n != 0 {
		t.Errorf("%d rows changed by a write whose guard refused", n)
	}
}

// Two companies share one connection, with panics and abandoned requests between: nobody sees the other's rows.
func TestNoScopeOutlivesItsTransaction(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL(), size(2)))
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			tenant := h.a
			if worker%2 == 1 {
				tenant = h.b
			}
			for i := range 60 {
				func() {
					defer func() { _ = recover() }()
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					got, err := db.Read(ctx, p, scope(tenant), func(ctx context.Context, q db.Querier) ([]string, error) {
						switch i % 10 {
						case 3:
							panic("a handler that breaks")
						case 7:
							cancel()
						}
						return bodies(ctx, q)
					})
					for _, body := range got {
						if !strings.Contains(body, tenant.String()) {
							t.Errorf("as %s saw %q", tenant, body)
						}
					}
					if err == nil && len(got) != 3 {
						t.Errorf("as %s saw %d notes", tenant, len(got))
					}
				}()
			}
		})
	}
	wg.Wait()
}

// The login's limits of time are not the role's: a switch of role must not lose them.
func TestTheServersLimitsHoldInsideAScope(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := open(t, settings(t, h.StaffURL()))
	const sql = "select current_user || ' ' || current_setting('statement_timeout') || ' ' || current_setting('lock_timeout') || ' ' || current_setting('idle_in_transaction_session_timeout')"
	const want = staff + " 10s 3s 15s"
	ask := func(ctx context.Context, q db.Querier) (limits string, err error) {
		err = q.QueryRow(ctx, sql).Scan(&limits)
		return limits, err
	}
	read, err := db.Read(t.Context(), p, scope(h.a), ask)
	if err != nil || read != want {
		t.Errorf("in a Read: %q, %v, want %q", read, err, want)
	}
	written, err := db.Write(t.Context(), p, scope(h.a), db.Intent{}, func(ctx context.Context, tx *db.Tx) (string, error) { return ask(ctx, tx) })
	if err != nil || written != want {
		t.Errorf("in a Write: %q, %v, want %q", written, err, want)
	}
	err = p.WithClient(t.Context(), scope(h.a), func(ctx context.Context, c *db.Client) error {
		lent, err := ask(ctx, c)
		if lent != want {
			t.Errorf("in WithClient: %q, want %q", lent, want)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
