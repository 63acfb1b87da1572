package db_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
)

// Each finding is planted on a server of the test's own, since logins and roles belong to the whole server.
func TestOpenRefusesAnUnsafeLogin(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	for name, test := range map[string]struct {
		plant []string // %l is the login
		undo  []string
		want  string
	}{
		"superuser":           {[]string{"alter role %l superuser"}, []string{"alter role %l nosuperuser"}, "superuser"},
		"bypasses RLS":        {[]string{"alter role %l bypassrls"}, []string{"alter role %l nobypassrls"}, "bypasses row-level security"},
		"creates roles":       {[]string{"alter role %l createrole"}, []string{"alter role %l nocreaterole"}, "creates roles"},
		"another role":        {[]string{"grant openhouse_resident to %l"}, []string{"revoke openhouse_resident from %l"}, "openhouse_resident"},
		"the owner's role":    {[]string{"grant openhouse_owner to %l"}, []string{"revoke openhouse_owner from %l"}, "openhouse_owner"},
		"not its role":        {[]string{"revoke openhouse_staff from %l"}, []string{"grant openhouse_staff to %l"}, "must be a member of openhouse_staff"},
		"owns a table":        {[]string{"create table owned (n int)", "alter table owned owner to %l"}, []string{"drop table owned"}, "owns owned"},
		"a grant of its own":  {[]string{"grant select on notes to %l"}, []string{"revoke select on notes from %l"}, "without a scope"},
		"a grant to everyone": {[]string{"grant select (body) on notes to public"}, []string{"revoke select (body) on notes from public"}, "without a scope"},
		"inherits":            {[]string{"alter role %l inherit"}, []string{"alter role %l noinherit"}, "NOINHERIT"},
		"RLS switched off":    {[]string{"alter table notes disable row level security"}, []string{"alter table notes enable row level security"}, "no forced row-level security"},
		"RLS not forced":      {[]string{"alter table notes no force row level security"}, []string{"alter table notes force row level security"}, "no forced row-level security"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouseOn(t, server)
			login := user(t, h.StaffURL())
			run := func(statements []string) {
				for _, sql := range statements {
					h.Exec(strings.ReplaceAll(sql, "%l", login))
				}
			}
			run(test.plant)
			defer run(test.undo)
			p, err := db.Open(t.Context(), settings(t, h.StaffURL()), db.WithRole(staff))
			if err == nil {
				_ = p.ClosePool(context.Background())
				t.Fatal("opened")
			}
			if !errors.Is(err, db.ErrUnsafe) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want ErrUnsafe that says %q", err, test.want)
			}
		})
	}
}

func user(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.User.Username()
}

func TestOpenRefusesAnOldSchemaOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Exec("create or replace function schema_version() returns bigint language sql as 'select 7::bigint'")
	h.Exec("grant execute on function schema_version() to public")
	for _, needed := range []int64{0, 6, 7} {
		open(t, settings(t, h.StaffURL()), db.WithSchemaVersion(needed))
	}
	_, err := db.Open(t.Context(), settings(t, h.StaffURL()), db.WithRole(staff), db.WithSchemaVersion(8))
	if !errors.Is(err, db.ErrUnsafe) || !strings.Contains(err.Error(), "at version 7, this program needs 8: run the migrate command") {
		t.Errorf("an old schema: %v", err)
	}
	h.Exec("drop function schema_version()")
	_, err = db.Open(t.Context(), settings(t, h.StaffURL()), db.WithRole(staff), db.WithSchemaVersion(1))
	if !errors.Is(err, db.ErrUnsafe) || !strings.Contains(err.Error(), "run the migrate command") {
		t.Errorf("no schema at all: %v", err)
	}
}

// A database that is away at start is not a reason to end: the portal reports 503 and heals by itself. What it
// would have refused at start it refuses then.
func TestOpenStartsWithoutADatabase(t *testing.T) {
	t.Parallel()
	h := newHouseOn(t, pgtest.Server(t))
	var log lockedBuffer // the probers of both pools write to it
	start := func(opts ...db.Option) *db.Pool {
		if err := h.Server().Halt(fast); err != nil {
			t.Fatal(err)
		}
		opts = append(opts, db.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		p := open(t, settings(t, h.StaffURL(), patience(shortly)), opts...)
		if got := p.HealthCheck(t.Context()); got.Healthy || got.Reason == "" {
			t.Errorf("health without a database: %+v", got)
		}
		if _, err := db.Read(t.Context(), p, scope(h.a), bodies); !errors.Is(err, db.ErrDatabaseDown) {
			t.Errorf("read without a database: %v, want ErrDatabaseDown", err)
		}
		if err := h.Server().Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := start()
	eventually(t, 3*second, "healthy", func() bool { return p.HealthCheck(t.Context()).Healthy })
	if _, err := db.Read(t.Context(), p, scope(h.a), bodies); err != nil {
		t.Error(err)
	}
	unsafe := start(db.WithSchemaVersion(1 << 40))
	eventually(t, 3*second, "a read through an unverified schema to say why", func() bool {
		_, err := db.Read(t.Context(), unsafe, scope(h.a), bodies)
		if err == nil {
			t.Error("read through an unverified schema")
		}
		return errors.Is(err, db.ErrUnsafe)
	})
	eventually(t, 3*second, "unhealthy because unsafe", func() bool { return unsafe.HealthCheck(t.Context()).Reason == "unsafe" })
	if !strings.Contains(log.String(), "database not reachable at start") {
		t.Errorf("the log does not say so: %s", log.String())
	}
}

func TestALoginWithoutLimitsOfTimeIsNamed(t *testing.T) {
	t.Parallel()
	h := newHouseOn(t, pgtest.Server(t)) // a login's settings are the server's
	named := func() bool {
		var log lockedBuffer
		open(t, settings(t, h.StaffURL()), db.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		return strings.Contains(log.String(), "missing=[statement_timeout]")
	}
	if named() {
		t.Error("a login with limits is named")
	}
	h.Exec("alter role openhouse_developer_portal reset statement_timeout")
	if !named() {
		t.Error("a login without one is not named")
	}
}

// lockedBuffer is a buffer that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
