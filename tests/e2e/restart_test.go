package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

// tally is what became of many requests.
type tally struct {
	ok, refused, held atomic.Int64 // held: succeeded, after more than a second
	wrong             atomic.Pointer[string]
}

// judge takes the outcome of one request; true is a success.
func (c *tally) judge(took time.Duration, status int, body string, err error) bool {
	switch {
	case err == nil && status >= 200 && status < 300:
		c.ok.Add(1)
		if took > time.Second {
			c.held.Add(1)
		}
		return true
	case err == nil && status == http.StatusServiceUnavailable && driverText(body) == "" &&
		(strings.Contains(body, `"database_unavailable"`) || strings.Contains(body, `"commit_unknown"`)):
		c.refused.Add(1)
	default:
		text := fmt.Sprintf("after %v: %d %s %s", took.Round(time.Millisecond), status, body, errorText(err))
		c.wrong.CompareAndSwap(nil, &text)
	}
	return false
}

func (c *tally) report(t testing.TB, who string) {
	t.Helper()
	t.Logf("%s: %d succeeded (%d of them held for more than a second), %d refused", who, c.ok.Load(), c.held.Load(), c.refused.Load())
	if wrong := c.wrong.Load(); wrong != nil {
		t.Errorf("%s: %s", who, *wrong)
	}
}

// read keeps asking until ctx ends.
func (c *tally) read(ctx context.Context, from *caller) {
	for ctx.Err() == nil {
		begin := time.Now()
		status, body, err := from.get(context.WithoutCancel(ctx))
		c.judge(time.Since(begin), status, body, err)
		time.Sleep(2 * time.Millisecond) // people and programs pause; so that one core is left for the server
	}
}

// writes are developments that were asked for, each under a key of its own.
type writes struct {
	tally
	mu   sync.Mutex
	made map[string]string // key to id; "" = no answer that says so
}

func (w *writes) create(ctx context.Context, c *caller, key string) (id string, ok bool) {
	begin := time.Now()
	status, body, err := c.send(context.WithoutCancel(ctx), http.MethodPost, c.url, fmt.Sprintf(`{"name": "Made under %s"}`, key), "Idempotency-Key", key)
	if !w.judge(time.Since(begin), status, body, err) {
		return "", false
	}
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(body), &made); err != nil || made.ID == "" {
		text := "no id in " + body
		w.wrong.CompareAndSwap(nil, &text)
	}
	return made.ID, true
}

// write keeps making developments until ctx ends.
func (w *writes) write(ctx context.Context, c *caller, who int) {
	for n := 0; ctx.Err() == nil; n++ {
		key := fmt.Sprintf("writer-%d-%d", who, n)
		id, _ := w.create(ctx, c, key)
		w.mu.Lock()
		w.made[key] = id
		w.mu.Unlock()
		time.Sleep(5 * time.Millisecond)
	}
}

