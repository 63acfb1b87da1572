package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

// What a request goes through, step by step, as four witnesses see it: the client, the portal's handler, the pool's
// observer, and the wire to Postgres. The numbers are those of the normal request flow:
//
//  1. a request arrives at the route's handler
//  2. the handler asks for rows
//  3. the pool assigns an idle connection
//  4. the statement runs on it
//  5. the connection goes back to the idle ones
//  6. the response is sent, the request is complete
const (
	arrived  = "1 the request arrives"
	verified = "  the token is verified"
	read     = "2 read for "
	write    = "2 write for "
	acquired = "3 a connection is assigned"
	asked    = "4 statement "
	commit   = "  it is committed"
	released = "5 the connection goes back"
	answered = "6 the response begins"
	complete = "  the client has the last byte"
)

// journal is one list of what all witnesses saw.
type journal struct {
	mu       sync.Mutex
	lines    []string
	backends map[uint32]bool // that did the work
}

func (j *journal) note(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

// observe is the pool's witness. The operation's context says whose request it belongs to: the token was verified and
// the route's guard passed before any connection was asked for.
func (j *journal) observe(ctx context.Context, o db.Observation) {
	switch o.Step {
	case db.StepAcquired:
		who, _ := web.PrincipalFrom(ctx)
		j.note(fmt.Sprintf("2 %s for %s on %s", o.Op, who.Role, chi.RouteContext(ctx).RoutePattern()))
		j.note(acquired)
	case db.StepStatement:
		j.note(asked + nameOf(o.SQL))
	case db.StepCommitted:
		j.note(commit)
	case db.StepReleased:
		j.note(released)
	default:
		j.note(string(o.Step))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.backends[o.Backend] = true
}

// take returns what was noted since the last time.
func (j *journal) take() (lines []string, backends map[uint32]bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines, backends = j.lines, j.backends
	j.lines, j.backends = nil, map[uint32]bool{}
	return lines, backends
}

// witnessed is a site whose requests leave a journal, and somebody who may make developments.
type witnessed struct {
	*site
	person  person
	journal *journal
	wire    *wire
}

func newWitnessed(t *testing.T) *witnessed {
	t.Helper()
	w := &witnessed{journal: &journal{backends: map[uint32]bool{}}}
	w.site = newSiteWith(t, seams{
		settings: func(vars map[string]string) {
			w.wire = newWire(t, vars["DATABASE_URL"])
			vars["DATABASE_URL"] = w.wire.url
			vars["DB_POOL_MAX"] = "1" // so that it is known which connection comes next
		},
		observer: w.journal.observe,
		// The verifier asks for the time once it has found the signature good.
		clock: func() time.Time {
			w.noteIdle(verified)
			return time.Now()
		},
		around: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				w.noteIdle(arrived)
				next.ServeHTTP(&firstByte{ResponseWriter: rw, begins: func() { w.noteIdle(answered) }}, r)
			})
		},
	})
	w.person = w.addStaff(w.company, auth.RoleDeveloper)
	w.addDevelopment(w.company, "Longview Park")
	// Statements are prepared once on a connection, which costs a trip that later requests don't make.
	for range 2 {
		w.person.Get("/api/developments").Is(t, http.StatusOK)
		w.person.Get("/developments").Is(t, http.StatusOK)
		w.create(uuid.NewString()).Is(t, http.StatusCreated)
	}
	w.forget()
	return w
}

func (w *witnessed) create(name string) webtest.Answer {
	w.t.Helper()
	return w.person.PostJSON("/api/developments", map[string]string{"name": name}, "Idempotency-Key", uuid.NewString())
}

func (w *witnessed) forget() {
	w.journal.take()
	w.wire.take()
}

// noteIdle notes a moment at which no connection may be held.
func (w *witnessed) noteIdle(line string) {
	if s := w.base.Pool.GetPoolStats(); s.IdleCount != s.TotalCount || s.WaitingCount != 0 {
		line += fmt.Sprintf(", with %d of %d connections held and %d waiting", s.TotalCount-s.IdleCount, s.TotalCount, s.WaitingCount)
	}
	w.journal.note(line)
}

// firstByte tells when the response begins.
type firstByte struct {
	http.ResponseWriter
	once   sync.Once
	begins func()
}

func (f *firstByte) WriteHeader(status int) {
	f.once.Do(f.begins)
	f.ResponseWriter.WriteHeader(status)
}

func (f *firstByte) Write(b []byte) (int, error) {
	f.once.Do(f.begins)
	return f.ResponseWriter.Write(b)
}

func (f *firstByte) Unwrap() http.ResponseWriter { return f.ResponseWriter }

// expect compares journal and wire with what a request should have left, and makes sure that it went through a
// connection that was idle before and is idle again.
func (w *witnessed) expect(t *testing.T, ask func() webtest.Answer, journal []string, trips [][]string) {
	t.Helper()
	before := w.base.Pool.GetPoolStats()
	idle := w.connections()
	ask()
	w.noteIdle(complete)
	lines, backends := w.journal.take()
	if diff := cmp.Diff(journal, lines); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(trips, w.wire.take()); diff != "" {
		t.Errorf("trips to Postgres, and what each carries (-want +got):\n%s", diff)
	}
	if after := w.base.Pool.GetPoolStats(); after != before || after.IdleCount != after.TotalCount || after.WaitingCount != 0 {
		t.Errorf("the pool was %+v and is %+v", before, after)
	}
	for pid := range backends {
		if !slices.Contains(idle, pid) {
			t.Errorf("backend %d was not there before: the connection was dialled for this request (idle were %v)", pid, idle)
		}
	}
}

