package main

import (
	"net/http"
	"testing"

	"openhouse.example/packages/web/webtest"
)

func TestRoutesAndTheirGuards(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	router := s.routes
	list := webtest.Routes(t, router)
	webtest.Golden(t, "testdata/routes.golden", webtest.Text(list))
	webtest.Golden(t, "../developer-portal/testdata/routes-tenant.golden", webtest.Text(list)) // for its command selfcheck
	webtest.Guards(t, router, list, s.keys)
	webtest.Actions(t, list, s.keys.Name)
}

// A guarded page sends a person to the form; a program is told.
func TestWithoutASession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.client()
	if to := c.Get("/").Is(t, http.StatusSeeOther).Header.Get("Location"); to != "/sign-in" {
		t.Errorf("GET / leads to %q", to)
	}
	c.Get("/", "Accept", "application/json").Is(t, http.StatusUnauthorized)
	c.Get("/api/home").Is(t, http.StatusUnauthorized)
	c.Post("/sign-out", nil).Is(t, http.StatusSeeOther)
	c.Get("/sign-in").Is(t, http.StatusOK)
	c.Get("/no-such-page").Is(t, http.StatusNotFound)
	c.Get("/api/health/live").Is(t, http.StatusOK)
	c.Get("/api/health/db").Is(t, http.StatusOK)
}
