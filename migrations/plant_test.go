package migrations_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"openhouse.example/migrations"
	"openhouse.example/packages/pgdev/pgtest"
)

func plantCompany(t *testing.T, db *pgtest.DB, token string) migrations.Planted {
	t.Helper()
	p := migrations.Planted{Token: token, PasswordHash: "not a real hash", LinkHash: make([]byte, 32)}
	copy(p.LinkHash, token)
	if err := migrations.Operate(t.Context(), db.AdminURL(), func(ctx context.Context, tx pgx.Tx) error { return migrations.Plant(ctx, tx, p) }); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhatIsPlantedIsSweptAndNothingElse(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.AdminURL())
	everything := func() string {
		return one[string](t, conn, `
			select string_agg(c.relname || md5(query_to_xml('select * from ' || c.oid::regclass || ' x order by x::text', true, true, '')::text), ' ' order by c.relname)
			from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'`)
	}
	before := everything()
	a := plantCompany(t, db, "planted-a")
	plantCompany(t, db, "planted-b")
	planted := func() int64 {
		return one[int64](t, conn, "select count(*) from tenants where planted_until is not null")
	}
	for _, table := range column[string](t, conn, companyTables) {
		if table == "tenants" {
			continue
		}
		if n := one[int64](t, conn, "select count(*) from "+table+" where tenant_id = $1::text::uuid", a.ID("tenant")); n == 0 {
			t.Errorf("%s has no row of the planted company", table)
		}
	}

	// The worker sweeps those whose time is over, no other.
	worker := connect(t, db.WorkerURL())
	sweep := func() (n int64) {
		inside(t, worker, workerOf("a"), func(tx pgx.Tx) {
			n = one[int64](t, tx, "select planted_sweep()")
			if err := tx.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
		return n
	}
	if n := sweep(); n != 0 || planted() != 2 {
		t.Errorf("%d were swept while they live", n)
	}
	exec(t, conn, "update tenants set created_at = created_at - interval '11 minutes', planted_until = planted_until - interval '11 minutes' where id = $1::text::uuid", a.ID("tenant"))
	if n := sweep(); n != 1 || planted() != 1 {
		t.Errorf("%d were swept, want the one whose time is over", n)
	}

	// The self-check sweeps all: it holds the lock, so nobody uses them.
	var swept int64
	if err := migrations.Operate(t.Context(), db.AdminURL(), func(ctx context.Context, tx pgx.Tx) (err error) {
		swept, err = migrations.SweepPlanted(ctx, tx)
		return err
	}); err != nil || swept != 1 {
		t.Errorf("%d swept, %v", swept, err)
	}
	if after := everything(); after != before {
		t.Errorf("it left something, or took something else:\n%s\n%s", before, after)
	}
}

func TestACompanyIsNotPlantedByMistake(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.AdminURL())
	for _, sql := range []string{
		"update tenants set planted_until = now()",
		"update tenants set planted_until = now() + interval '1 day', slug = 'selfcheck-' || slug",
	} {
		if _, err := conn.Exec(t.Context(), sql); code(err) != "23514" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	for login, s := range map[string]scope{db.StaffURL(): staffOf("a", "admin"), db.WorkerURL(): workerOf("a")} {
		inside(t, connect(t, login), s, func(tx pgx.Tx) {
			if _, err := tx.Exec(t.Context(), "update tenants set planted_until = created_at"); code(err) != "42501" {
				t.Errorf("%s may plant: %v", s.role, err)
			}
		})
	}
}

func TestNothingIsDoneForAPlantedCompany(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.AdminURL())
	planted := plantCompany(t, db, "planted")
	worker := connect(t, db.WorkerURL())
	for what, sql := range map[string]string{
		"mail": "select tenant_id::text from mail_claim('1 minute')",
		"job":  "select tenant_id::text from job_claim(array['send_mail'], '1 minute')",
	} {
		exec(t, conn, "update mail_outbox set next_at = now() - interval '1 hour'")
		claimed := map[string]int{}
		for range 4 {
			for _, company := range column[string](t, worker, sql) {
				claimed[company]++
			}
		}
		if claimed[planted.ID("tenant")] > 0 || len(claimed) != 2 {
			t.Errorf("%s is claimed of %v, want that of the two companies only", what, claimed)
		}
	}
}

func TestOneSelfCheckPlantsAtATime(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	hold := func(then func()) (free bool) {
		err := migrations.Operate(t.Context(), db.AdminURL(), func(ctx context.Context, tx pgx.Tx) (err error) {
			free, err = migrations.HoldPlanting(ctx, tx)
			then()
			return err
		})
		if err != nil {
			t.Error(err)
		}
		return free
	}
	if !hold(func() {
		if hold(func() {}) {
			t.Error("two at once may plant")
		}
	}) {
		t.Error("the first may not plant")
	}
	if !hold(func() {}) {
		t.Error("the right wasn't given back")
	}
}
