package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/mailing/smtptest"
	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform/jobs"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/startup"
	"openhouse.example/packages/web/webtest"
)

// patience is how long something may take on a busy machine.
const patience = time.Minute

// A worker that is killed must be a process of its own: this test program, when it is called with the variable below,
// is one instead.
const beWorker = "OPENHOUSE_TEST_IS_WORKER"

func init() {
	lookup, environ := config.Process()
	if _, asked := lookup(beWorker); asked {
		os.Exit(worker(nil, lookup, environ, os.Stdout, os.Stderr))
	}
}

func workerVars() map[string]string {
	return map[string]string{
		"WORKER_DATABASE_URL": "postgres://openhouse_worker_process:own-hush@localhost:5432/openhouse",
		"SMTP_HOST":           "smtp.example.org", "MAIL_FROM": "no-reply@example.org", "FILES_DIR": "/var/lib/openhouse/files",
	}
}

func TestWorkerConfig(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change map[string]string
		says   string // "" if it is fine
	}{
		"production":                      {nil, ""},
		"development without mail":        {map[string]string{"OPENHOUSE_ENV": "development", "SMTP_HOST": "", "MAIL_FROM": ""}, ""},
		"production without a folder":     {map[string]string{"FILES_DIR": ""}, "FILES_DIR is required in production"},
		"production without mail":         {map[string]string{"SMTP_HOST": "", "MAIL_FROM": ""}, "SMTP_HOST is required in production"},
		"an unknown environment":          {map[string]string{"OPENHOUSE_ENV": "staging"}, `OPENHOUSE_ENV is "staging"`},
		"no database":                     {map[string]string{"WORKER_DATABASE_URL": ""}, "DATABASE_URL"},
		"a database of another kind":      {map[string]string{"WORKER_DATABASE_URL": "mysql://a:own-hush@h/d"}, "WORKER_DATABASE_URL is set"},
		"the developer portal's login":    {map[string]string{"DEVELOPER_DATABASE_URL": workerVars()["WORKER_DATABASE_URL"]}, "DEVELOPER_DATABASE_URL have the same login"},
		"the tenant portal's login":       {map[string]string{"TENANT_DATABASE_URL": workerVars()["WORKER_DATABASE_URL"]}, "TENANT_DATABASE_URL have the same login"},
		"nothing at once":                 {map[string]string{"WORKER_CONCURRENCY": "0"}, "WORKER_CONCURRENCY is 0"},
		"no address":                      {map[string]string{"WORKER_LISTEN_ADDR": "3003"}, "WORKER_LISTEN_ADDR"},
		"for ever":                        {map[string]string{"SHUTDOWN_TIMEOUT_MS": "1h"}, "SHUTDOWN_TIMEOUT_MS"},
		"plain text over a network":       {map[string]string{"SMTP_SECURITY": "none"}, "SMTP_SECURITY"},
		"several mistakes, one after one": {map[string]string{"SMTP_PORT": "x", "MAIL_FROM": "nobody", "WORKER_CONCURRENCY": "x"}, "SMTP_PORT"},
	} {
		vars := workerVars()
		maps.Copy(vars, c.change)
		cfg, err := loadWorker(webtest.Environment(vars))
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s was refused: %v", name, err)
		case c.says == "" && (cfg.Database.DB.Max != 10 || cfg.Database.DB.Min != 1):
			t.Errorf("%s: its pool has %d to %d connections, four pieces of work at once need no more than 1 to 10", name, cfg.Database.DB.Min, cfg.Database.DB.Max)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: says %v, want %q", name, err, c.says)
		case err != nil && strings.Contains(err.Error(), "hush"):
			t.Errorf("%s shows a password: %v", name, err)
		}
	}
}

