package isolation

import (
	"net/http"
	"slices"
	"strings"
)

// trick is another way to ask for the same thing. The answer is compared with the plain one of the same method.
type trick struct {
	name   string
	method string // "" for the route's own
	change func(q *question)
}

func path(change func(string) string) func(*question) {
	return func(q *question) { q.target = change(q.target) }
}

func sends(header ...string) func(*question) {
	return func(q *question) {
		asked := q.target
		for i := 0; i < len(header); i += 2 {
			if header[i+1] == "{target}" {
				q.target = "/sign-in"
			}
			q.header = append(q.header, [2]string{header[i], strings.ReplaceAll(header[i+1], "{target}", asked)})
		}
	}
}

// percent writes the first letter of the last part of a path, or all of it that can be, in another way.
func percent(p string) string {
	i := strings.LastIndexByte(p, '/')
	if i+1 >= len(p) {
		return p
	}
	const hex = "0123456789abcdef"
	c := p[i+1]
	return p[:i+1] + "%" + string(hex[c>>4]) + string(hex[c&15]) + p[i+2:]
}

var tricks = []trick{
	{"HEAD", http.MethodHead, nil},
	{"OPTIONS", http.MethodOptions, nil},
	{"TRACE", http.MethodTrace, nil},
	{"PUT", http.MethodPut, nil},
	{"PATCH", http.MethodPatch, nil},
	{"DELETE", http.MethodDelete, nil},
	{"an unknown method", "PROPFIND", nil},
	{"a small method", "get", nil},
	{"a slash behind", "", path(func(p string) string { return p + "/" })},
	{"doubled slashes", "", path(func(p string) string { return strings.ReplaceAll(p, "/", "//") })},
	{"a doubled slash at the end", "", path(func(p string) string { return p + "//" })},
	{"capitals", "", path(strings.ToUpper)},
	{"an encoded slash", "", path(func(p string) string { return "/" + strings.ReplaceAll(p[1:], "/", "%2F") })},
	{"an encoded last slash", "", path(func(p string) string { i := strings.LastIndexByte(p, '/'); return p[:i] + "%2f" + p[i+1:] })},
	{"an encoded letter", "", path(percent)},
	{"a path parameter", "", path(func(p string) string { return p + ";x" })},
	{"a path parameter within", "", path(func(p string) string { return strings.Replace(p[1:], "/", ";jsessionid=1/", 1) })},
	{"an ending", "", path(func(p string) string { return p + ".json" })},
	{"a dot", "", path(func(p string) string { return "/." + p })},
	{"a dot at the end", "", path(func(p string) string { return p + "/." })},
	{"dots", "", path(func(p string) string { return "/sign-in/.." + p })},
	{"encoded dots", "", path(func(p string) string { return "/sign-in/%2e%2e" + p })},
	{"below static files", "", path(func(p string) string { return "/static/.." + p })},
	{"below static files, encoded", "", path(func(p string) string { return "/static/..%2f" + p[1:] })},
	{"a zero byte", "", path(func(p string) string { return p + "%00" })},
	{"a blank", "", path(func(p string) string { return p + "%20" })},
	{"a line break", "", path(func(p string) string { return p + "%0a" })},
	{"a backslash", "", path(func(p string) string { return strings.ReplaceAll(p, "/", "%5c") })},
	{"a question behind", "", path(func(p string) string { return p + "?" })},
	{"a method in a header", http.MethodGet, sends("X-HTTP-Method-Override", "POST", "X-HTTP-Method", "POST", "X-Method-Override", "POST")},
	{"a method in a field", http.MethodGet, path(func(p string) string { return p + "?_method=POST" })},
	{"another method in a header", http.MethodPost, sends("X-HTTP-Method-Override", "GET", "X-HTTP-Method", "GET", "X-Method-Override", "DELETE")},
	{"an address in a header", "", sends("X-Original-URL", "{target}", "X-Rewrite-URL", "{target}")},
	{"as if from here", "", sends("X-Forwarded-For", "127.0.0.1", "X-Real-Ip", "127.0.0.1", "Forwarded", "for=127.0.0.1")},
	{"a part", "", sends("Range", "bytes=0-20")},
	{"if it is newer", "", sends("If-None-Match", "*", "If-Modified-Since", "Mon, 02 Jan 2006 15:04:05 GMT")},
	{"another kind", "", sends("Accept", "text/csv")},
}

// spellers stand for all: who has no session, whose role is too low, and who may ask, but not for everything.
var spellers = []string{"nobody", "viewer", "limited developer", "admin", "resident"}

// spelled asks, in other words, for what is refused in plain ones.
func spelled(m *matrix, p Person) (tasks []func()) {
	const class = "spelled differently"
	if !slices.Contains(spellers, p.Name) {
		return nil
	}
	for _, r := range m.routes {
		if r.Method == "ANY" || r.isHealth() || p.Portal != "" && p.Portal != r.Portal {
			continue
		}
		var refused []map[string]string
		switch r.standing(p) {
		case outside, forbidden:
			refused = m.ownValues(r, p, 1)
		case inside:
			for _, name := range r.parameters() {
				_, foreign, neighbours := m.ids(name, p)
				for _, id := range slices.Concat(first(neighbours, 1), first(foreign, 1)) {
					values := map[string]string{}
					if own := m.ownValues(r, p, 1); len(own) > 0 {
						values = own[0]
					}
					values[name] = id
					refused = append(refused, values)
				}
			}
		case open:
		}
		for _, values := range refused {
			tasks = append(tasks, func() {
				for i, t := range tricks {
					if m.quick && i%3 != 0 {
						continue
					}
					method := t.method
					if method == "" {
						method = r.Method
					}
					compared := method
					if method == http.MethodHead {
						compared = http.MethodGet
					}
					q := m.question(r, p, method, values)
					plain := answer{status: http.StatusMethodNotAllowed}
					if compared == http.MethodGet || compared == http.MethodPost {
						q.method = compared
						plain = m.ask(class, p, q)
						q.method = method
					}
					if method == http.MethodTrace { // Go sends none with a body
						q.body, q.kind = nil, ""
					}
					if t.change != nil {
						t.change(&q)
					}
					if !strings.HasPrefix(q.target, "/") {
						q.target = "/" + q.target
					}
					if !plain.isRefusal() {
						continue // the path has a route of that method which the person may ask
					}
					a := m.ask(class, p, q)
					weaker := a.status < 300 || a.status == http.StatusSeeOther && !a.signIn()
					if method == http.MethodOptions && len(a.body) == 0 || q.target == "/sign-in" {
						weaker = false
					}
					if weaker {
						m.report.Crossed(class, "%s, %s, as %s is answered %d, in plain words %d", q, t.name, p.Name, a.status, plain.status)
					}
				}
			})
		}
	}
	return tasks
}
