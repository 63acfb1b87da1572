package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"openhouse.example/apps/tenant-portal/internal/portal"
	"openhouse.example/apps/tenant-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

// TestAHostileTokenTakesNoConnection: over real routes, as a program's and as a browser's.
func TestAHostileTokenTakesNoConnection(t *testing.T) {
	t.Parallel()
	var acquired atomic.Int64
	server := httptest.NewUnstartedServer(nil)
	public := "http://" + server.Listener.Addr().String()
	keys := webtest.NewPortal(t, auth.PortalTenant, public)
	cfg := settings(t, map[string]string{
		"DATABASE_URL": pgtest.New(t).ResidentURL(), "TENANT_PUBLIC_URL": public, "TENANT_JWT_KEY": string(keys.PEM),
	})
	base, err := self.Open(t.Context(), cfg.Settings(), slog.New(slog.DiscardHandler), ui.ErrorPages{Portal: ui.TenantPortal},
		db.WithRole(store.Role), db.WithLedger(platform.Ledger{}), db.WithObserver(func(_ context.Context, o db.Observation) {
			if o.Step == db.StepAcquired || o.Step == db.StepWaiting {
				acquired.Add(1)
			}
		}))
	if err != nil {
		t.Fatal(err)
	}
	p := portal.New(base.App, store.New(base.Pool), base.Issuer, cfg.Files.Folder())
	server.Config.Handler = routes(base.App, p)
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := base.Close(p.Close); err != nil {
			t.Error(err)
		}
	})
	token := keys.Token(t, auth.RoleResident)
	stranger := webtest.NewClient(t, server)
	stranger.Token = token // well signed, and of nobody: that only the database can tell
	stranger.Get("/api/home").Is(t, http.StatusUnauthorized)
	if acquired.Load() == 0 {
		t.Fatal("a well signed token has taken no connection: the rest would prove nothing")
	}
	foreign, _, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	list := webtest.HostileTokens(t, webtest.TakeApart(t, token, keys.Key), foreign)
	acquired.Store(0)
	for name, token := range list {
		program, browser := webtest.NewClient(t, server), webtest.NewClient(t, server)
		program.Token = token
		browser.SetCookie(web.SessionCookieName(auth.PortalTenant, false), token)
		if a := program.Get("/api/home"); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: a program is answered %d", name, a.StatusCode)
		}
		if a := browser.Get("/"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: a browser is answered %d", name, a.StatusCode)
		}
	}
	if n := acquired.Load(); n != 0 {
		t.Errorf("%d connections were taken by %d tokens", n, len(list))
	}
}
