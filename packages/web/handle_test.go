package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/db"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// dbError is an error as the pool returns it, with what no client may read.
func dbError(kind error) error {
	return &db.Error{
		Op: "write", Kind: kind, Code: "XX000", Constraint: "developments_slug_key",
		Cause: errors.New(`duplicate key value: Key (slug)=(longview-park) host=10.1.2.3`),
	}
}

func TestErrorTable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
		retry  string
		level  string
	}{
		"pool exhausted":   {dbError(db.ErrPoolExhausted), 503, "pool_exhausted", "1", "ERROR"},
		"database down":    {dbError(db.ErrDatabaseDown), 503, "database_unavailable", "1", "ERROR"},
		"pool closed":      {dbError(db.ErrClosed), 503, "database_unavailable", "1", "WARN"},
		"unsafe login":     {dbError(db.ErrUnsafe), 503, "database_unavailable", "5", "ERROR"},
		"disk full":        {dbError(db.ErrDiskFull), 507, "disk_full", "5", "ERROR"},
		"read-only":        {dbError(db.ErrReadOnly), 503, "read_only", "1", "ERROR"},
		"commit unknown":   {dbError(db.ErrCommitUnknown), 503, "commit_unknown", "1", "ERROR"},
		"query timeout":    {dbError(db.ErrQueryTimeout), 504, "query_timeout", "1", "ERROR"},
		"lock timeout":     {dbError(db.ErrLockTimeout), 503, "lock_timeout", "1", "WARN"},
		"conflict":         {dbError(db.ErrConflict), 409, "conflict", "1", "WARN"},
		"key busy":         {dbError(db.ErrKeyBusy), 409, "key_busy", "1", "INFO"},
		"key reused":       {dbError(db.ErrKeyReused), 422, "key_reused", "", "INFO"},
		"unique":           {dbError(db.ErrUnique), 409, "exists", "", "INFO"},
		"foreign key":      {dbError(db.ErrForeignKey), 409, "referenced", "", "INFO"},
		"check":            {dbError(db.ErrCheck), 422, "invalid", "", "INFO"},
		"no row":           {dbError(db.ErrNotFound), 404, "not_found", "", "DEBUG"},
		"session revoked":  {dbError(db.ErrScopeRefused), 401, "unauthorized", "", "INFO"},
		"no scope":         {dbError(db.ErrNoScope), 500, "internal", "", "ERROR"},
		"forbidden table":  {dbError(db.ErrForbidden), 500, "internal", "", "ERROR"},
		"nested acquire":   {dbError(db.ErrNestedAcquire), 500, "internal", "", "ERROR"},
		"late handle":      {dbError(db.ErrHandleClosed), 500, "internal", "", "ERROR"},
		"a write in Read":  {&db.Error{Op: "read", Kind: db.ErrReadOnly, Code: "25006"}, 500, "internal", "", "ERROR"},
		"deadline":         {fmt.Errorf("wait: %w", context.DeadlineExceeded), 504, "query_timeout", "1", "ERROR"},
		"slow body":        {fmt.Errorf("read: %w", os.ErrDeadlineExceeded), 408, "too_slow", "", "INFO"},
		"own cancel":       {context.Canceled, 500, "internal", "", "ERROR"},
		"nobody knows":     {errors.New("host=10.1.2.3 developments_slug_key"), 500, "internal", "", "ERROR"},
		"not found":        {web.NotFound(), 404, "not_found", "", "DEBUG"},
		"invalid":          {web.Invalid(nil), 422, "invalid", "", "DEBUG"},
		"bad request":      {web.BadRequest("odd", text.M("test.odd"), nil), 400, "odd", "", "DEBUG"},
		"conflict of ours": {web.Conflict("slug_taken", text.M("test.odd"), dbError(db.ErrUnique)), 409, "slug_taken", "", "DEBUG"},
		"forbidden":        {web.Forbidden(), 403, "forbidden", "", "DEBUG"},
		"rate limit":       {web.TooMany(90 * time.Second), 429, "too_many_requests", "90", "DEBUG"},
		"part of a second": {web.TooMany(100 * time.Millisecond), 429, "too_many_requests", "1", "DEBUG"},
		"too large":        {&http.MaxBytesError{Limit: 1 << 20}, 413, "too_large", "", "DEBUG"},
		"wrapped":          {fmt.Errorf("list homes: %w", dbError(db.ErrDatabaseDown)), 503, "database_unavailable", "1", "ERROR"},
		"503 of a handler": {&web.Error{Status: 503, Code: "away", Public: text.M("test.odd")}, 503, "away", "", "ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			s.on("/things/{id}", func(http.ResponseWriter, *http.Request) error { return c.err })
			for _, accept := range []string{"application/json", "text/html"} {
				w := s.do(request(http.MethodPost, "/things/7", "", "Accept", accept))
				body := w.Body.String()
				if accept == "text/html" && c.status == 401 {
					if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/sign-in" {
						t.Errorf("page: %d to %q, want 303 to /sign-in", w.Code, w.Header().Get("Location"))
					}
					continue
				}
				want := `"code":"` + c.code + `"`
				if accept == "text/html" {
					want = "<p>" + c.code + "|"
				}
				if w.Code != c.status || !strings.Contains(body, want) || w.Header().Get("Retry-After") != c.retry {
					t.Errorf("%s: status %d, Retry-After %q, body %s; want %d, %q, %s",
						accept, w.Code, w.Header().Get("Retry-After"), body, c.status, c.retry, want)
				}
				for _, secret := range []string{"10.1.2.3", "slug_key", "longview", "XX000", "db:"} {
					if strings.Contains(body, secret) {
						t.Errorf("%s: the body tells %q: %s", accept, secret, body)
					}
				}
				if got := w.Header().Get("Cache-Control"); got != "no-store" {
					t.Errorf("%s: Cache-Control = %q", accept, got)
				}
			}
			for _, line := range s.log.records(t, "request failed") {
				if line["level"] != c.level || line["route"] != "/things/{id}" || line["error"] != c.err.Error() {
					t.Errorf("logged %v, want level %s, the route and the cause", line, c.level)
				}
			}
			want := 2
			if c.retry != "" {
				want = 1 // the second one is counted, and written later
			}
			if n := len(s.log.records(t, "request failed")); n != want {
				t.Errorf("%d entries in the log, want %d", n, want)
			}
		})
	}
}

