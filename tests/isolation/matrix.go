package isolation

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"openhouse.example/tests/isolation/tries"
)

// matrix is one run over the routes of one world.
type matrix struct {
	w         *World
	t         testing.TB
	routes    []Route
	report    *tries.Report
	transport *http.Transport
	tokens    map[string]string          // by person
	forms     map[string]map[string]form // by person and pattern
	filters   map[string][]string        // by portal and pattern
	quick     bool                       // the few attempts of each class that a hole needs

	mu   sync.Mutex
	read map[string]int // how often something of one's own was read out of which kind of file
}

func newMatrix(t testing.TB, w *World, routes []Route, report *tries.Report) *matrix {
	t.Helper()
	m := &matrix{
		w: w, t: t, routes: routes, report: report, transport: newTransport(), tokens: map[string]string{},
		forms: map[string]map[string]form{}, filters: map[string][]string{}, read: map[string]int{},
	}
	t.Cleanup(m.transport.CloseIdleConnections)
	for _, p := range people {
		m.tokens[p.Name] = w.token(t, p)
	}
	return m
}

// admits reports whether the guard in the list lets the person through.
func (r Route) admits(p Person) bool {
	return p.Portal == r.Portal && (r.Roles == nil || slices.Contains(r.Roles, p.Role))
}

// standing is what a person is to a route.
type standing int

const (
	outside   standing = iota // no session here: 401, or to the form where one signs in
	forbidden                 // a session of a role that may not: 403
	inside                    // may ask, for what is theirs
	open                      // nobody guards it
)

func (r Route) standing(p Person) standing {
	switch {
	case r.Roles == nil:
		return open
	case p.Portal != r.Portal:
		return outside
	case !slices.Contains(r.Roles, p.Role):
		return forbidden
	case p.Dead:
		return outside
	}
	return inside
}

// fits reports whether an answer is what a person's standing asks for. Nothing is said about those who may ask.
func (s standing) fits(a answer) bool {
	switch s {
	case outside:
		return a.status == http.StatusUnauthorized || a.signIn()
	case forbidden:
		return a.status == http.StatusForbidden
	}
	return true
}

// ids are ids of a kind: of what the person may see, or of what they may not, other companies' apart from neighbours'.
func (m *matrix) ids(name string, p Person) (own, foreign, neighbours []string) {
	k := kinds[name]
	if k.secret {
		return []string{strings.ReplaceAll(uuid.NewString()+uuid.NewString(), "-", "")[:43]}, nil, nil
	}
	if k.fixed != "" {
		return []string{k.fixed}, nil, nil
	}
	for text, mark := range m.w.Marks {
		switch {
		case mark.Column != "id" || mark.Table != k.table:
		case mark.Owner.Company == id(p.other(), "tenant"):
			foreign = append(foreign, text)
		case p.Portal == "" || p.Dead || p.may(mark.Owner) && !(k.whole && p.Limited != nil):
			own = append(own, text)
		default:
			neighbours = append(neighbours, text)
		}
	}
	slices.Sort(own)
	slices.Sort(foreign)
	slices.Sort(neighbours)
	return own, foreign, neighbours
}

// ownValues are addresses' values of what is the person's own, at most most.
func (m *matrix) ownValues(r Route, p Person, most int) []map[string]string {
	names := r.parameters()
	if len(names) == 0 {
		return []map[string]string{nil}
	}
	var list []map[string]string
	for i := range most {
		values := map[string]string{}
		for _, name := range names {
			own, _, _ := m.ids(name, p)
			switch {
			case kinds[name].fixed != "":
				values[name] = own[0]
			case i < len(own):
				values[name] = own[i]
			}
		}
		if len(values) == len(names) {
			list = append(list, values)
		}
	}
	return list
}

// question is a plain one of a person to a route.
func (m *matrix) question(r Route, p Person, method string, values map[string]string) question {
	q := question{portal: r.Portal, method: method, target: r.address(values), token: m.tokens[p.Name], api: r.isAPI()}
	if method != http.MethodGet && method != http.MethodHead {
		q.body, q.kind = m.body(r, p, nil)
	}
	return q
}

