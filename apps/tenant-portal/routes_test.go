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
	webtest.Guards(t, router, list, s.keys)
}

// A guarded page sends a person to the form; a program is told.
func TestWithoutASession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.client()
	if to := c.get("/").is(t, http.StatusSeeOther).Header.Get("Location"); to != "/sign-in" {
		t.Errorf("GET / leads to %q", to)
	}
	c.get("/", "Accept", "application/json").is(t, http.StatusUnauthorized)
	c.get("/api/home").is(t, http.StatusUnauthorized)
	c.post("/sign-out", nil).is(t, http.StatusSeeOther)
	c.get("/sign-in").is(t, http.StatusOK)
	c.get("/no-such-page").is(t, http.StatusNotFound)
	c.get("/api/health/live").is(t, http.StatusOK)
	c.get("/api/health/db").is(t, http.StatusOK)
}
