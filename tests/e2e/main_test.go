// Package e2e drives the real binaries over HTTP, as browsers, programs, balancers and operators do, and compares
// what they say with the files that went in. It imports nothing of the portals.
package e2e

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

func TestMain(m *testing.M) { stack.Main(m) }

// start runs both portals on a database of the test's own.
func start(t *testing.T, env ...string) *stack.Stack {
	t.Helper()
	return stack.Start(t, pgtest.New(t), stack.Options{Env: env})
}

// signIn brings a member of staff in through the form.
func signIn(t testing.TB, s *stack.Stack, email string) *visit.Visitor {
	t.Helper()
	v := visit.New(t, s.Developer.URL)
	v.Form(v.Get("/sign-in").Want(200), "/sign-in").Set("email", email).Set("password", stack.Password).Send().Want(200)
	if v.Cookie("oh_staff") == "" {
		t.Fatalf("signing in as %s gave no session cookie", email)
	}
	return v
}

// program is a script of the company's administrator.
func program(t testing.TB, s *stack.Stack, c stack.Company) *visit.Visitor {
	t.Helper()
	v := visit.New(t, s.Developer.URL)
	v.Token = s.Token(t, c)
	return v
}

// lookUp reads one value as the database's administrator, past every policy.
func lookUp[T any](t testing.TB, db *pgtest.DB, sql string, args ...any) T {
	t.Helper()
	conn := connect(t, db)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	var v T
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%v\nin %s", err, sql)
	}
	return v
}

// connect opens an administrator's connection, which the caller closes.
func connect(t testing.TB, db *pgtest.DB) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}
