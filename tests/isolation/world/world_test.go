package world_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/isolation/world"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestTheCompaniesLookAlike(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	w, err := world.Fill(t.Context(), db.AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]map[string]int{}
	for _, r := range w.Rows {
		if count[r.Table.Name] == nil {
			count[r.Table.Name] = map[string]int{}
		}
		count[r.Table.Name][r.Company.String()]++
	}
	a, b := world.ID("a", "tenant").String(), world.ID("b", "tenant").String()
	for table, of := range count {
		if of[a] == 0 || of[a] != of[b] {
			t.Errorf("%s has %d rows of a and %d of b", table, of[a], of[b])
		}
	}
	// Whatever the rules of a column let through carries a canary; most text does.
	with, without := 0, 0
	for _, table := range w.Sorted() {
		for _, c := range table.Columns {
			if c.Type != "text" || c.Generated {
				continue
			}
			n := pgtest.Value[int](db, "select count(*) from "+table.Name+" where "+pgx.Identifier{c.Name}.Sanitize()+" ~ 'zq[ab][0-9a-f]{12}qz'")
			if n > 0 {
				with++
			} else {
				without++
				t.Logf("%s.%s carries no canary", table.Name, c.Name)
			}
		}
	}
	if with < 60 || with < without {
		t.Errorf("%d columns of text carry canaries, %d do not", with, without)
	}
	for canary, rows := range w.ByCanary {
		for _, r := range rows {
			if letter := world.Canary.FindStringSubmatch(canary)[1]; r.Company != world.ID(letter, "tenant") {
				t.Errorf("%s stands in %s", canary, r)
			}
		}
	}
	if home := world.ID("a", "home-1"); len(w.Rows) < 200 || home == world.ID("b", "home-1") {
		t.Errorf("%d rows", len(w.Rows))
	}
}

func TestAnEmptyTableIsNamed(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.Exec("create table novelties (tenant_id uuid not null, id uuid not null, body text, primary key (tenant_id, id))")
	_, err := world.Fill(context.Background(), db.AdminURL())
	if err == nil || err.Error() != "world: no row in novelties: add one to migrations/testdata/company.sql, so that isolation is proved there as well" {
		t.Errorf("a table without rows: %v", err)
	}
}
