package fault

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"

	"openhouse.example/tests/stack"
)

// expect asks the portal once and compares status and code.
func (l *lab) expect(a answer, status int, code string) {
	l.t.Helper()
	if a.status != status || a.cause != code {
		l.t.Errorf("the portal answers %d %s, want %d %q", a.status, a.body, status, code)
	}
}

// healthy waits for the health route to say yes, or no.
func (l *lab) healthy(want bool, limit time.Duration) time.Duration {
	l.t.Helper()
	status := map[bool]int{true: http.StatusOK, false: http.StatusServiceUnavailable}[want]
	return stack.Eventually(l.t, limit, fmt.Sprintf("the health route to say %d", status), func() bool {
		got, _ := l.stack.Developer.Health()
		return got == status
	})
}

// TestLoginRefused is F16: the password is changed, the login is forbidden, or the database disappears, while the
// portal runs. What is open keeps serving; then the answer is a quick no, the portal tries again now and then, and is
// back by itself.
func TestLoginRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t, labOptions{server: pgtest.Server(t)})
	secret := look[string](l, "select rolpassword from pg_authid where rolname = $1", developer)
	peers := map[string]string{}
	for _, c := range l.contestants[1:] {
		peers[c.login] = look[string](l, "select rolpassword from pg_authid where rolname = $1", c.login)
	}
	everyLogin := func(change string) {
		for _, c := range l.contestants {
			l.sql(fmt.Sprintf("alter role %s %s", c.login, change))
		}
	}
	for _, c := range []struct {
		what             string
		forbid, allow    func()
		servesUntilEnded bool
	}{
		{
			"the password is changed", func() { everyLogin("password 'another'") },
			func() {
				l.sql(fmt.Sprintf("alter role %s password '%s'", developer, secret))
				for login, secret := range peers {
					l.sql(fmt.Sprintf("alter role %s password '%s'", login, secret))
				}
			}, true,
		},
		{"the login is forbidden", func() { everyLogin("nologin") }, func() { everyLogin("login") }, true},
		{
			"the database is gone", func() { l.renameDatabase(l.stack.DB.Name, "elsewhere") },
			func() { l.renameDatabase("elsewhere", l.stack.DB.Name) }, false,
		},
	} {
		t.Run(strings.ReplaceAll(c.what, " ", "-"), func(t *testing.T) {
			l.t = t
			l.warm()
			c.forbid()
			if c.servesUntilEnded {
				if got := l.storm(l.contestants[0], 50); got.causes[""] != 50 {
					t.Errorf("open connections go on working, but of 50 reads: %s", got)
				}
				if status, body := l.stack.Developer.Health(); status != http.StatusOK {
					t.Errorf("while they work the health route says %d %s", status, body)
				}
				l.endBackends(1000)
				l.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", developer) // the probe's too
			}
			l.healthy(false, 10*time.Second)
			window, before := stack.Scaled(2*time.Second, 5*time.Second), l.dials()
			loads := make([]*load, len(l.contestants))
			for i, c := range l.contestants {
				loads[i] = startLoad(readers, readPause, l.reader(c).ask)
			}
			time.Sleep(window)
			dialled := l.dials()
			say := make([]string, len(loads))
			for i := range loads {
				got := summarise(loads[i].stop(), moments{})
				dials := float64(dialled[i]-before[i]) / window.Seconds()
				say[i] = fmt.Sprintf("%d of %d failed, worst %s, %.1f dials/s", got.Failed, got.Requests, milliseconds(got.Worst), dials)
				if i > 0 {
					continue
				}
				if got.Causes[unavailable] != got.Requests {
					t.Errorf("of %d requests: %v, want %q for each", got.Requests, got.Causes, unavailable)
				}
				if limit := time.Second; stack.Full() && got.Worst > limit {
					t.Errorf("a refusal took %v, at most %v", round(got.Worst), limit)
				}
				if dials > 1.5 {
					t.Errorf("%.1f dials a second, at most 1", dials)
				}
			}
			c.allow()
			took := l.healthy(true, 20*time.Second)
			if limit := 2500 * time.Millisecond; stack.Full() && took > limit {
				t.Errorf("ready again after %v, at most %v", round(took), limit)
			}
			l.expect(l.get(l.contestants[0]), http.StatusOK, "")
			report.note(fact{"F16", c.what + ": what 16 readers see, and how often it is dialled", say[0] + "; ready again after " + milliseconds(took), say[1], say[2]})
		})
	}
	l.t = t
	select {
	case <-l.stack.Developer.Ended():
		t.Error("the portal has ended")
	default:
	}
}

func (l *lab) dials() []int64 {
	n := make([]int64, len(l.contestants))
	for i, c := range l.contestants {
		n[i] = c.proxy.Accepted()
	}
	return n
}