// body is what the person's own page sends to a route, else an empty object or form.
func (m *matrix) body(r Route, p Person, extra map[string]string) ([]byte, string) {
	f, known := m.forms[p.Name][strings.TrimPrefix(r.Pattern, "/api")]
	if !known { // as somebody who may would send it
		f, known = m.forms["admin"][strings.TrimPrefix(r.Pattern, "/api")]
	}
	if r.isAPI() && !(known && f.multi) {
		return f.object(m.t, func(o map[string]any) {
			for name, value := range extra {
				o[name] = value
			}
		}), "application/json"
	}
	if !known {
		f = form{fields: map[string][]string{"idempotency_key": {"x"}}}
	}
	return f.body(m.t, func(fields url.Values) {
		for name, value := range extra {
			fields[name] = []string{value}
		}
	})
}

// ask sends a question as an attempt of a class and searches the answer for what the person may not see.
func (m *matrix) ask(class string, p Person, q question) answer {
	a, err := m.w.send(m.t.Context(), m.transport, q)
	m.report.Tried(class, 1)
	if err != nil {
		m.report.Crossed(class, "%s as %s: no answer: %v", q, p.Name, err)
		return a
	}
	if a.status >= 500 {
		m.report.Crossed(class, "%s as %s is answered %d: %.200s", q, p.Name, a.status, a.body)
	}
	marks, err := m.w.marksIn(a)
	if err != nil {
		m.report.Crossed(class, "%s as %s: its file can't be read: %v", q, p.Name, err)
	}
	asked := q.target + unescape(q.target) + string(q.body) + q.cookie
	for _, h := range q.header {
		asked += h[1]
	}
	asked = strings.ToLower(asked)
	for _, mark := range marks {
		switch {
		case p.sees(m.w, mark):
			m.mu.Lock()
			m.read[mediaOf(a)+map[bool]string{true: " code"}[mark.Column == secretColumn]]++
			m.mu.Unlock()
		case strings.Contains(asked, mark.Text): // an echo
		default:
			m.report.Crossed(class, "%s as %s, answered %d, tells %s", q, p.Name, a.status, mark)
		}
	}
	return a
}

func mediaOf(a answer) string {
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	return kind
}

// workers is how many ask at a time: as many as keep two cores busy.
const workers = 4

// all runs tasks side by side.
func all(tasks []func()) {
	next := make(chan func())
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for task := range next {
				task()
			}
		})
	}
	for _, task := range tasks {
		next <- task
	}
	close(next)
	done.Wait()
}

// attack is one class of attacks: what a person tries.
type attack struct {
	class string
	tasks func(m *matrix, p Person) []func()
	// changes is for what changes what is one's own: it comes last.
	changes bool
}

const unchanged = "nothing of others has changed"

// run has everybody try everything. After each class the rows that the person may not see are compared with how they
// were before it.
func (m *matrix) run(who []Person, attacks []attack) {
	for _, p := range who {
		m.forms[p.Name] = m.harvest(m.t, p)
	}
	before := m.w.snapshot(m.t)
	try := func(a attack, p Person) {
		start := time.Now()
		tasks := a.tasks(m, p)
		if len(tasks) == 0 {
			return
		}
		all(tasks)
		m.report.Took(a.class, start)
		start = time.Now()
		now := m.w.snapshot(m.t)
		groups, changed := before.changed(now, func(g group) bool { return !p.mayChange(g) })
		m.report.Tried(unchanged, groups)
		for _, c := range changed {
			m.report.Crossed(unchanged, "after %q by %s: %s", a.class, p.Name, c)
		}
		m.report.Took(unchanged, start)
		before = now
	}
	for _, p := range who {
		for _, a := range attacks {
			if !a.changes {
				try(a, p)
			}
		}
	}
	// Staff end residents' sessions and erase people: they come when everybody else has had their turn.
	for _, a := range attacks {
		for _, p := range slices.Backward(who) {
			if a.changes {
				try(a, p)
			}
		}
	}
}
