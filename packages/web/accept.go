package web

import (
	"net/http"
	"strconv"
	"strings"
)

// WantsJSON reports whether a request is a program's: it is under /api/, or its
// Accept prefers JSON to HTML. Where both are equal (as for */*) it is a page.
func WantsJSON(r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		return true
	}
	var json, html float64
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		name, params, _ := strings.Cut(part, ";")
		switch name = strings.ToLower(strings.TrimSpace(name)); {
		case name == "text/html" || name == "application/xhtml+xml":
			html = max(html, quality(params))
		case name == "application/json" || strings.HasPrefix(name, "application/") && strings.HasSuffix(name, "+json"):
			json = max(json, quality(params))
		}
	}
	return json > html
}

// quality reads the q of a media range's parameters; 1 if there is none.
func quality(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if strings.EqualFold(name, "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || q < 0 || q > 1 {
				return 0
			}
			return q
		}
	}
	return 1
}
