package web_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/web"
)

func TestInFlightLimit(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(a *web.App) { a.MaxInFlight = 2 })
	inside, leave := make(chan struct{}), make(chan struct{})
	s.on("/slow", func(w http.ResponseWriter, r *http.Request) error {
		inside <- struct{}{}
		<-leave
		return ok(w, r)
	})
	s.on("/static/app.css", ok)
	s.on("/quick", ok)
	done := make(chan int, 2)
	for range 2 {
		go func() { done <- s.do(get("/slow")).Code }()
		<-inside
	}
	w := s.do(get("/quick", "Accept", "application/json"))
	if w.Code != 503 || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), `"overloaded"`) {
		t.Errorf("the third request: %d, Retry-After %q, %s", w.Code, w.Header().Get("Retry-After"), w.Body)
	}
	for _, path := range []string{web.HealthPath, web.LivePath, "/static/app.css"} {
		if w := s.do(get(path)); w.Code != 200 {
			t.Errorf("%s while full: %d", path, w.Code)
		}
	}
	close(leave)
	for range 2 {
		if code := <-done; code != 200 {
			t.Errorf("an admitted request ended with %d", code)
		}
	}
	if w := s.do(get("/quick")); w.Code != 200 {
		t.Errorf("after the others have left: %d", w.Code)
	}
}

func read(w http.ResponseWriter, r *http.Request) error {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, n)
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	untouched := true
	s.on("/small", read)
	s.on("/never-reads", func(w http.ResponseWriter, r *http.Request) error { untouched = false; return ok(w, r) })
	s.router.With(s.app.Upload(3<<20, time.Minute)).Post("/upload", s.app.Handle(read))
	mib := func(n int) string { return strings.Repeat("x", n<<20) }
	for name, c := range map[string]struct {
		path, body string
		chunked    bool
		want       int
		says       string
	}{
		"just right":              {"/small", mib(1), false, 200, "1048576"},
		"a byte too many":         {"/small", mib(1) + "x", false, 413, "at most 1 MB"},
		"too many, length hidden": {"/small", mib(1) + "x", true, 413, "at most 1 MB"},
		"upload":                  {"/upload", mib(3), false, 200, "3145728"},
		"upload, length hidden":   {"/upload", mib(3), true, 200, "3145728"},
		"upload too large":        {"/upload", mib(3) + "x", false, 413, "at most 3 MB"},
		"refused unread":          {"/never-reads", mib(2), false, 413, "at most 1 MB"},
	} {
		r := request(http.MethodPost, c.path, c.body, "Accept", "application/json")
		if c.chunked {
			r.ContentLength = -1
		}
		w := s.do(r)
		if w.Code != c.want || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %.200s; want %d with %q", name, w.Code, w.Body, c.want, c.says)
		}
	}
	if !untouched {
		t.Error("a handler was called although the announced body is too large")
	}
}

func TestRequestDeadline(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	left := func(w http.ResponseWriter, r *http.Request) error {
		end, ok := r.Context().Deadline()
		if !ok {
			t.Error("a request has no deadline")
		}
		if r.Context().Err() != nil {
			t.Error("a request starts with its context ended")
		}
		return web.JSON(w, http.StatusOK, time.Until(end).Seconds())
	}
	s.on("/usual", left)
	s.router.With(s.app.Upload(1, time.Hour)).Post("/upload", s.app.Handle(func(w http.ResponseWriter, r *http.Request) error {
		if web.RequestID(r) == "" {
			t.Error("the longer context has lost the request's values")
		}
		return left(w, r)
	}))
	for path, want := range map[string]float64{"/usual": 15, "/upload": 3600} {
		got, err := strconv.ParseFloat(strings.TrimSpace(s.do(request(http.MethodPost, path, "")).Body.String()), 64)
		if err != nil || got > want || got < want-10 {
			t.Errorf("%s has %v s left (%v), want %v", path, got, err, want)
		}
	}
}
