package pgtest_test

import (
	"context"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"openhouse.example/migrations"
	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
)

func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "unwrapped":
		os.Exit(m.Run())
	case "wait":
		pgtest.Main(waiting{m})
	default:
		goleak.VerifyTestMain(pgtest.Wrap(m))
	}
}

func connect(t testing.TB, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func ask(t testing.TB, address, sql string, args ...any) string {
	t.Helper()
	var answer string
	if err := connect(t, address).QueryRow(t.Context(), sql, args...).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

func TestNewIsMigratedAndEmpty(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	t.Log("data:", ask(t, db.AdminURL(), "show data_directory")) // other tests read this
	status, err := migrations.Status(t.Context(), db.AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range status {
		if !m.Applied {
			t.Errorf("migration %d is not applied", m.Version)
		}
	}
	if len(status) == 0 {
		t.Error("no migrations known")
	}
	if got := ask(t, db.AdminURL(), "select count(*)::text from tenants"); got != "0" {
		t.Errorf("tenants = %s", got)
	}
}

func TestNewEmptyHasNoTables(t *testing.T) {
	t.Parallel()
	db := pgtest.NewEmpty(t)
	const tables = "select count(*)::text from pg_class where relnamespace = 'public'::regnamespace"
	if got := ask(t, db.AdminURL(), tables); got != "0" {
		t.Errorf("objects in public: %s", got)
	}
	if err := migrations.Up(t.Context(), db.AdminURL(), nil); err != nil {
		t.Errorf("an empty database cannot be migrated: %v", err)
	}
}

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	one, two := pgtest.New(t), pgtest.New(t)
	one.Exec("create table only_here (n int)")
	one.Exec("insert into only_here values ($1)", 7)
	if got := ask(t, two.AdminURL(), "select (to_regclass('only_here') is null)::text"); got != "true" {
		t.Error("a table made in one test's database is in the other's")
	}
	if got := ask(t, one.AdminURL(), "select n::text from only_here"); got != "7" {
		t.Errorf("n = %s", got)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	const who = `select session_user || ' as ' || current_user || case when
		(select rolsuper or rolbypassrls from pg_roles where rolname = current_user) then ', above the policies' else '' end`
	for name, c := range map[string]struct{ address, want string }{
		"admin":    {db.AdminURL(), "postgres as postgres, above the policies"},
		"owner":    {db.OwnerURL(), "postgres as openhouse_owner"},
		"staff":    {db.StaffURL(), "openhouse_developer_portal as openhouse_developer_portal"},
		"resident": {db.ResidentURL(), "openhouse_tenant_portal as openhouse_tenant_portal"},
		"worker":   {db.WorkerURL(), "openhouse_worker_login as openhouse_worker_login"},
	} {
		conn := connect(t, c.address)
		var got, database string
		if err := conn.QueryRow(t.Context(), who).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if err := conn.QueryRow(t.Context(), "select current_database()").Scan(&database); err != nil {
			t.Fatal(err)
		}
		if got != c.want || database != db.Name {
			t.Errorf("%s: %s on %s, want %s on %s", name, got, database, c.want, db.Name)
		}
	}
	if ask(t, db.StaffURL(), "select pg_has_role('openhouse_staff', 'member')::text || pg_has_role('openhouse_resident', 'member')::text") != "truefalse" {
		t.Error("the staff login is not a member of exactly the staff role")
	}
}

func TestDatabaseGoesWithItsTest(t *testing.T) {
	t.Parallel()
	watcher := pgtest.NewEmpty(t)
	var name string
	outer := t
	t.Run("inner", func(t *testing.T) {
		db := pgtest.New(t)
		name = db.Name
		// A connection that a test forgets must not keep the database.
		forgotten, err := pgx.Connect(context.Background(), db.StaffURL())
		if err != nil {
			t.Fatal(err)
		}
		outer.Cleanup(func() { _ = forgotten.Close(context.Background()) })
	})
	if got := ask(t, watcher.AdminURL(), "select count(*)::text from pg_database where datname = $1", name); got != "0" {
		t.Errorf("%s is still there", name)
	}
}

func TestFiftyAtOnce(t *testing.T) {
	t.Parallel()
	const many = 50
	var wg sync.WaitGroup
	var mu sync.Mutex
	names := map[string]bool{}
	t.Run("clones", func(t *testing.T) {
		for range many {
			wg.Go(func() {
				db := pgtest.New(t)
				db.Exec("create table mine (n int)") // fails if two share a database
				mu.Lock()
				defer mu.Unlock()
				names[db.Name] = true
			})
		}
		wg.Wait()
	})
	if len(names) != many {
		t.Fatalf("%d databases, want %d", len(names), many)
	}
	watcher := pgtest.NewEmpty(t)
	var list []string
	for name := range names {
		list = append(list, name)
	}
	if got := ask(t, watcher.AdminURL(), "select count(*)::text from pg_database where datname = any($1)", list); got != "0" {
		t.Errorf("%s of them are still there", got)
	}
}

func TestNewOnPrivateServer(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	db := pgtest.NewOn(t, server)
	db.Exec("create table kept as select 1 as n")
	if db.Server() != server {
		t.Error("Server is not the private one")
	}
	if err := server.Restart(t.Context(), pgdev.Immediate); err != nil {
		t.Fatal(err)
	}
	db.Exec("insert into kept values (2)") // on a new connection
	if got := ask(t, db.AdminURL(), "select count(*)::text from kept"); got != "2" {
		t.Errorf("rows = %s", got)
	}
	if got := ask(t, db.ResidentURL(), "select session_user::text"); got != "openhouse_tenant_portal" {
		t.Errorf("resident login is %s", got)
	}
}

func TestSharedDatabaseHasNoServerToHalt(t *testing.T) {
	t.Parallel()
	if server := pgtest.New(t).Server(); server != nil {
		t.Errorf("Server() = %v", server)
	}
}
