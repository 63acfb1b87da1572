package startup_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/db"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/startup"
	"openhouse.example/packages/web/webtest"
)

// away is the Config of a portal whose database is away, which is no reason not to start.
func away(t *testing.T, listen string) *settings {
	t.Helper()
	_, key, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := load(map[string]string{
		"OPENHOUSE_ENV": "development", "OWN_DATABASE_URL": "postgres://own:own-hush@127.0.0.1:1/openhouse", "OWN_JWT_KEY": string(key),
		"DB_POOL_CONN_TIMEOUT_MS": "250", "LISTEN_ADDR": listen, "DRAIN_DELAY_MS": "0",
	})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func open(t *testing.T, listen string) *startup.Base {
	t.Helper()
	base, err := self.Open(t.Context(), away(t, listen).Settings(), slog.New(slog.DiscardHandler), nil, db.WithRole("some_role"))
	if err != nil {
		t.Fatal(err)
	}
	return base
}

func TestWhatIsIssuedIsVerified(t *testing.T) {
	t.Parallel()
	base := open(t, "127.0.0.1:0")
	defer func() {
		if err := base.Close(); err != nil {
			t.Error(err)
		}
	}()
	token, err := base.Issuer.Issue(webtest.NewPortal(t, self.Name, "https://homes.example.org").Principal(auth.RoleResident))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := base.App.Verifier.Verify(token); err != nil {
		t.Error(err)
	}
	if base.App.Portal != self.Name || base.App.SignInPath == "" || base.App.Pool != base.Pool || base.Key.ID == "" {
		t.Errorf("the base lacks something: %+v", base)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*settings)
		says   string
	}{
		"a key that can't be read":   {func(s *settings) { s.Key = "not a key" }, "OWN_JWT_KEY"},
		"a pool without connections": {func(s *settings) { s.DB.Max = -1 }, "DB_POOL_MAX"},
	} {
		cfg := away(t, "127.0.0.1:0")
		test.change(cfg)
		if _, err := self.Open(t.Context(), cfg.Settings(), slog.New(slog.DiscardHandler), nil); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Requests end first, then the work that they have begun, then the pool that both use.
func TestTheEndGoesInOrder(t *testing.T) {
	t.Parallel()
	listen := freeAddress(t)
	base := open(t, listen)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var order []string
	working := errors.New("still working")
	end := func(name string, err error) func(context.Context) error {
		return func(ctx context.Context) error {
			if _, limited := ctx.Deadline(); !limited {
				t.Errorf("%s may take for ever", name)
			}
			if _, err := net.DialTimeout("tcp", listen, time.Second); err == nil {
				t.Errorf("%s ended while requests were still taken", name)
			}
			order = append(order, name)
			return err
		}
	}
	ended := make(chan error, 1)
	go func() {
		ended <- base.Serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") }),
			end("first", working), end("second", nil))
	}()
	if got := fetch(t, listen); got != "served" {
		t.Errorf("got %q", got)
	}
	stop()
	if err := <-ended; !errors.Is(err, working) {
		t.Errorf("the end's error is lost: %v", err)
	}
	if want := []string{"first", "second"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
	if !base.App.Draining() {
		t.Error("readiness was not told")
	}
	if _, err := db.Door(t.Context(), base.Pool, func(context.Context, db.Querier) (int, error) { return 0, nil }); !errors.Is(err, db.ErrClosed) {
		t.Errorf("the pool is still open: %v", err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// fetch waits until somebody listens and returns what is said there.
func fetch(t *testing.T, address string) string {
	t.Helper()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for limit := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		response, err := client.Get("http://" + address)
		if err != nil {
			if time.Now().After(limit) {
				t.Fatal(err)
			}
			continue
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
}
