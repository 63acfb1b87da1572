package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/migrations"
	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/startup"
	"openhouse.example/packages/web/webtest"
)

func newKey(t testing.TB) string {
	t.Helper()
	_, text, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"help"}, 0, "migrate down N"},
		{[]string{"serv"}, startup.ExitUsage, `there is no command "serv"`},
		{[]string{"migrate"}, startup.ExitUsage, "say up, down"},
		{[]string{"migrate", "down"}, startup.ExitUsage, "say up, down"},
		{[]string{"migrate", "down", "0"}, startup.ExitUsage, "say up, down"},
		{[]string{"migrate", "sideways"}, startup.ExitUsage, "say up, down"},
	} {
		var out bytes.Buffer
		if code := program().Execute(tc.args, &out, &out); code != tc.code || !strings.Contains(out.String(), tc.says) {
			t.Errorf("%v: code %d, %s", tc.args, code, out.String())
		}
	}
}

// migrateIn runs a migrate command under an environment of its own.
func migrateIn(vars map[string]string, args ...string) (code int, said string) {
	var out bytes.Buffer
	lookup, environ := webtest.Environment(vars)
	code = migrate(args, lookup, environ, &out, &out)
	return code, out.String()
}

func TestMigrateUpDownAndStatus(t *testing.T) {
	t.Parallel()
	database := pgtest.NewOn(t, pgtest.Server(t)) // logins belong to a whole server
	at := func(login string) string {
		u, err := url.Parse(database.AdminURL())
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword(login, "hush-hush")
		return u.String()
	}
	vars := map[string]string{
		"DATABASE_MIGRATE_URL": database.AdminURL(), "DEVELOPER_DATABASE_URL": at("staff_login"),
		"TENANT_DATABASE_URL": at("home_login"), "WORKER_DATABASE_URL": at("work_login"),
	}
	step := func(want string, args ...string) string {
		t.Helper()
		code, said := migrateIn(vars, args...)
		if code != 0 || !strings.Contains(said, want) || strings.Contains(said, "hush") {
			t.Fatalf("migrate %v: code %d, want %q\n%s", args, code, want, said)
		}
		return said
	}
	latest := fmt.Sprintf("the schema is at version %d", migrations.Latest())
	step(fmt.Sprintf("version %d", migrations.Latest()-2), "down", "2")
	if said := step("pending", "status"); strings.Count(said, "pending") != 2 {
		t.Errorf("status after taking two back:\n%s", said)
	}
	step(latest, "up")
	step("login staff_login is a member of openhouse_staff", "up") // twice is as good as once

	ctx := context.Background()
	pool, err := db.Open(ctx, settings(t, map[string]string{"DATABASE_URL": at("staff_login")}).DB, db.WithRole(store.Role), db.WithSchemaVersion(migrations.Latest()), db.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatalf("the login that was made is not safe to serve with: %v", err)
	}
	if _, err := store.New(pool).Accounts(ctx, "nobody@example.org"); err != nil {
		t.Errorf("it can't ask the door of sign-in: %v", err)
	}
	if err := pool.ClosePool(ctx); err != nil {
		t.Error(err)
	}
	step("the schema is at version 0", "down", "1000")
	step(latest, "up")
}

func TestMigrateRefuses(t *testing.T) {
	t.Parallel()
	admin := "postgres://postgres:hush@localhost/openhouse"
	for name, tc := range map[string]struct {
		vars map[string]string
		says []string
	}{
		"no address":             {nil, []string{"DATABASE_MIGRATE_URL"}},
		"a login twice":          {map[string]string{"DATABASE_MIGRATE_URL": admin, "DEVELOPER_DATABASE_URL": "postgres://a:hush@h/d", "TENANT_DATABASE_URL": "postgres://a:hush@h/d"}, []string{"same login", "DEVELOPER_DATABASE_URL", "TENANT_DATABASE_URL"}},
		"a login without a word": {map[string]string{"DATABASE_MIGRATE_URL": admin, "WORKER_DATABASE_URL": "postgres://a@h/d"}, []string{"WORKER_DATABASE_URL needs a login and a password"}},
		"no URL":                 {map[string]string{"DATABASE_MIGRATE_URL": admin, "TENANT_DATABASE_URL": "postgres://a:hu%sh@h/d"}, []string{"TENANT_DATABASE_URL can't be read as a URL"}},
	} {
		code, said := migrateIn(tc.vars, "up")
		if code != startup.ExitUsage || strings.Contains(said, "hush") {
			t.Errorf("%s: code %d\n%s", name, code, said)
		}
		for _, want := range tc.says {
			if !strings.Contains(said, want) {
				t.Errorf("%s: does not say %q:\n%s", name, want, said)
			}
		}
	}
	if code, said := migrateIn(map[string]string{"DATABASE_MIGRATE_URL": "postgres://postgres:hush@127.0.0.1:1/openhouse"}, "up"); code != startup.ExitFailed || strings.Contains(said, "hush") {
		t.Errorf("no server: code %d\n%s", code, said)
	}
}

// TestRun starts the portal as main does, asks it whether it lives, and stops it.
func TestRun(t *testing.T) {
	t.Parallel()
	database := pgtest.New(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	cfg := settings(t, map[string]string{
		"DATABASE_URL": database.StaffURL(), "LISTEN_ADDR": address, "DEVELOPER_JWT_KEY": newKey(t), "DRAIN_DELAY_MS": "0",
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, cfg, slog.New(slog.DiscardHandler))
	}()
	for limit := time.Now().Add(20 * time.Second); !listening(address); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the portal does not listen")
		}
	}
	if code := web.Check(address); code != 0 {
		t.Errorf("-check says %d", code)
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + address + "/api/health/db")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), `"status":"healthy"`) {
		t.Errorf("health: %d %s %v", resp.StatusCode, body, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the portal ended with %v", err)
	}
}

func TestRunRefusesTheOtherPortalsLogin(t *testing.T) {
	t.Parallel()
	database := pgtest.New(t)
	cfg := settings(t, map[string]string{"DATABASE_URL": database.ResidentURL(), "DEVELOPER_JWT_KEY": newKey(t)})
	if err := run(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "openhouse_resident") {
		t.Errorf("it served with the residents' login: %v", err)
	}
}

func listening(address string) bool {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}
