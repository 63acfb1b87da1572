package main

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"openhouse.example/packages/db"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

// counting counts the connections that operations take.
func counting(acquired *atomic.Int64) db.Observer {
	return func(_ context.Context, o db.Observation) {
		if o.Step == db.StepAcquired || o.Step == db.StepWaiting {
			acquired.Add(1)
		}
	}
}

// TestAHostileTokenTakesNoConnection: over real routes, as a program's and as a browser's, reading and writing.
func TestAHostileTokenTakesNoConnection(t *testing.T) {
	t.Parallel()
	var acquired atomic.Int64
	s := newSiteWith(t, seams{observer: counting(&acquired)})
	p := s.addStaff(s.company, auth.RoleAdmin)
	p.Get("/api/developments").Is(t, http.StatusOK)
	if acquired.Load() == 0 {
		t.Fatal("the good token has taken no connection: the rest would prove nothing")
	}
	foreign, _, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	list := webtest.HostileTokens(t, webtest.TakeApart(t, p.Token, s.keys.Key), foreign)
	acquired.Store(0)
	for name, token := range list {
		program := s.client()
		program.Token = token
		browser := s.client()
		browser.SetCookie(web.SessionCookieName(auth.PortalDeveloper, false), token)
		for what, got := range map[string]int{
			"reading":          program.Get("/api/developments").StatusCode,
			"writing":          program.PostJSON("/api/developments", map[string]string{"name": "Mill Yard"}).StatusCode,
			"an admin's route": program.Get("/api/team").StatusCode,
		} {
			if got != http.StatusUnauthorized {
				t.Errorf("%s: %s is answered %d", name, what, got)
			}
		}
		if a := browser.Get("/developments"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: a browser is answered %d", name, a.StatusCode)
		}
	}
	if n := acquired.Load(); n != 0 {
		t.Errorf("%d connections were taken by %d tokens", n, len(list))
	}
}
