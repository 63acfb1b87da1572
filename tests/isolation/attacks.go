package isolation

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// attacks are all classes over HTTP, in the order in which they run. The last changes what is one's own.
var attacks = []attack{
	{class: "every route, by everybody", tasks: whoMayAsk},
	{class: "another's id", tasks: anothersID},
	{class: "spelled differently", tasks: spelled},
	{class: "who one says one is", tasks: claimed},
	{class: "ids in what is sent", tasks: sentIDs},
	{class: "blank filters", tasks: blanks},
	{class: "as fast as an unknown id", tasks: timing},
	{class: "changes of one's own", tasks: ownChanges, changes: true},
}

// whoMayAsk holds every route to its guard, for everybody.
func whoMayAsk(m *matrix, p Person) (tasks []func()) {
	const class = "every route, by everybody"
	for _, r := range m.routes {
		standing := r.standing(p)
		for _, method := range r.methods() {
			if method != http.MethodGet && (standing == inside || standing == open) {
				continue // comes last
			}
			tasks = append(tasks, func() {
				var statuses []int
				for _, values := range m.ownValues(r, p, 4) {
					q := m.question(r, p, method, values)
					a := m.ask(class, p, q)
					statuses = append(statuses, a.status)
					// What is wrong with a form may be said before the database is asked whether the session lives.
					early := p.Dead && method == http.MethodPost && a.isRefusal()
					if !standing.fits(a) && !early {
						m.report.Crossed(class, "%s as %s is answered %d", q, p.Name, a.status)
					}
				}
				found := func(status int) bool {
					return status < 400 || status == http.StatusConflict || status == http.StatusGone
				}
				if standing == inside && !m.quick && len(statuses) > 0 && len(r.parameters()) > 0 && !slices.ContainsFunc(statuses, found) {
					m.report.Crossed(class, "%s as %s finds nothing of their own (%v), so what it refuses proves nothing", r, p.Name, statuses)
				}
			})
		}
	}
	return tasks
}

// anothersID asks for what belongs to another company, another development, home or person: the answer is, byte for
// byte, the one for an id that never existed.
func anothersID(m *matrix, p Person) (tasks []func()) {
	const class = "another's id"
	for _, r := range m.routes {
		if standing := r.standing(p); standing != inside && standing != open || p.Portal != r.Portal || p.Dead {
			continue
		}
		own := m.ownValues(r, p, 1)
		for _, name := range r.parameters() {
			_, foreign, neighbours := m.ids(name, p)
			values := map[string]string{}
			if len(own) > 0 {
				maps.Copy(values, own[0])
			}
			for _, method := range r.methods() {
				ask := func(id string) (question, answer) {
					with := maps.Clone(values)
					with[name] = id
					q := m.question(r, p, method, with)
					return q, m.ask(class, p, q)
				}
				tasks = append(tasks, func() {
					unknown := uuid.NewString()
					_, want := ask(unknown)
					for _, id := range slices.Concat(first(foreign, 3), first(neighbours, 3)) {
						q, got := ask(id)
						if got.status != want.status || got.print(id) != want.print(unknown) {
							m.report.Crossed(class, "%s as %s is answered %d, an unknown id %d, or with other bytes:\n%.300s\n%.300s", q, p.Name, got.status, want.status, got.print(id), want.print(unknown))
						} else if !got.isRefusal() {
							m.report.Crossed(class, "%s as %s is answered %d", q, p.Name, got.status)
						}
					}
				})
			}
		}
	}
	return tasks
}

func first(list []string, n int) []string { return list[:min(n, len(list))] }