// TestPostgresRestart stops and starts the server in the middle of everything: requests are held and succeed or end
// in a 503 of ours, readiness says so within 3 s and takes it back without a restart, and no write is lost or done
// twice.
func TestPostgresRestart(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	s := stack.Start(t, pgtest.NewOn(t, server), stack.Options{})
	company := s.NewCompany("Harbour Homes")
	token := s.Token(t, company)
	resident, _ := s.NewResident(t, company)
	pids := [2]int{s.Developer.PID(), s.Tenant.PID()}

	staff, residents, made := &tally{}, &tally{}, &writes{made: map[string]string{}}
	ctx, end := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for i := range 4 {
		clients.Go(func() { staff.read(ctx, newCaller(t, s.Developer, developmentsPath, token, 1)) })
		clients.Go(func() { residents.read(ctx, newCaller(t, s.Tenant, "/api/home", resident, 1)) })
		clients.Go(func() { made.write(ctx, newCaller(t, s.Developer, developmentsPath, token, 1), i) })
	}
	waitFor(t, "some load", func() bool { return staff.ok.Load() > 20 && residents.ok.Load() > 20 && made.ok.Load() > 20 })

	halted := time.Now()
	if err := server.Halt(pgdev.Fast); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*stack.Portal{s.Developer, s.Tenant} {
		status, body := await(t, p, func(status int, _ string) bool { return status != http.StatusOK })
		if took := time.Since(halted); status != http.StatusServiceUnavailable || !strings.Contains(body, `"unhealthy"`) || took > 3*time.Second {
			t.Errorf("%s: after %v the health route answers %d %s", p.Name, took, status, body)
		}
		if leak := driverText(body); leak != "" {
			t.Errorf("%s tells the world %q: %s", p.Name, leak, body)
		}
	}
	waitFor(t, "an outage of 3 s", func() bool { return time.Since(halted) > 3*time.Second })
	resume, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := server.Resume(resume); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	for _, p := range []*stack.Portal{s.Developer, s.Tenant} {
		await(t, p, func(status int, _ string) bool { return status == http.StatusOK })
		t.Logf("%s is ready again %v after the server", p.Name, time.Since(back).Round(time.Millisecond))
	}
	before := [3]int64{staff.ok.Load(), residents.ok.Load(), made.ok.Load()}
	waitFor(t, "life as before", func() bool {
		return staff.ok.Load() > before[0]+20 && residents.ok.Load() > before[1]+20 && made.ok.Load() > before[2]+20
	})
	end()
	clients.Wait()

	staff.report(t, "staff reading")
	residents.report(t, "residents reading")
	made.report(t, "staff writing")
	// The outage was shorter than the 5 s for which a request waits.
	if staff.held.Load() == 0 || residents.held.Load() == 0 || made.held.Load() == 0 {
		t.Error("no request was held until the database was back")
	}
	if n := staff.refused.Load() + residents.refused.Load(); n > 0 {
		t.Errorf("%d reads were refused in an outage of 3 s", n)
	}
	if s.Developer.PID() != pids[0] || s.Tenant.PID() != pids[1] {
		t.Error("a portal was restarted")
	}
	made.settle(t, s, token)
}

// settle repeats every write under its key, and then looks whether each was done once.
func (w *writes) settle(t *testing.T, s *stack.Stack, token string) {
	t.Helper()
	again := newCaller(t, s.Developer, developmentsPath, token, 1)
	for key, id := range w.made {
		repeated, ok := w.create(t.Context(), again, key)
		if !ok {
			t.Fatalf("%s can't be repeated: %v", key, w.wrong.Load())
		}
		if id != "" && repeated != id {
			t.Errorf("%s made %s, and its repetition %s", key, id, repeated)
		}
		w.made[key] = repeated
	}
	stored := lookUp[map[string]string](t, s.DB, "select coalesce(json_object_agg(name, id), '{}') from developments where name like 'Made under %'")
	for key, id := range w.made {
		if stored["Made under "+key] != id {
			t.Errorf("%s was answered with %s, stored is %s", key, id, stored["Made under "+key])
		}
	}
	if n := lookUp[int](t, s.DB, "select count(*) from developments where name like 'Made under %'"); n != len(w.made) {
		t.Errorf("%d developments for %d requests", n, len(w.made))
	}
	if n := lookUp[int](t, s.DB, "select count(*) from audit_log where action = 'development.create'"); n != len(w.made) {
		t.Errorf("%d audit entries for %d requests", n, len(w.made))
	}
}