// mailbox is a database with one company, and a mail server.
type mailbox struct {
	*pgtest.DB
	t       *testing.T
	server  *smtptest.Server
	company uuid.UUID
	listen  string
	files   string // the folder of documents
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	b := &mailbox{DB: pgtest.New(t), t: t, server: smtptest.New(t, smtptest.StartTLS), company: uuid.New(), listen: freePort(t), files: t.TempDir()}
	b.Exec(`insert into tenants (id, name, slug) values ($1, 'Harbour Homes', 'harbour-homes')`, b.company)
	return b
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (b *mailbox) vars(change map[string]string) map[string]string {
	vars := b.server.Vars()
	vars["WORKER_DATABASE_URL"], vars["WORKER_LISTEN_ADDR"], vars["FILES_DIR"] = b.WorkerURL(), b.listen, b.files
	maps.Copy(vars, change)
	return vars
}

// post queues a mail, as the portals do.
func (b *mailbox) post() {
	b.t.Helper()
	b.Exec(`insert into mail_outbox (tenant_id, id, kind, to_email, subject, body) values ($1, $2, 'resident_link', 'mia@example.org', 'Your link', 'https://homes.example.org/link/abc')`, b.company, uuid.New())
}

// only is a worker that does nothing but these jobs.
func only(handlers map[string]jobs.Handler) func(*workerConfig, *db.Pool, *slog.Logger) (works, error) {
	return func(*workerConfig, *db.Pool, *slog.Logger) (works, error) { return works{handlers: handlers}, nil }
}

// run runs the worker in this process; the function returned stops it and returns how it ended.
func (b *mailbox) run(change map[string]string, handlers map[string]jobs.Handler) (stop func() error) {
	b.t.Helper()
	cfg, err := loadWorker(webtest.Environment(b.vars(change)))
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- runWorker(ctx, cfg, only(handlers), slog.New(slog.DiscardHandler)) }()
	var result error
	done := false
	stop = func() error {
		if !done {
			done = true
			cancel()
			result = <-ended
		}
		return result
	}
	b.t.Cleanup(func() {
		if err := stop(); err != nil {
			b.t.Error(err)
		}
	})
	return stop
}

// start runs the worker as a process.
func (b *mailbox) start() *exec.Cmd {
	b.t.Helper()
	self, err := os.Executable()
	if err != nil {
		b.t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = []string{beWorker + "=1"}
	for name, value := range b.vars(nil) {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		_ = cmd.Process.Kill() // mostly gone already
		_ = cmd.Wait()
		if b.t.Failed() {
			b.t.Log(said.String())
		}
	})
	return cmd
}

func (b *mailbox) until(what string, done func() bool) {
	b.t.Helper()
	for limit := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			b.t.Fatalf("never: %s", what)
		}
	}
}

func (b *mailbox) state() string {
	return pgtest.Value[string](b.DB, `select state || attempts from mail_outbox`)
}

