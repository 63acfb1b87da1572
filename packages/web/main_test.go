package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/go-chi/chi/v5"
	"go.uber.org/goleak"

	"openhouse.example/packages/db"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

// words are in two languages, unlike those of the package.
var words = fstest.MapFS{
	"words/en.json": {Data: []byte(`{"test.odd": "Odd.", "test.field": "At most %d."}`)},
	"words/pl.json": {Data: []byte(`{"test.odd": "Dziwne.", "test.field": "Najwyżej %d."}`)},
}

func TestMain(m *testing.M) {
	text.MustRegister(words, "words")
	goleak.VerifyTestMain(m)
}

const publicURL = "https://staff.example.org"

// database stands in for the pool.
type database struct {
	mu     sync.Mutex
	health db.Health
	asked  int
}

func (d *database) HealthCheck(context.Context) db.Health {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	return d.health
}

func (d *database) GetPoolStats() db.PoolStats {
	return db.PoolStats{TotalCount: 20, IdleCount: 3, WaitingCount: 7}
}

// logBook keeps what was logged.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBook) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// records returns the entries with a message, oldest first.
func (l *logBook) records(t *testing.T, message string) []map[string]any {
	t.Helper()
	var out []map[string]any
	dec := json.NewDecoder(strings.NewReader(l.text()))
	for {
		var entry map[string]any
		if err := dec.Decode(&entry); err == io.EOF {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		if entry["msg"] == message {
			out = append(out, entry)
		}
	}
}

// pages is a branded error page in one line.
type pages struct{}

func (pages) Error(w http.ResponseWriter, _ *http.Request, status int, code, public, requestID string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<p>"+code+"|"+public+"|"+requestID+"</p>")
}

// stand is a developer portal without a database.
type stand struct {
	app    *web.App
	portal *webtest.Portal
	db     *database
	log    *logBook
	router *chi.Mux
}

func newStand(t testing.TB, change ...func(*web.App)) *stand {
	t.Helper()
	s := &stand{
		portal: webtest.NewPortal(t, auth.PortalDeveloper, publicURL),
		db:     &database{health: db.Health{Healthy: true, LatencyMs: 8, PoolStats: db.PoolStats{TotalCount: 5, IdleCount: 3}}},
		log:    &logBook{},
		router: chi.NewRouter(),
	}
	s.app = &web.App{
		Portal: auth.PortalDeveloper, Pool: s.db, Pages: pages{}, Verifier: s.portal.Verifier,
		Log:       slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		PublicURL: publicURL, SignInPath: "/sign-in",
	}
	for _, c := range change {
		c(s.app)
	}
	s.router.Use(s.app.Base()...)
	s.router.Use(s.app.Authenticate)
	s.router.NotFound(s.app.NotFound())
	s.router.MethodNotAllowed(s.app.MethodNotAllowed())
	s.router.Get(web.HealthPath, s.app.DBHealth())
	s.router.Get(web.LivePath, s.app.Live())
	return s
}

// on mounts a handler for GET and POST.
func (s *stand) on(pattern string, h web.Handler) {
	s.router.Get(pattern, s.app.Handle(h))
	s.router.Post(pattern, s.app.Handle(h))
}

func (s *stand) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.router.ServeHTTP(w, r)
	return w
}

func get(target string, headers ...string) *http.Request {
	return request(http.MethodGet, target, "", headers...)
}

// request makes a request with headers given as name, value, name, value.
func request(method, target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func ok(w http.ResponseWriter, _ *http.Request) error {
	return web.JSON(w, http.StatusOK, map[string]bool{"ok": true})
}