// TestLongOutage: when the database stays away, people see a page of ours that tries again by itself, programs a
// code, a form that was sent meanwhile can be sent again and is done once, and the log knows what happened.
func TestLongOutage(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	s := stack.Start(t, pgtest.NewOn(t, server), stack.Options{Env: []string{"DB_POOL_CONN_TIMEOUT_MS=700"}})
	company := s.NewCompany("Harbour Homes")
	staff := signIn(t, s, company.Email)
	secret := staff.Cookie("oh_staff")
	resident := visit.New(t, s.Tenant.URL)
	resident.Token, _ = s.NewResident(t, company)
	form := staff.Form(staff.Get("/developments/new").Want(200), "/developments").Set("name", "Longview Park")

	if err := server.Halt(pgdev.Fast); err != nil {
		t.Fatal(err)
	}
	for name, page := range map[string]*visit.Answer{
		"staff": staff.Get("/developments?q=buyer00014@example.org"), "resident": resident.Get("/"), "signing in": visit.New(t, s.Tenant.URL).Get("/link/" + strings.Repeat("A", 43)),
	} {
		page.Want(http.StatusServiceUnavailable).Says("Back in a moment", "tries again by itself", "Nothing is lost")
		wantAll(t, string(page.Body), `http-equiv="refresh"`)
		if leak := driverText(page.Text()); leak != "" {
			t.Errorf("%s: the page says %q: %s", name, leak, page.Text())
		}
		if page.Header.Get("Retry-After") == "" || page.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: header %v", name, page.Header)
		}
	}
	answer := staff.JSON(http.MethodGet, "/api/developments", nil).Want(http.StatusServiceUnavailable)
	if errorCode(t, string(answer.Body)) != "database_unavailable" || driverText(string(answer.Body)) != "" {
		t.Errorf("programs are told %s", answer.Body)
	}
	for range 40 { // a crowd meets the same outage
		staff.JSON(http.MethodGet, "/api/developments", nil).Want(http.StatusServiceUnavailable)
	}
	refused := form.Send().Want(http.StatusServiceUnavailable).Says("send it again")
	wantNone(t, string(refused.Body), `http-equiv="refresh"`) // a form is never sent again by itself
	visit.New(t, s.Developer.URL).Get("/sign-in").Want(http.StatusOK)

	log := s.Developer.Log()
	line := logLine(log, "code=database_unavailable")
	wantAll(t, line, "time=", "level=ERROR", "route=/developments", "poolStats.totalCount=", "poolStats.idleCount=", "poolStats.waitingCount=", "request_id=")
	wantNone(t, log, secret, "buyer00014", company.Email, stack.Password, "postgres://")
	wantNone(t, s.Tenant.Log(), resident.Token, strings.Repeat("A", 43), "postgres://")

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := server.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	s.Developer.AwaitReady()
	waitFor(t, "the crowd's line of log", func() bool {
		return strings.Contains(s.Developer.Log(), `msg="request failed, as others did"`)
	})
	log = s.Developer.Log()
	for text, want := range map[string]int{
		`msg="database is away"`: 1, `msg="database is back"`: 1, // one line for each change of state
		`msg="request failed" portal=`: 3, // a page, a program's and a form's: one for each route
	} {
		if n := strings.Count(log, text); n != want {
			t.Errorf("%d lines with %s, want %d:\n%s", n, text, want, log)
		}
	}
	wantAll(t, logLine(log, "as others did"), "code=database_unavailable", "route=/api/developments", "repeated=40", "poolStats.waitingCount=")
	form.Send().Want(http.StatusOK).Says("Longview Park")
	form.Send().Want(http.StatusOK).Says("Longview Park")
	if n := lookUp[int](t, s.DB, "select count(*) from developments where name = 'Longview Park'"); n != 1 {
		t.Errorf("the form was sent three times and made %d developments", n)
	}
}

// TestRestartDuringCommit: the server crashes while an import is being saved; when it is back the import is saved, all
// of it and once.
func TestRestartDuringCommit(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	s := stack.Start(t, pgtest.NewOn(t, server), stack.Options{})
	staff := signIn(t, s, s.NewCompany("Harbour Homes").Email)
	development := createDevelopment(t, staff, "Longview Park")
	const rows = 3000
	file := strings.Builder{}
	file.WriteString("unit,address,type\n")
	for n := range rows {
		fmt.Fprintf(&file, "%d,%d Mill Road,B\n", n+1, n+1)
	}
	address, _ := preview(t, staff, development, "many.csv", []byte(file.String()))
	form := staff.Form(staff.Get(address).Want(200), "/commit")
	request, sent := form.Request(), make(chan struct{})
	go func() { defer close(sent); staff.DoOnce(request) }()
	waitFor(t, "the saving to begin", func() bool {
		return lookUp[string](t, s.DB, "select state from imports") == "committing" || lookUp[int](t, s.DB, "select count(*) from units") > 0
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := server.Restart(ctx, pgdev.Immediate); err != nil {
		t.Fatal(err)
	}
	<-sent
	s.Developer.AwaitReady()
	wantCounts(t, settled(t, staff, address), fmt.Sprintf("committed: %d rows, %d new, 0 changed, 0 unchanged, 0 errors", rows, rows))
	if n := lookUp[int](t, s.DB, "select count(*) from units"); n != rows {
		t.Errorf("%d homes, the file has %d", n, rows)
	}
	if n := lookUp[int](t, s.DB, "select count(*) from audit_log where action = 'import.commit'"); n != 1 {
		t.Errorf("the audit log has %d entries of it", n)
	}
}
