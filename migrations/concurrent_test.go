package migrations_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"openhouse.example/migrations"
	"openhouse.example/migrations/catalogue"
	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
)

const crowd = 8

// together starts fn crowd times at the same moment and joins the errors.
func together(fn func(i int) error) error {
	var wg sync.WaitGroup
	gate := make(chan struct{})
	errs := make([]error, crowd)
	for i := range crowd {
		wg.Go(func() {
			<-gate
			if err := fn(i); err != nil {
				errs[i] = fmt.Errorf("number %d: %w", i, err)
			}
		})
	}
	close(gate)
	wg.Wait()
	return errors.Join(errs...)
}

func clean(t *testing.T, url string) {
	t.Helper()
	conn := connect(t, url)
	findings, err := catalogue.Check(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Error(f)
	}
	if v := one[int64](t, conn, "select schema_version()"); v != migrations.Latest() {
		t.Errorf("schema_version() = %d, want %d", v, migrations.Latest())
	}
}

func TestEightMigrateOneDatabase(t *testing.T) {
	t.Parallel()
	db := pgtest.NewEmpty(t)
	var mu sync.Mutex
	var lines []string
	err := together(func(int) error {
		return migrations.Up(t.Context(), db.AdminURL(), func(line string) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, line)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	applied, waited := 0, 0
	for _, line := range lines {
		if strings.HasPrefix(line, "applied ") {
			applied++
		}
		if strings.Contains(line, "waiting for it") {
			waited++
		}
	}
	if applied != int(migrations.Latest()) {
		t.Errorf("%d files applied by all together, want each of the %d once: %v", applied, migrations.Latest(), lines)
	}
	if waited == 0 {
		t.Errorf("nobody waited: %v", lines)
	}
	clean(t, db.AdminURL())
}

// On a server that has never seen the roles, eight databases are migrated and eight logins made at once.
func TestEightDatabasesAtOnceOnAFreshServer(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t, pgdev.WithSetting("max_connections", "100"))
	admin := connect(t, server.URL("postgres"))
	for i := range crowd {
		exec(t, admin, fmt.Sprintf("create database d%d template template0", i))
	}
	url := func(i int) string { return server.URL(fmt.Sprintf("d%d", i)) }
	logins := []migrations.Login{
		{Name: "openhouse_developer_portal", Password: "one", Role: migrations.RoleStaff},
		{Name: "openhouse_tenant_portal", Password: "two", Role: migrations.RoleResident},
	}
	err := together(func(i int) error {
		if err := migrations.Up(t.Context(), url(i), nil); err != nil {
			return err
		}
		conn, err := pgx.Connect(t.Context(), url(i))
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(context.Background()) }()
		for _, login := range logins { // the same two from all eight
			if err := migrations.EnsureLogin(t.Context(), conn, login); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range crowd {
		clean(t, url(i))
		for _, login := range logins {
			conn := connect(t, as(t, url(i), login.Name, login.Password))
			if v := one[int64](t, conn, "select schema_version()"); v != migrations.Latest() {
				t.Errorf("%s on d%d: schema_version() = %d", login.Name, i, v)
			}
		}
	}
}

// The same login mended over and over from eight connections: Postgres refuses a tuple that somebody else just changed.
func TestOneLoginIsEnsuredByManyAtOnce(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	conns := make([]*pgx.Conn, crowd)
	for i := range conns {
		conns[i] = connect(t, server.URL("postgres"))
	}
	login := migrations.Login{Name: "busy_portal", Password: "same for all", Role: migrations.RoleWorker}
	err := together(func(i int) error {
		for range 10 {
			if err := migrations.EnsureLogin(t.Context(), conns[i], login); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, as(t, server.URL("postgres"), login.Name, login.Password))
	if got := one[string](t, conn, "select current_setting('lock_timeout')"); got != "3s" {
		t.Errorf("lock_timeout = %s, want 3s", got)
	}
}

// The lock ends with its holder's connection, also when that holder is cut off.
func TestAMigrationThatIsCutOffLetsTheNextOneIn(t *testing.T) {
	t.Parallel()
	db := pgtest.NewEmpty(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := migrations.Up(ctx, db.AdminURL(), func(string) { cancel() }) // after the first file
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the cut-off one: %v, want context.Canceled", err)
	}
	if err := migrations.Up(t.Context(), db.AdminURL(), nil); err != nil {
		t.Fatalf("the next one: %v", err)
	}
	clean(t, db.AdminURL())
}
