package selfcheck

import (
	"net/http"
	"strings"
)

// trick is another way to ask for the same thing.
type trick struct {
	name   string
	method string // "" for the route's own
	path   func(string) string
	header [][2]string
}

func behind(text string) func(string) string { return func(p string) string { return p + text } }

var tricks = []trick{
	{name: "HEAD", method: http.MethodHead},
	{name: "OPTIONS", method: http.MethodOptions},
	{name: "an unknown method", method: "PROPFIND"},
	{name: "a slash behind", path: behind("/")},
	{name: "doubled slashes", path: func(p string) string { return strings.ReplaceAll(p, "/", "//") }},
	{name: "capitals", path: strings.ToUpper},
	{name: "an encoded slash", path: func(p string) string { return "/" + strings.ReplaceAll(p[1:], "/", "%2F") }},
	{name: "a path parameter", path: behind(";x")},
	{name: "an ending", path: behind(".json")},
	{name: "a dot", path: func(p string) string { return "/." + p }},
	{name: "dots", path: func(p string) string { return "/sign-in/.." + p }},
	{name: "encoded dots", path: func(p string) string { return "/sign-in/%2e%2e" + p }},
	{name: "below static files", path: func(p string) string { return "/static/.." + p }},
	{name: "below static files, encoded", path: func(p string) string { return "/static/..%2f" + p[1:] }},
	{name: "a zero byte", path: behind("%00")},
	{name: "a line break", path: behind("%0a")},
	{name: "another method in a header", header: [][2]string{{"X-HTTP-Method-Override", "GET"}, {"X-Method-Override", "GET"}}},
	{name: "as if from the machine itself", header: [][2]string{{"X-Forwarded-For", "127.0.0.1"}, {"X-Real-Ip", "127.0.0.1"}, {"Forwarded", "for=127.0.0.1"}}},
	{name: "as if somebody had signed them in", header: [][2]string{{"X-Forwarded-User", "admin"}, {"X-Remote-User", "admin"}, {"Remote-User", "admin"}, {"X-Authenticated-Userid", "admin"}}},
	{name: "a part of it", header: [][2]string{{"Range", "bytes=0-20"}}},
}

// leftOpen are addresses that other programs, proxies and mistakes are known to leave open.
var leftOpen = []string{
	"/metrics", "/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/debug/requests", "/api", "/api/v1", "/admin", "/graphql",
	"/swagger.json", "/openapi.json", "/.env", "/.git/config", "/.git/HEAD", "/config.json", "/server-status", "/status", "/stats",
	"/actuator", "/actuator/env", "/healthz", "/api/health", "/api/health/pool", "/api/health/worker", "/backup.sql", "/dump.sql",
	"/.well-known/../.env", "/static/../.env", "/static/..%2f.env", "/phpinfo.php", "/console", "/pgadmin", "/debug", "/internal",
}
