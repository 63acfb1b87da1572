package migrations_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"openhouse.example/migrations"
	"openhouse.example/packages/pgdev/pgtest"
)

func TestOperateIsOneTransactionOfTheOwner(t *testing.T) {
	t.Parallel()
	db := world(t)
	renamed := func(give error) error {
		return migrations.Operate(t.Context(), db.AdminURL(), func(ctx context.Context, tx pgx.Tx) error {
			if who := one[string](t, tx, "select current_user::text"); who != migrations.RoleOwner {
				t.Errorf("it runs as %s", who)
			}
			if n := one[int64](t, tx, "select count(*) from tenants"); n != 2 {
				t.Errorf("it sees %d companies, want both", n)
			}
			_, err := tx.Exec(ctx, "update tenants set name = 'Renamed' where id = $1", id("a", "tenant"))
			return errors.Join(err, give)
		})
	}
	name := func() string {
		return one[string](t, connect(t, db.OwnerURL()), "select name from tenants where id = $1", id("a", "tenant"))
	}
	bang := errors.New("bang")
	if err := renamed(bang); !errors.Is(err, bang) || name() != "Company a" {
		t.Errorf("after an error: %v, the company is %s", err, name())
	}
	if err := renamed(nil); err != nil || name() != "Renamed" {
		t.Errorf("%v, the company is %s", err, name())
	}
}

func TestOperateRefusesAnotherSchema(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	never := func(context.Context, pgx.Tx) error {
		t.Error("the work was done all the same")
		return nil
	}
	for _, to := range []int64{migrations.Latest() - 1, 0} {
		if err := migrations.Down(t.Context(), db.AdminURL(), to, nil); err != nil {
			t.Fatal(err)
		}
		if err := migrations.Operate(t.Context(), db.AdminURL(), never); err == nil || !strings.Contains(err.Error(), "run migrate up") {
			t.Errorf("at version %d: %v", to, err)
		}
	}
	if err := migrations.Operate(t.Context(), db.StaffURL(), never); err == nil {
		t.Error("a portal's login may operate")
	}
}
