package web_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/config"
	"openhouse.example/packages/web"
)

// served is a stand on a real port, to be stopped.
type served struct {
	*stand
	url    string
	client *http.Client
	stop   context.CancelFunc
	ended  chan error // what Serve returned
}

func serve(t *testing.T, drain, shutdown time.Duration, mount func(*stand)) *served {
	t.Helper()
	s := &served{stand: newStand(t), ended: make(chan error, 1)}
	mount(s.stand)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + ln.Addr().String()
	transport := &http.Transport{}
	s.client = &http.Client{Transport: transport}
	t.Cleanup(transport.CloseIdleConnections)
	var ctx context.Context
	ctx, s.stop = context.WithCancel(t.Context())
	cfg := web.ServerConfig{DrainDelay: config.Millis(drain), ShutdownTimeout: config.Millis(shutdown)}
	go func() { s.ended <- web.ServeOn(ctx, cfg, ln, s.router, s.app.Drain, s.app.Log) }()
	t.Cleanup(s.stop)
	return s
}

func (s *served) get(path string) (status int, body string, err error) {
	resp, err := s.client.Get(s.url + path)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// eventually waits until cond holds.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !cond(); {
		if time.Now().After(end) {
			t.Fatalf("waited 10 s for: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (s *served) refusesConnections() bool {
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err == nil {
		c.Close()
	}
	return err != nil
}

// waiting mounts /slow, whose answer waits for release, and tells when it is in.
func waiting(in chan<- struct{}, release <-chan struct{}) func(*stand) {
	return func(s *stand) {
		s.on("/slow", func(w http.ResponseWriter, r *http.Request) error {
			in <- struct{}{}
			<-release
			if err := r.Context().Err(); err != nil {
				return err
			}
			return ok(w, r)
		})
		s.on("/quick", ok)
	}
}

type result struct {
	status int
	body   string
	err    error
}

func (s *served) start(path string) <-chan result {
	out := make(chan result, 1)
	go func() {
		status, body, err := s.get(path)
		out <- result{status, body, err}
	}()
	return out
}

// TestStopIsGraceful: a request that runs through the whole stop is answered.
func TestStopIsGraceful(t *testing.T) {
	t.Parallel()
	in, release := make(chan struct{}, 1), make(chan struct{})
	const drain = 1500 * time.Millisecond
	s := serve(t, drain, time.Minute, waiting(in, release))
	slow := s.start("/slow")
	<-in
	s.stop()
	stopped := time.Now()
	eventually(t, "readiness says draining", func() bool {
		status, body, err := s.get(web.HealthPath)
		return err == nil && status == 503 && strings.Contains(body, `"draining"`)
	})
	if took := time.Since(stopped); took > time.Second {
		t.Errorf("readiness took %v to say draining", took)
	}
	if status, _, err := s.get("/quick"); err != nil || status != 200 {
		t.Errorf("within the drain delay a new request gives %d, %v", status, err)
	}
	eventually(t, "the port is closed", s.refusesConnections)
	if took := time.Since(stopped); took < drain {
		t.Errorf("the port was closed after %v, before the drain delay was over", took)
	}
	select {
	case err := <-s.ended:
		t.Fatalf("Serve returned %v while a request runs", err)
	default:
	}
	close(release)
	if r := <-slow; r.err != nil || r.status != 200 {
		t.Errorf("the running request gives %d %s, %v", r.status, r.body, r.err)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
}

// TestStopCutsWhatHangs: first by the context, which a good handler heeds.
func TestStopCutsWhatHangs(t *testing.T) {
	t.Parallel()
	in := make(chan struct{}, 1)
	s := serve(t, 0, 100*time.Millisecond, func(s *stand) {
		s.on("/api/slow", func(_ http.ResponseWriter, r *http.Request) error {
			in <- struct{}{}
			<-r.Context().Done()
			return r.Context().Err()
		})
	})
	slow := s.start("/api/slow")
	<-in
	s.stop()
	if r := <-slow; r.status != 503 || !strings.Contains(r.body, `"stopping"`) {
		t.Errorf("the cut request gives %d %s, %v", r.status, r.body, r.err)
	}
	if err := <-s.ended; !errors.Is(err, web.ErrCut) {
		t.Errorf("Serve = %v, want ErrCut", err)
	}
}

// TestStopEndsWithADeafHandler: then by closing the connection under it.
func TestStopEndsWithADeafHandler(t *testing.T) {
	t.Parallel()
	in, release := make(chan struct{}, 1), make(chan struct{})
	defer close(release)
	s := serve(t, 0, 100*time.Millisecond, waiting(in, release))
	slow := s.start("/slow")
	<-in
	s.stop()
	stopped := time.Now()
	if err := <-s.ended; !errors.Is(err, web.ErrCut) {
		t.Errorf("Serve = %v, want ErrCut", err)
	}
	if took := time.Since(stopped); took > 10*time.Second {
		t.Errorf("the stop took %v", took)
	}
	if r := <-slow; r.err == nil {
		t.Errorf("a cut connection gave an answer: %d %s", r.status, r.body)
	}
}

func TestServeRefusesATakenPort(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	s := newStand(t)
	err = web.Serve(t.Context(), web.ServerConfig{}, ln.Addr().String(), s.router, s.app.Drain, s.app.Log)
	if err == nil || !strings.Contains(err.Error(), "PORT or LISTEN_ADDR") {
		t.Errorf("Serve = %v, want the cure named", err)
	}
}

func TestServeReportsABrokenListener(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	s := newStand(t)
	if err := web.ServeOn(t.Context(), web.ServerConfig{}, ln, s.router, s.app.Drain, s.app.Log); err == nil {
		t.Error("ServeOn = nil on a closed listener")
	}
}

// TestUploadOutlivesTheReadLimit is about the deadlines of a real connection,
// which a recorder has not.
func TestUploadOutlivesTheReadLimit(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, time.Second, func(s *stand) {
		s.router.With(s.app.Upload(1<<20, 30*time.Millisecond)).Post("/short", s.app.Handle(read))
		s.router.With(s.app.Upload(1<<20, time.Minute)).Post("/long", s.app.Handle(read))
	})
	for path, want := range map[string]int{"/short": 408, "/long": 200} {
		start := time.Now()
		body, sender := io.Pipe()
		go func() {
			_, _ = io.WriteString(sender, "first half")
			if path == "/short" { // the second half comes only when the answer is out
				return
			}
			_, _ = io.WriteString(sender, "second half")
			sender.Close()
		}()
		resp, err := s.client.Post(s.url+path, "text/csv", body)
		body.Close()
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, resp.Status, want)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s took %v: its own limit doesn't count", path, took)
		}
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}