// connections are the backends that serve the portal's login now.
func (w *witnessed) connections() []uint32 {
	return pgtest.Value[[]uint32](w.db, `select array_agg(pid::bigint) from pg_stat_activity
		where datname = current_database() and usename = 'openhouse_developer_portal'`)
}

func TestAReadGoesThroughTheSixSteps(t *testing.T) {
	t.Parallel()
	w := newWitnessed(t)
	w.expect(t, func() webtest.Answer {
		return w.person.Get("/api/developments").Is(t, http.StatusOK).Says(t, "Longview Park")
	},
		[]string{
			arrived, verified,
			read + "developer on /api/developments", acquired, asked + "ListDevelopments", released,
			answered, complete,
		},
		[][]string{{"scope", "StaffGuard", "ListDevelopments"}})
	// The page reads once more, for the names in its frame. It holds nothing in between.
	w.expect(t, func() webtest.Answer {
		return w.person.Get("/developments").Is(t, http.StatusOK).Says(t, "Longview Park")
	},
		[]string{
			arrived, verified,
			read + "developer on /developments", acquired, asked + "ListDevelopments", released,
			read + "developer on /developments", acquired, asked + "Frame", released,
			answered, complete,
		},
		[][]string{{"scope", "StaffGuard", "ListDevelopments"}, {"scope", "StaffGuard", "Frame"}})
}

func TestAWriteGoesThroughTheSixSteps(t *testing.T) {
	t.Parallel()
	w := newWitnessed(t)
	w.expect(t, func() webtest.Answer { return w.create("Mill Quarter").Is(t, http.StatusCreated) },
		[]string{
			arrived, verified,
			write + "developer on /api/developments", acquired,
			asked + "insert into idempotency_keys", asked + "Frame", asked + "InsertDevelopment",
			asked + "update idempotency_keys set", // with the entry of the audit log in the same batch
			commit, released,
			answered, complete,
		},
		[][]string{
			{"begin", "select pg_current_xact_id()::text", "scope", "StaffGuard", "insert into idempotency_keys"},
			{"Frame"},
			{"InsertDevelopment"},
			{"update idempotency_keys set", "insert into audit_log"},
			{"commit"},
		})
	const noted = `select count(*) from audit_log a join developments d on d.id = a.object_id
		where a.action = 'development.create' and d.name = 'Mill Quarter' and a.actor_id = $1`
	if n := pgtest.Value[int](w.db, noted, w.person.id); n != 1 {
		t.Errorf("%d entries in the audit log", n)
	}
}

// What may not come in is turned away at the door: the pool is not asked, and Postgres hears nothing.
func TestARefusedRequestUsesNoConnection(t *testing.T) {
	t.Parallel()
	w := newWitnessed(t)
	who := auth.Principal{
		Subject: w.person.id, TenantID: w.company, SessionID: w.person.session, Role: auth.RoleDeveloper, Expires: time.Now().Add(time.Hour),
	}
	yesterday := func() time.Time { return time.Now().Add(-24 * time.Hour) }
	past, err := auth.NewIssuer(w.keys.Name, w.public, w.keys.Key, auth.WithClock(yesterday))
	if err != nil {
		t.Fatal(err)
	}
	old := who
	old.Expires = yesterday().Add(time.Hour)
	expired, err := past.Issue(old)
	if err != nil {
		t.Fatal(err)
	}
	good := w.person.Token
	body := strings.Index(good, ".") + 10
	for name, test := range map[string]struct {
		token    string
		verifies bool // as far as its time
	}{
		"no token":                {"", false},
		"rubbish":                 {"abc.def.ghi", false},
		"a changed one":           {good[:body] + string(good[body]^1) + good[body+1:], false},
		"one without a signature": {good[:strings.LastIndex(good, ".")+1], false},
		"an expired one":          {expired, true},
		"the other portal's":      {webtest.NewPortal(t, auth.PortalTenant, w.public).Token(t, auth.RoleResident), false},
		"another key's":           {webtest.NewPortal(t, auth.PortalDeveloper, w.public).Token(t, auth.RoleAdmin), false},
	} {
		t.Run(name, func(t *testing.T) {
			c := w.client()
			c.Token = test.token
			steps := []string{arrived, answered, complete}
			if test.verifies {
				steps = []string{arrived, verified, answered, complete}
			}
			w.expect(t, func() webtest.Answer { return c.Get("/api/developments").Is(t, http.StatusUnauthorized) }, steps, nil)
			w.expect(t, func() webtest.Answer {
				return c.PostJSON("/api/developments", map[string]string{"name": "Nobody's"}).Is(t, http.StatusUnauthorized)
			}, steps, nil)
		})
	}
	t.Run("too low a role", func(t *testing.T) {
		viewer := w.addStaff(w.company, auth.RoleViewer)
		w.expect(t, func() webtest.Answer {
			return viewer.PostJSON("/api/developments", map[string]string{"name": "A viewer's"}).Is(t, http.StatusForbidden)
		}, []string{arrived, verified, answered, complete}, nil)
	})
}
