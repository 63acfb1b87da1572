package migrations_test

import (
	"context"
	"crypto/md5" //nolint:gosec // names for fixtures, no secret
	"errors"
	"os"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"openhouse.example/packages/pgdev/pgtest"
)

// id is the id that testdata/company.sql gives to a thing of a company.
func id(company, name string) uuid.UUID {
	return uuid.UUID(md5.Sum([]byte(company + ":" + name))) //nolint:gosec // as above
}

// world fills a database with two companies, a and b, that have rows in every table.
func world(t *testing.T) *pgtest.DB {
	t.Helper()
	db := pgtest.New(t)
	fill(t, db.OwnerURL())
	return db
}

func fill(t *testing.T, ownerURL string) {
	t.Helper()
	script, err := os.ReadFile("testdata/company.sql")
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, ownerURL)
	for _, company := range []string{"a", "b"} {
		exec(t, conn, "select set_config('test.company', $1, false)", company)
		if _, err := conn.PgConn().Exec(t.Context(), string(script)).ReadAll(); err != nil {
			t.Fatalf("fill company %s: %v", company, err)
		}
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string, args ...any) pgconn.CommandTag {
	t.Helper()
	tag, err := conn.Exec(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return tag
}

// scope is what a portal sets before its first statement.
type scope struct {
	role     string
	settings map[string]string
}

func staffOf(company, name string) scope {
	return scope{"openhouse_staff", map[string]string{"app.tenant_id": id(company, "tenant").String(), "app.staff_id": id(company, name).String()}}
}

func residentOf(company, name, unit string) scope {
	return scope{"openhouse_resident", map[string]string{
		"app.tenant_id": id(company, "tenant").String(), "app.resident_id": id(company, name).String(), "app.unit_id": id(company, unit).String(),
	}}
}

func workerOf(company string) scope {
	return scope{"openhouse_worker", map[string]string{"app.tenant_id": id(company, "tenant").String()}}
}

// inside runs fn in a transaction with the scope set, and rolls it back.
func inside(t *testing.T, conn *pgx.Conn, s scope, fn func(tx pgx.Tx)) {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), "select set_config('role', $1, true)", s.role); err != nil {
		t.Fatal(err)
	}
	for name, value := range s.settings {
		if _, err := tx.Exec(t.Context(), "select set_config($1, $2, true)", name, value); err != nil {
			t.Fatal(err)
		}
	}
	fn(tx)
}

// column collects the first column of a query's rows.
func column[T any](t *testing.T, q interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}, sql string, args ...any,
) []T {
	t.Helper()
	rows, err := q.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var list []T // nil where there is no row
	list, err = pgx.AppendRows(list, rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return list
}

// one reads a single value.
func one[T any](t *testing.T, q interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}, sql string, args ...any,
) T {
	t.Helper()
	list := column[T](t, q, sql, args...)
	if len(list) != 1 {
		t.Fatalf("%s: %d rows, want 1", sql, len(list))
	}
	return list[0]
}

// code is an error's SQLSTATE, or "" for none.
func code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}
