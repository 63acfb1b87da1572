package pgtest_test

import (
	"testing"

	"openhouse.example/packages/pgdev/pgtest"
)

func TestACloneHasTheRowsAndALifeOfItsOwn(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.Exec("insert into tenants (id, name, slug) values (gen_random_uuid(), 'Harbour Homes', 'harbour-homes')")
	clone := db.Clone(t)
	clone.Exec("update tenants set name = 'Mill Homes'")
	if n := pgtest.Value[string](db, "select name from tenants"); n != "Harbour Homes" {
		t.Errorf("the original says %q", n)
	}
	if n := pgtest.Value[string](clone, "select name from tenants"); n != "Mill Homes" {
		t.Errorf("the clone says %q", n)
	}
}