func TestDatabaseErrorsAreLoggedWithThePool(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.on("/", func(http.ResponseWriter, *http.Request) error { return dbError(db.ErrDatabaseDown) })
	s.on("/own", func(http.ResponseWriter, *http.Request) error { return errors.New("a bug") })
	s.do(get("/"))
	s.do(get("/own"))
	lines := s.log.records(t, "request failed")
	want := map[string]any{"totalCount": 20.0, "idleCount": 3.0, "waitingCount": 7.0}
	if diff := cmp.Diff(want, lines[0]["poolStats"]); diff != "" {
		t.Errorf("poolStats (-want +got):\n%s", diff)
	}
	if stamp, err := time.Parse(time.RFC3339, fmt.Sprint(lines[0]["time"])); err != nil || time.Since(stamp) > time.Minute {
		t.Errorf("time = %v", lines[0]["time"])
	}
	if lines[1]["poolStats"] != nil {
		t.Errorf("an error that has nothing to do with the database has the pool's figures: %v", lines[1])
	}
}

func TestErrorBody(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.on("/api/x", func(http.ResponseWriter, *http.Request) error {
		return web.Invalid(map[string]text.Message{"name": web.MsgRequired})
	})
	w := s.do(request(http.MethodPost, "/api/x", "", "X-Request-Id", "edge-12345678", "Accept", "text/html"))
	want := `{"error":{"code":"invalid","message":"Some of what you entered can’t be used. Check the marked fields.",` +
		`"fields":{"name":"Fill this in."},"requestId":"edge-12345678"}}` + "\n"
	if w.Body.String() != want || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("body %s (%s), want %s", w.Body, w.Header().Get("Content-Type"), want)
	}
}

