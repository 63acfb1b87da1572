package selfcheck

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/web/auth"
)

// Route is a line of a portal's list of routes.
type Route struct {
	Method  string // "ANY" for a handler of every method
	Pattern string
	Roles   []string // nil for no guard
}

// ReadRoutes reads a list as the portals' tests keep it: method, pattern and guard on a line.
func ReadRoutes(list string) ([]Route, error) {
	var routes []Route
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			return nil, fmt.Errorf("%q is not a method, a pattern and a guard", line)
		}
		r := Route{Method: fields[0], Pattern: fields[1]}
		if fields[2] != "public" {
			r.Roles = strings.Split(fields[2], ",")
		}
		routes = append(routes, r)
	}
	return routes, nil
}

// Public says that nobody is asked who they are.
func (r Route) Public() bool { return r.Roles == nil }

// developmentOnly says that the route may be missing: it is there on a developer's own machine only.
func (r Route) developmentOnly() bool {
	return strings.HasPrefix(strings.TrimPrefix(r.Pattern, "/api"), "/outbox")
}

var parameter = regexp.MustCompile(`\{([^/{}]+)\}`)

// method is one that the route is asked with.
func (r Route) method() string {
	if r.Method == "ANY" {
		return http.MethodGet
	}
	return r.Method
}

// Address is an address of the route, of things that never existed.
func (r Route) Address() string {
	return r.with(func(string) string { return uuid.NewString() })
}

func (r Route) with(value func(name string) string) string {
	path := parameter.ReplaceAllStringFunc(r.Pattern, func(name string) string { return value(strings.Trim(name, "{}")) })
	return strings.ReplaceAll(path, "*", "x")
}

// takes says whether a request would be this route's.
func (r Route) takes(method, path string) bool {
	if r.Method != "ANY" && r.Method != method && (method != http.MethodHead || r.Method != http.MethodGet) {
		return false
	}
	if prefix, found := strings.CutSuffix(r.Pattern, "*"); found {
		return strings.HasPrefix(path, prefix)
	}
	mine, theirs := strings.Split(r.Pattern, "/"), strings.Split(path, "/")
	return len(mine) == len(theirs) && matches(mine, theirs)
}

func matches(pattern, path []string) bool {
	for i := range pattern {
		if pattern[i] != path[i] && (!strings.HasPrefix(pattern[i], "{") || path[i] == "") {
			return false
		}
	}
	return true
}

// guards asks every guarded route as nobody and with tokens that are none.
func (s *site) guards(ctx context.Context) error {
	tokens, err := s.badTokens()
	if err != nil {
		return err
	}
	var tasks []func() error
	for _, r := range s.Routes {
		if r.Public() {
			continue
		}
		for name, token := range tokens {
			tasks = append(tasks, func() error {
				s.report.tried(classRoutes, 1)
				a, err := s.ask(ctx, question{method: r.method(), target: r.Address(), token: token, api: true})
				if err != nil {
					return err
				}
				if a.status != http.StatusUnauthorized && (!r.developmentOnly() || a.status != http.StatusNotFound) {
					s.report.crossed(classRoutes, "%s %s at %s, with %s, is answered %d, not 401", r.Method, r.Pattern, s.URL, name, a.status)
				}
				return nil
			})
		}
	}
	return inParallel(ctx, tasks)
}

// badTokens are all that must open nothing, by what they are. No key of the installation is needed to make them.
func (s *site) badTokens() (map[string]string, error) {
	tokens := map[string]string{
		"no token":           "",
		"a made-up token":    "abc.def.ghi",
		"an unsigned token":  "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhZG1pbiIsInJvbGUiOiJhZG1pbiJ9.",
		"a token of nothing": ".",
	}
	for _, portal := range []string{auth.PortalDeveloper, auth.PortalTenant} {
		key, _, err := auth.GenerateKey()
		if err != nil {
			return nil, err
		}
		issuer, err := auth.NewIssuer(portal, s.URL.Origin(), key)
		if err != nil {
			return nil, err
		}
		who := auth.Principal{
			Portal: portal, Role: auth.Roles(portal)[0], Subject: uuid.New(), TenantID: uuid.New(), SessionID: uuid.New(), Expires: time.Now().Add(time.Hour),
		}
		if portal == auth.PortalTenant {
			who.DevelopmentID, who.UnitID = uuid.New(), uuid.New()
		}
		token, err := issuer.Issue(who)
		if err != nil {
			return nil, err
		}
		tokens["a token of the "+portal+" that somebody else has signed"] = token
	}
	return tokens, nil
}

// spellings asks for guarded addresses in other words, as nobody.
func (s *site) spellings(ctx context.Context) error {
	var tasks []func() error
	for _, r := range s.Routes {
		if r.Public() {
			continue
		}
		for _, t := range tricks {
			tasks = append(tasks, func() error {
				q := question{method: r.method(), target: r.Address(), header: t.header}
				if t.method != "" {
					q.method = t.method
				}
				if t.path != nil {
					q.target = t.path(q.target)
				}
				if s.listed(q, true) {
					return nil // it has become the address of something public
				}
				s.report.tried(classSpelled, 1)
				a, err := s.ask(ctx, q)
				if err != nil {
					return err
				}
				if a.status < 300 && (q.method != http.MethodOptions || len(a.body) > 0) || a.status == http.StatusSeeOther && !a.signIn() {
					s.report.crossed(classSpelled, "%s %s at %s, with %s, is answered %d to somebody without a session", r.Method, r.Pattern, s.URL, t.name, a.status)
				}
				return nil
			})
		}
	}
	return inParallel(ctx, tasks)
}

// listed says whether a request is a listed route's; public: a public one's.
func (s *site) listed(q question, public bool) bool {
	path, _, _ := strings.Cut(q.target, "?")
	return slices.ContainsFunc(s.Routes, func(r Route) bool { return r.takes(q.method, path) && (r.Public() || !public) })
}

// unlisted asks for what should not be there: what other programs are known to leave open, methods that an address
// doesn't have, and the other portals' addresses.
func (s *site) unlisted(ctx context.Context, others []Portal) error {
	var questions []question
	for _, path := range leftOpen {
		questions = append(questions, question{method: http.MethodGet, target: path})
	}
	for _, r := range s.Routes {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace} {
			questions = append(questions, question{method: method, target: r.Address()})
		}
	}
	for _, other := range others {
		for _, r := range other.Routes {
			if r.Method != "ANY" {
				questions = append(questions, question{method: r.Method, target: r.Address()})
			}
		}
	}
	var tasks []func() error
	for _, q := range questions {
		if s.listed(q, false) {
			continue
		}
		tasks = append(tasks, func() error {
			s.report.tried(classUnlisted, 1)
			a, err := s.ask(ctx, q)
			if err != nil {
				return err
			}
			switch a.status {
			case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusBadRequest, http.StatusForbidden:
			default:
				s.report.crossed(classUnlisted, "%s at %s is answered %d, and this release has no such route", q.method+" "+route(q.target), s.URL, a.status)
			}
			return nil
		})
	}
	return inParallel(ctx, tasks)
}