// claimed says in every other place who one is and what one wants to see: the session alone counts.
func claimed(m *matrix, p Person) (tasks []func()) {
	const class = "who one says one is"
	if p.Portal == "" || p.Dead {
		return nil
	}
	other := p.other()
	claims := []struct{ name, value string }{
		{"tenant_id", id(other, "tenant")},
		{"tenant", id(other, "tenant")},
		{"tenantId", id(other, "tenant")},
		{"company", id(other, "tenant")},
		{"company_id", id(other, "tenant")},
		{"unit_id", id(other, "home-1")},
		{"unit", id(other, "home-1")},
		{"home", id(p.Company, "home-4")},
		{"unitId", id(p.Company, "home-4")},
		{"development", id(other, "park")},
		{"development_id", id(p.Company, "park")},
		{"developmentId", id(other, "park")},
		{"house_type", id(other, "type-a")},
		{"resident_id", id(other, "anna")},
		{"staff_id", id(p.Company, "admin")},
		{"user_id", id(p.Company, "admin")},
		{"sub", id(p.Company, "admin")},
		{"sid", id(other, "session-admin")},
		{"role", "admin"},
		{"limited", "false"},
		{"admin", "true"},
		{"all", "1"},
	}
	var query, cookies []string
	var headers [][2]string
	for _, c := range claims {
		query = append(query, c.name+"="+c.value)
		cookies = append(cookies, c.name+"="+c.value)
		name := strings.ReplaceAll(c.name, "_", "-")
		headers = append(headers, [2]string{"X-" + name, c.value}, [2]string{"X-Auth-" + name, c.value})
	}
	for _, name := range []string{"X-Forwarded-User", "X-Remote-User", "Remote-User", "X-User", "X-Original-User", "X-Authenticated-Userid", "X-Consumer-Id"} {
		headers = append(headers, [2]string{name, id(other, "admin")})
	}
	host := [][2]string{{"Host", "company-" + other + ".example.org"}, {"X-Forwarded-Host", "company-" + other + ".example.org"}}
	for _, r := range m.routes {
		if r.standing(p) != inside || r.Method != http.MethodGet {
			continue
		}
		for _, values := range m.ownValues(r, p, 1) {
			tasks = append(tasks, func() {
				plain := m.question(r, p, http.MethodGet, values)
				want := m.ask(class, p, plain)
				for _, change := range []func(q *question){
					func(q *question) { q.target += "?" + strings.Join(query, "&") },
					func(q *question) { q.cookie = strings.Join(cookies, "; ") },
					func(q *question) { q.header = headers },
					func(q *question) { q.header = host },
					func(q *question) {
						q.body, q.kind = []byte(strings.Join(query, "&")), "application/x-www-form-urlencoded"
					},
				} {
					q := plain
					change(&q)
					if a := m.ask(class, p, q); a.status != want.status && !a.isRefusal() {
						m.report.Crossed(class, "%s as %s is answered %d, not %d as without its claims", q, p.Name, a.status, want.status)
					}
				}
			})
		}
	}
	return tasks
}

// sentIDs puts another's ids into the fields of forms and objects, for each field that holds an id, and says there too
// who one is.
func sentIDs(m *matrix, p Person) (tasks []func()) {
	const class = "ids in what is sent"
	if p.Portal == "" || p.Dead {
		return nil
	}
	for _, r := range m.routes {
		if r.standing(p) != inside || r.Method != http.MethodPost {
			continue
		}
		f := m.forms[p.Name][strings.TrimPrefix(r.Pattern, "/api")]
		own := m.ownValues(r, p, 1)
		if len(own) == 0 {
			continue
		}
		for name, values := range f.fields {
			isID := strings.HasSuffix(name, "[]") || strings.HasSuffix(name, "Id") || slices.ContainsFunc(values, uuids.MatchString)
			if !isID || name == "idempotency_key" {
				continue
			}
			tasks = append(tasks, func() {
				send := func(value string) answer {
					q := m.question(r, p, http.MethodPost, own[0])
					q.token = m.tokens[p.Name]
					q.body, q.kind = m.body(r, p, map[string]string{name: value})
					return m.ask(class, p, q)
				}
				unknown := uuid.NewString()
				want := send(unknown)
				for _, value := range []string{id(p.other(), "park"), id(p.other(), "home-1"), id(p.other(), "type-a"), id(p.other(), "developer")} {
					if got := send(value); got.print(value) != want.print(unknown) || got.status != want.status {
						m.report.Crossed(class, "%s of %s as %s is answered %d with another company's id and %d with an unknown one, or with other bytes", name, r, p.Name, got.status, want.status)
					}
				}
			})
		}
	}
	return tasks
}