// renameDatabase ends everybody who is connected to it.
func (l *lab) renameDatabase(from, to string) {
	l.t.Helper()
	conn := l.maintenance()
	defer func() { _ = conn.Close(l.t.Context()) }()
	for _, statement := range []string{
		fmt.Sprintf("alter database %q allow_connections false", from),
		fmt.Sprintf("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '%s'", from),
		fmt.Sprintf("alter database %q rename to %q", from, to),
		fmt.Sprintf("alter database %q allow_connections true", to),
	} {
		if _, err := conn.Exec(l.t.Context(), statement); err != nil {
			l.t.Fatalf("%v\nin %s", err, statement)
		}
	}
}

// TestLockWait is F23: somebody holds rows for longer than the lock's limit of 3 s. Who wants one is told so then,
// others notice nothing.
func TestLockWait(t *testing.T) {
	t.Parallel()
	l := newLab(t, labOptions{server: common.use(t), alone: true})
	portal := l.contestants[0]
	const at = 5
	rows := look[[]string](l, "select array_agg(id::text) from (select id from developments where tenant_id = $1 order by name limit $2) d", l.read.ID, at)
	lift := l.lock("select from developments for update")
	others := startLoad(readers, readPause, l.reader(portal).ask)
	blocked := allAtOnce(at, func(i int) string { return l.change(portal.url + "/" + rows[i]).cause })
	events := others.stop()
	lift()
	if blocked.causes[lockTimeout] != at {
		t.Errorf("%d changes of rows that are held: %s, want %q for each", at, blocked, lockTimeout)
	}
	if blocked.best < 2900*time.Millisecond || blocked.worst > stack.Scaled(8*time.Second, 4*time.Second) {
		t.Errorf("they were answered after %v to %v, want 3 s", round(blocked.best), round(blocked.worst))
	}
	got := summarise(events, moments{})
	if got.Failed > 0 {
		t.Errorf("of %d other requests: %v", got.Requests, got.Causes)
	}
	if limit := 500 * time.Millisecond; stack.Full() && got.Worst > limit {
		t.Errorf("another request took %v, at most %v", round(got.Worst), limit)
	}
	if a := l.change(portal.url + "/" + rows[0]); a.cause != "" {
		t.Errorf("when the row is free, the change is answered %d %s", a.status, a.body)
	}
	report.note(fact{"F23", "5 changes of rows that somebody holds, and other reads meanwhile", fmt.Sprintf("%s after %s; %d of %d others failed, worst %s",
		blocked, milliseconds(blocked.median), got.Failed, got.Requests, milliseconds(got.Worst)), "", ""})
}

// change changes one development.
func (l *lab) change(address string) answer {
	header := l.reading.Clone()
	header.Set("Content-Type", "application/json")
	current := send(l.client, http.MethodGet, address, l.reading, "")
	version := between(string(current.body), `"updatedAt":"`, `"`)
	return send(l.client, http.MethodPost, address, header, fmt.Sprintf(`{"address":"1 Quay Street","version":%q}`, version))
}

// between is what stands between two texts.
func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}

// TestStatementTimeout is F26: a statement that takes longer than the login may is ended by the server. It isn't tried
// again, and its connection is used further.
func TestStatementTimeout(t *testing.T) {
	t.Parallel()
	const at = 10
	limit := stack.Scaled(2*time.Second, 10*time.Second)
	l := newLab(t, labOptions{server: common.use(t), alone: true, env: []string{fmt.Sprintf("DB_POOL_MIN=%d", at)}, before: func(db *pgtest.DB) {
		limits(db, "lock_timeout = 0", fmt.Sprintf("statement_timeout = %d", limit.Milliseconds()))
	}})
	portal := l.contestants[0]
	before := portal.proxy.Accepted()
	lift := l.lock("lock table developments in access exclusive mode")
	got := l.storm(portal, at)
	lift()
	if got.causes[queryTimeout] != at {
		t.Errorf("%d statements that take too long: %s, want %q for each", at, got, queryTimeout)
	}
	if got.best < limit-100*time.Millisecond || got.worst > 2*limit-100*time.Millisecond {
		t.Errorf("they were answered after %v to %v, want %v; twice that would be a second try", round(got.best), round(got.worst), limit)
	}
	if again := l.storm(portal, at); again.causes[""] != at {
		t.Errorf("after it: %s", again)
	}
	if opened := portal.proxy.Accepted() - before; opened > 0 {
		t.Errorf("%d connections were opened: those that timed out were not used further", opened)
	}
	report.note(fact{"F26", "10 statements beyond the login's limit", fmt.Sprintf("%s after %s, connections used further", got, milliseconds(got.median)), "", ""})
}