// TestNotFoundIsTheSameForEverything: nobody learns which ids exist.
func TestNotFoundIsTheSameForEverything(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.on("/api/units/{id}", func(_ http.ResponseWriter, r *http.Request) error {
		if _, err := web.PathID(r, "id"); err != nil {
			return err // no id at all
		}
		return dbError(db.ErrNotFound) // hidden by the policy, or never there
	})
	for _, accept := range []string{"application/json", "text/html"} {
		var first string
		for _, path := range []string{
			"/api/units/0f6f7d9e-35c5-4f0e-9d57-b5f8bfb6b3f1", "/api/units/00000000-0000-4000-8000-000000000000",
			"/api/units/1", "/api/units/%7B0f6f7d9e-35c5-4f0e-9d57-b5f8bfb6b3f1%7D", "/api/never",
		} {
			w := s.do(get(path, "Accept", accept))
			if w.Code != 404 {
				t.Fatalf("%s: status %d", path, w.Code)
			}
			w.Header().Del("X-Request-Id")
			whole := fmt.Sprint(w.Header(), w.Body)
			if first == "" {
				first = whole
			}
			if whole != first {
				t.Errorf("%s as %s differs:\n%s\n%s", path, accept, whole, first)
			}
		}
	}
}

func TestClientGoneIsQuiet(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	ctx, hangUp := context.WithCancel(t.Context())
	s.on("/", func(_ http.ResponseWriter, r *http.Request) error {
		hangUp()
		<-r.Context().Done()
		return &db.Error{Op: "read", Kind: context.Canceled, Cause: r.Context().Err()}
	})
	w := s.do(get("/").WithContext(ctx))
	if w.Body.Len() != 0 {
		t.Errorf("something was written to nobody: %s", w.Body)
	}
	if line := s.log.records(t, "request failed")[0]; line["level"] != "DEBUG" {
		t.Errorf("logged at %v", line["level"])
	}
	if line := s.log.records(t, "request")[0]; line["status"] != 499.0 {
		t.Errorf("status in the access log = %v, want 499", line["status"])
	}
}

func TestHeadersOfTheFailedAnswerAreGone(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.on("/", func(w http.ResponseWriter, _ *http.Request) error {
		h := w.Header()
		h.Set("Content-Disposition", `attachment; filename="homes.csv"`)
		h.Set("Content-Type", "text/csv")
		h.Set("Cache-Control", "public, max-age=3600")
		h.Set("ETag", `"1"`)
		return errors.New("late trouble")
	})
	h := s.do(get("/")).Header()
	if h.Get("Content-Disposition") != "" || h.Get("ETag") != "" || h.Get("Cache-Control") != "no-store" || !strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		t.Errorf("headers %v", h)
	}
}

func TestMethodNotAllowed(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.router.Get("/page", s.app.Handle(ok))
	if w := s.do(request(http.MethodDelete, "/page", "")); w.Code != 405 || w.Header().Get("Allow") != "GET" {
		t.Errorf("%d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

// TestWithoutBase: a handler on its own, as in an app's unit test, still answers.
func TestWithoutBase(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(a *web.App) { a.Pages = nil })
	h := s.app.Handle(func(http.ResponseWriter, *http.Request) error { return web.Forbidden() })
	w := &recorder{header: http.Header{}}
	h(w, get("/"))
	if w.status != 403 || !strings.Contains(w.body.String(), "Your account can’t do this") {
		t.Errorf("%d %s", w.status, w.body.String())
	}
}

type recorder struct {
	header http.Header
	status int
	body   strings.Builder
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
func (r *recorder) WriteHeader(status int)      { r.status = status }

func TestTooLargeNamesTheLimit(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int64]string{25 << 20: "at most 25 MB", 64 << 10: "at most 64 KB", 1000: "at most 1000 bytes"} {
		var e *web.Error
		if !errors.As(web.TooLarge(limit), &e) || !strings.Contains(e.Public.In(t.Context()), want) {
			t.Errorf("TooLarge(%d) says %v, want %q", limit, e, want)
		}
	}
}
