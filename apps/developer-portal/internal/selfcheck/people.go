package selfcheck

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

// parameters says which table's id each parameter of a route is. One that is missing here is not tried; a test finds it.
var parameters = map[string]string{
	"development": "developments", "document": "documents", "faq": "faqs", "home": "units", "import": "imports", "mail": "mail_outbox",
	"member": "staff", "message": "chat_messages", "notice": "notices", "question": "questions", "request": "unit_claims", "resident": "residents", "sheet": "invite_batches",
}

// secrets are parameters that are no ids: whoever has one may use it.
var secrets = []string{"code", "token"}

// numbers are parameters that count within what another names, such as a document's versions.
var numbers = []string{"number"}

// Unknown are the parameters of routes that nobody tries, for a test.
func Unknown(routes []Route) (names []string) {
	for _, r := range routes {
		for _, name := range r.parameters() {
			if parameters[name] == "" && !slices.Contains(secrets, name) && !slices.Contains(numbers, name) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func (r Route) parameters() (names []string) {
	for _, m := range parameter.FindAllStringSubmatch(r.Pattern, -1) {
		names = append(names, m[1])
	}
	return names
}

// signIn brings the company's people in as they come in themselves: staff with a password, a resident with a link.
func (p *planted) signIn(ctx context.Context, sites []*site) error {
	const form = "application/x-www-form-urlencoded"
	for _, s := range sites {
		ways := []struct {
			name string
			role auth.Role
			q    question
		}{
			{"an administrator", auth.RoleAdmin, question{target: "/sign-in", body: url.Values{"email": {p.Email("admin")}, "password": {p.password}}.Encode()}},
			{"a developer limited to one development", auth.RoleDeveloper, question{target: "/sign-in", body: url.Values{"email": {p.Email("limited")}, "password": {p.password}}.Encode()}},
		}
		if s.Name == auth.PortalTenant {
			ways = ways[:1]
			ways[0].name, ways[0].role, ways[0].q = "a resident", auth.RoleResident, question{target: "/link/" + p.link, body: "x=1"}
		}
		for _, way := range ways {
			q := way.q
			q.method, q.kind, q.site = http.MethodPost, form, "same-origin"
			a, err := s.ask(ctx, q)
			if err != nil {
				return err
			}
			who := &identity{name: way.name, role: way.role, portal: s, of: p}
			for _, c := range (&http.Response{Header: a.header}).Cookies() {
				if c.Name == web.SessionCookieName(s.Name, s.URL.Secure()) {
					who.token = c.Value
				}
			}
			if who.token == "" {
				return fmt.Errorf("%s (%s): %s of a planted company could not sign in: %d", s.Setting, s.URL, way.name, a.status)
			}
			p.people = append(p.people, who)
		}
	}
	return nil
}

// attack tries, over HTTP, what somebody of one company could try at the other.
func (who *identity) attack(ctx context.Context, sites []*site, other *planted, r *Report) error {
	var tasks []func() error
	found := false
	for _, route := range who.portal.Routes {
		if route.Public() || !slices.Contains(route.Roles, string(who.role)) || route.developmentOnly() {
			continue
		}
		own, known := who.values(route, who.of)
		if !known {
			continue
		}
		if route.Method == http.MethodGet {
			a, err := who.ask(ctx, route, own)
			if err != nil {
				return err
			}
			r.tried(classTheirs, 1)
			found = found || a.status == http.StatusOK
			if marks := other.marksIn(string(a.body) + headerText(a)); len(marks) > 0 {
				r.crossed(classTheirs, "%s of %s at %s %s is shown %s of %s", who.name, who.of.name, route.Method, route.Pattern, strings.Join(marks, ", "), other.name)
			}
			tasks = append(tasks, func() error { return who.claim(ctx, route, own, other, r) })
		}
		tasks = append(tasks, who.foreign(ctx, route, own, other, r)...)
	}
	if !found {
		return fmt.Errorf("%s of %s finds nothing of their own at %s, so what is refused would show nothing", who.name, who.of.name, who.portal.URL)
	}
	for _, s := range sites {
		if s == who.portal {
			continue
		}
		for _, route := range s.Routes {
			if route.Public() {
				continue
			}
			tasks = append(tasks, func() error {
				r.tried(classRoutes, 1)
				a, err := s.ask(ctx, question{method: route.method(), target: route.Address(), token: who.token, api: true})
				if err == nil && a.status != http.StatusUnauthorized && (!route.developmentOnly() || a.status != http.StatusNotFound) {
					r.crossed(classRoutes, "%s %s at %s, with a session of the other portal, is answered %d, not 401", route.Method, route.Pattern, s.URL, a.status)
				}
				return err
			})
		}
	}
	return inParallel(ctx, tasks)
}

// values are ids of a company for a route's parameters, of the development that the person sees; known is false where
// nobody knows what a parameter is.
func (who *identity) values(route Route, of *planted) (values map[string]string, known bool) {
	values = map[string]string{}
	for _, name := range route.parameters() {
		if slices.Contains(numbers, name) {
			values[name] = "1"
			continue
		}
		ids := of.idsIn(parameters[name])
		if len(ids) == 0 {
			return nil, false
		}
		values[name] = ids[0]
		for _, preferred := range []string{"home-3", "quay", "dara", "home-1", "park", "anna"} {
			if id := of.ID(preferred); slices.Contains(ids, id) && (who.role == auth.RoleDeveloper || !slices.Contains([]string{"home-3", "quay", "dara"}, preferred)) {
				values[name] = id
				break
			}
		}
	}
	return values, true
}

// idsIn are the ids of a company's rows in a table.
func (p *planted) idsIn(table string) (list []string) {
	for _, row := range p.rows[table] {
		var r struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal([]byte(row), &r); err == nil && r.ID != "" {
			list = append(list, r.ID)
		}
	}
	return list
}

// mostForeign is how many of the other's ids are tried at each place.
const mostForeign = 2

// foreign puts the other company's ids into each place of a route: the answer is that for an id that never existed.
func (who *identity) foreign(ctx context.Context, route Route, own map[string]string, other *planted, r *Report) (tasks []func() error) {
	names := route.parameters()
	for _, name := range names {
		theirs := other.idsIn(parameters[name])
		for _, id := range theirs[:min(mostForeign, len(theirs))] {
			tasks = append(tasks, func() error {
				with := maps.Clone(own)
				with[name] = uuid.NewString()
				want, err := who.ask(ctx, route, with)
				if err != nil {
					return err
				}
				with[name] = id
				if got, err := who.ask(ctx, route, with); err != nil {
					return err
				} else {
					who.judge(route, got, want, other, r, id)
				}
				if len(names) < 2 {
					return nil
				}
				all, known := who.values(route, other)
				if !known {
					return nil
				}
				got, err := who.ask(ctx, route, all)
				if err == nil {
					who.judge(route, got, want, other, r, slices.Collect(maps.Values(all))...)
				}
				return err
			})
		}
	}
	return tasks
}

func (who *identity) judge(route Route, got, want answer, other *planted, r *Report, asked ...string) {
	r.tried(classAnother, 1)
	marks := other.marksIn(string(got.body)+headerText(got), asked...)
	switch {
	case len(marks) > 0:
		r.crossed(classAnother, "%s of %s at %s %s, with an id of %s, is shown %s", who.name, who.of.name, route.Method, route.Pattern, other.name, strings.Join(marks, ", "))
	case got.status != want.status:
		r.crossed(classAnother, "%s of %s at %s %s is answered %d with an id of %s, and %d with one that never existed", who.name, who.of.name, route.Method, route.Pattern, got.status, other.name, want.status)
	case got.status < 300:
		r.crossed(classAnother, "%s of %s at %s %s is answered %d with an id of %s", who.name, who.of.name, route.Method, route.Pattern, got.status, other.name)
	}
}

// claim says in query, headers and cookies that one is the other company.
func (who *identity) claim(ctx context.Context, route Route, own map[string]string, other *planted, r *Report) error {
	claims := []string{
		"tenant_id=" + other.ID("tenant"), "tenant=" + other.ID("tenant"), "company=" + other.ID("tenant"), "unit_id=" + other.ID("home-1"),
		"development=" + other.ID("park"), "development_id=" + other.ID("park"), "staff_id=" + other.ID("admin"), "resident_id=" + other.ID("anna"), "role=admin", "all=1",
	}
	var headers [][2]string
	for _, c := range claims {
		name, value, _ := strings.Cut(c, "=")
		headers = append(headers, [2]string{"X-" + strings.ReplaceAll(name, "_", "-"), value})
	}
	headers = append(headers, [2]string{"X-Forwarded-User", other.ID("admin")}, [2]string{"Cookie", strings.Join(claims, "; ")})
	for _, change := range []func(*question){
		func(q *question) { q.target += "?" + strings.Join(claims, "&") },
		func(q *question) { q.header = append(q.header, headers...) },
	} {
		q := who.question(route, own)
		change(&q)
		r.tried(classClaimed, 1)
		a, err := who.portal.ask(ctx, q)
		if err != nil {
			return err
		}
		if marks := other.marksIn(string(a.body), strings.Join(claims, " ")); len(marks) > 0 {
			r.crossed(classClaimed, "%s of %s at %s %s, who says that they are of %s, is shown %s", who.name, who.of.name, route.Method, route.Pattern, other.name, strings.Join(marks, ", "))
		}
	}
	return nil
}

func (who *identity) ask(ctx context.Context, route Route, values map[string]string) (answer, error) {
	return who.portal.ask(ctx, who.question(route, values))
}

func (who *identity) question(route Route, values map[string]string) question {
	q := question{
		method: route.method(), target: route.with(func(name string) string { return values[name] }), token: who.token,
		api: strings.HasPrefix(route.Pattern, "/api/"), header: [][2]string{{"Idempotency-Key", uuid.NewString()}},
	}
	if q.method != http.MethodGet {
		q.body, q.kind, q.site = "idempotency_key="+uuid.NewString(), "application/x-www-form-urlencoded", "same-origin"
		if q.api {
			q.body, q.kind = "{}", "application/json"
		}
	}
	return q
}

func headerText(a answer) string {
	var b strings.Builder
	for name, values := range a.header {
		if name != "X-Request-Id" {
			b.WriteString("\n" + strings.Join(values, "\n"))
		}
	}
	return b.String()
}