// blanks leaves out, or blurs, what should be named: that is never "all".
func blanks(m *matrix, p Person) (tasks []func()) {
	const class = "blank filters"
	if p.Portal == "" || p.Dead {
		return nil
	}
	nothing := []string{"", "%20", "*", "%25", "null", "undefined", "all", "0", "-1", "%00", "%27", uuid.Nil.String()}
	for _, r := range m.routes {
		if r.standing(p) != inside {
			continue
		}
		if r.Method == http.MethodGet {
			names := append([]string{"q", "page", "show", "after", "filter", "development", "tenant_id", "state"}, m.filters[p.Portal+" "+r.Pattern]...)
			slices.Sort(names)
			for _, values := range m.ownValues(r, p, 1) {
				tasks = append(tasks, func() {
					for _, name := range slices.Compact(names) {
						for _, blank := range []string{"", "*", "%25", "null", "%00"} {
							q := m.question(r, p, http.MethodGet, values)
							q.target += "?" + name + "=" + blank
							m.ask(class, p, q)
						}
					}
				})
			}
		}
		for _, name := range r.parameters() {
			own := m.ownValues(r, p, 1)
			if len(own) == 0 || kinds[name].secret {
				continue
			}
			tasks = append(tasks, func() {
				for _, blank := range nothing {
					values := maps.Clone(own[0])
					values[name] = blank
					q := m.question(r, p, r.Method, values)
					if m.patternOf(r.Portal, r.Method, q.target) != r.Pattern {
						continue // it has become another route's address
					}
					if a := m.ask(class, p, q); a.status < 300 {
						m.report.Crossed(class, "%s as %s is answered %d", q, p.Name, a.status)
					}
				}
			})
		}
	}
	return tasks
}

// ownChanges sends what a person's own pages send. Whatever comes of it, nothing of others may change.
func ownChanges(m *matrix, p Person) (tasks []func()) {
	const class = "changes of one's own"
	if p.Portal == "" || p.Dead {
		return nil
	}
	for _, r := range m.routes {
		if standing := r.standing(p); standing != inside && standing != open || r.Method != http.MethodPost || r.Portal != p.Portal {
			continue
		}
		token := m.w.token(m.t, p) // some routes end the session
		for _, values := range m.ownValues(r, p, 1) {
			for _, extra := range []map[string]string{nil, {"tenant_id": id(p.other(), "tenant"), "unit_id": id(p.other(), "home-1"), "role": "admin"}} {
				tasks = append(tasks, func() {
					q := m.question(r, p, http.MethodPost, values)
					q.token = token
					q.body, q.kind = m.body(r, p, extra)
					a := m.ask(class, p, q)
					m.mu.Lock()
					defer m.mu.Unlock()
					if a.status < 400 && !a.signIn() {
						m.read["accepted changes"]++
					}
				})
			}
		}
	}
	return tasks
}

// the bar of timing: generous, since the machine may be busy; the figures are in the report.
const (
	rounds       = 11
	apartAtMost  = 25 * time.Millisecond
	apartAtTimes = 3
)

// timing asks for another's id and for an unknown one by turns and compares the medians.
func timing(m *matrix, p Person) []func() {
	const class = "as fast as an unknown id"
	if p.Name != "admin" && p.Name != "limited developer" && p.Name != "resident" {
		return nil
	}
	return []func(){func() { // one at a time: they would disturb each other
		var worst time.Duration
		where := "no route"
		for _, r := range m.routes {
			if r.standing(p) != inside || r.Method != http.MethodGet || len(r.parameters()) != 1 {
				continue
			}
			name := r.parameters()[0]
			_, foreign, neighbours := m.ids(name, p)
			others := slices.Concat(neighbours, foreign)
			if len(others) == 0 {
				continue
			}
			for try := 1; ; try++ {
				theirs, unknown := make([]time.Duration, 0, rounds), make([]time.Duration, 0, rounds)
				for range rounds * try {
					theirs = append(theirs, m.ask(class, p, m.question(r, p, http.MethodGet, map[string]string{name: others[0]})).took)
					unknown = append(unknown, m.ask(class, p, m.question(r, p, http.MethodGet, map[string]string{name: uuid.NewString()})).took)
				}
				one, two := median(theirs), median(unknown)
				apart := (one - two).Abs()
				if apart > apartAtMost && max(one, two) > apartAtTimes*min(one, two) {
					if try < 3 {
						continue
					}
					m.report.Crossed(class, "%s as %s: %v for another's id, %v for an unknown one", r, p.Name, one, two)
				}
				if apart > worst {
					worst, where = apart, r.String()
				}
				break
			}
		}
		m.report.Measured("%s: medians for another's id and an unknown one are at most %v apart (%s)", p.Name, worst.Round(time.Microsecond), where)
	}}
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

func describe(read map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(read)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, read[name]))
	}
	return strings.Join(parts, ", ")
}