// health is the worker's answer and its status; 0 while nobody answers.
func (b *mailbox) health(path string) (status int, body string) {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + b.listen + path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

// What a portal queues is sent soon after: people wait for their link.
func TestTheWorkerSendsMail(t *testing.T) {
	t.Parallel()
	b := newMailbox(t)
	stop := b.run(nil, nil)
	b.until("the worker is healthy", func() bool { status, _ := b.health("/api/health/worker"); return status == http.StatusOK })
	begun := time.Now()
	b.post()
	b.server.Wait(t, 1)
	t.Logf("sent after %v", time.Since(begun))
	b.until("noted", func() bool { return b.state() == "sent1" })
	for _, path := range []string{"/api/health/live", "/api/health/db"} {
		if status, body := b.health(path); status != http.StatusOK {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if code := web.Check(b.listen); code != 0 {
		t.Errorf("-check says %d", code)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if code := web.Check(b.listen); code != 1 {
		t.Errorf("-check says %d about a worker that is gone", code)
	}
}

func TestTheWorkerClearsAwayWhatHasHadItsTime(t *testing.T) {
	t.Parallel()
	b := newMailbox(t)
	b.Exec(`insert into idempotency_keys (tenant_id, subject_id, key, route, body_hash, expires_at)
		select $1, gen_random_uuid(), e::text, 'POST /x', '', now() + e from unnest(array['-1 second', '1 hour']::interval[]) e`, b.company)
	b.run(nil, nil)
	b.until("the key that is over is cleared away", func() bool {
		return pgtest.Value[string](b.DB, `select string_agg(key, ' ') from idempotency_keys`) == "01:00:00"
	})
}

func TestTheWorkerDoesJobs(t *testing.T) {
	t.Parallel()
	b := newMailbox(t)
	id := uuid.New()
	b.Exec(`insert into jobs (tenant_id, id, kind) values ($1, $2, 'count')`, b.company, id)
	b.run(nil, map[string]jobs.Handler{"count": func(_ context.Context, j jobs.Job) (jobs.Effect, error) {
		return func(_ context.Context, tx *db.Tx) error {
			tx.Audit(db.Event{Action: "test.effect", Object: "job", ObjectID: j.ID})
			return nil
		}, nil
	}})
	b.until("done", func() bool { return pgtest.Value[string](b.DB, `select state from jobs`) == "done" })
	if n := pgtest.Value[int64](b.DB, `select count(*) from audit_log where action = 'test.effect' and object_id = '`+id.String()+`'`); n != 1 {
		t.Errorf("%d effects", n)
	}
}

// A mail server that doesn't answer keeps the worker neither down nor quiet about it; one that is there again is used.
func TestAMailOutageShowsInTheHealth(t *testing.T) {
	t.Parallel()
	b := newMailbox(t)
	var away atomic.Bool
	away.Store(true)
	b.server.Mail = func() error {
		if away.Load() {
			return &smtptest.Refusal{Code: 421, Message: "closing"}
		}
		return nil
	}
	b.run(nil, nil)
	b.post()
	var body string
	b.until("the worker says that mail fails", func() bool {
		var status int
		status, body = b.health("/api/health/worker")
		return status == http.StatusServiceUnavailable
	})
	var answer map[string]string
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer["mail"] != "unhealthy" || answer["database"] != "healthy" || answer["status"] != "unhealthy" {
		t.Errorf("%s (%v)", body, err)
	}
	if status, body := b.health("/api/health/live"); status != http.StatusOK {
		t.Errorf("liveness: %d %s; to start it anew would not bring the mail server back", status, body)
	}
	away.Store(false)
	b.Exec(`update mail_outbox set next_at = now() where state = 'queued'`)
	b.until("the worker is healthy again", func() bool { status, _ := b.health("/api/health/worker"); return status == http.StatusOK })
	b.server.Wait(t, 1)
}

func TestAMailServerThatIsDownAtTheStart(t *testing.T) {
	t.Parallel()
	b := newMailbox(t)
	_, port, _ := net.SplitHostPort(freePort(t))
	b.run(map[string]string{"SMTP_PORT": port}, nil)
	b.until("it answers", func() bool {
		status, _ := b.health("/api/health/worker")
		return status == http.StatusServiceUnavailable
	})
}

func TestSettingsThatTheMailServerRefuses(t *testing.T) {
	t.Parallel()
	b := newMailbox(t)
	for name, change := range map[string]map[string]string{
		"a wrong password":         {"SMTP_PASSWORD": "guess"},
		"a certificate of nobody":  {"SMTP_CA": ""},
		"an authority of somebody": {"SMTP_CA": smtptest.New(t, smtptest.StartTLS).CA},
	} {
		cfg, err := loadWorker(webtest.Environment(b.vars(change)))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if err := runWorker(ctx, cfg, only(nil), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "SMTP_") || strings.Contains(err.Error(), "guess") {
			t.Errorf("%s: production started, or said %v", name, err)
		}
		cancel()
	}
	b.run(map[string]string{"OPENHOUSE_ENV": "development", "SMTP_PASSWORD": "guess"}, nil)
	b.until("development answers", func() bool {
		status, _ := b.health("/api/health/worker")
		return status == http.StatusServiceUnavailable
	})
}

func TestWithoutAMailServerMailStaysInTheOutbox(t *testing.T) {
	t.Parallel()
	b := newMailbox(t)
	b.post()
	none := map[string]string{"OPENHOUSE_ENV": "development"}
	for name := range b.server.Vars() {
		none[name] = ""
	}
	b.run(none, nil)
	var body string
	b.until("it is healthy", func() bool {
		var status int
		status, body = b.health("/api/health/worker")
		return status == http.StatusOK
	})
	if !strings.Contains(body, `"mail":"off"`) || b.state() != "queued0" {
		t.Errorf("%s, the mail is %s", body, b.state())
	}
}

// The moment between sending and noting: the mail server has taken the message when the worker is killed. Nobody can
// know that, so the next worker sends it again. It is the same message to the byte, with the same Message-ID, by which
// mail programs show it once.
func TestAWorkerKilledBetweenSendingAndNoting(t *testing.T) {
	t.Parallel()
	b := newMailbox(t)
	victims := make(chan *exec.Cmd, 1)
	var killed atomic.Bool
	b.server.Data = func(smtptest.Message) error {
		if victim := <-victims; victim != nil {
			_ = victim.Process.Kill()
			killed.Store(victim.Wait() != nil)
		}
		return nil // taken, though nobody hears it
	}
	b.post()
	victims <- b.start()
	b.server.Wait(t, 1)
	if !killed.Load() || b.state() != "sending1" {
		t.Fatalf("killed: %t, the mail is %s", killed.Load(), b.state())
	}
	close(victims)
	b.Exec(`update mail_outbox set next_at = now()`) // the lease is over
	b.start()
	b.until("the next worker has noted it", func() bool { return b.state() == "sent2" })
	taken := b.server.Taken()
	if len(taken) != 2 || taken[0].Text != taken[1].Text || taken[0].Header(t, "Message-Id") == "" {
		t.Errorf("%d letters, the same: %t", len(taken), len(taken) == 2 && taken[0].Text == taken[1].Text)
	}
}

func TestAWorkerKilledBeforeItSends(t *testing.T) {
	t.Parallel()
	b := newMailbox(t)
	victims := make(chan *exec.Cmd, 1)
	dead := make(chan struct{})
	b.server.Rcpt = func(string) error {
		if victim := <-victims; victim != nil {
			_ = victim.Process.Kill()
			_ = victim.Wait()
			close(dead)
		}
		return nil
	}
	b.post()
	victims <- b.start()
	<-dead
	close(victims)
	b.Exec(`update mail_outbox set next_at = now()`) // the lease is over
	b.start()
	b.until("the next worker has sent it", func() bool { return b.state() == "sent2" })
	if n := len(b.server.Taken()); n != 1 {
		t.Errorf("%d letters", n)
	}
}

// SIGTERM in the middle of a message: it is sent, noted, and the worker ends in order.
func TestAWorkerThatIsToldToStopFinishes(t *testing.T) {
	t.Parallel()
	b := newMailbox(t)
	workers := make(chan *exec.Cmd, 1)
	b.server.Data = func(smtptest.Message) error {
		w := <-workers
		if err := w.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		b.until("it drains", func() bool {
			status, body := b.health("/api/health/worker")
			return status == 0 || strings.Contains(body, "draining")
		})
		return nil
	}
	b.post()
	w := b.start()
	workers <- w
	if err := w.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if n := len(b.server.Taken()); n != 1 || b.state() != "sent1" {
		t.Errorf("%d letters, the mail is %s", n, b.state())
	}
}

func TestTheWorkersCommandLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	lookup, environ := webtest.Environment(map[string]string{})
	if code := worker([]string{"now"}, lookup, environ, &out, &out); code != startup.ExitUsage || !strings.Contains(out.String(), "-check") {
		t.Errorf("code %d, %s", code, out.String())
	}
	out.Reset()
	if code := worker(nil, lookup, environ, &out, &out); code != startup.ExitUsage || !strings.Contains(out.String(), "DATABASE_URL") {
		t.Errorf("code %d, %s", code, out.String())
	}
}
