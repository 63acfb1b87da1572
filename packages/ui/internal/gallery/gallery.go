// Package gallery shows every component and state of the shared look with
// invented content, for people who change it and for the browser test. Nothing
// of it is in the portals.
package gallery

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/a-h/templ"

	"openhouse.example/packages/ui"
)

// pages are the gallery's pages by path.
var pages = map[string]templ.Component{
	"/staff/developments":  developments(),
	"/staff/development":   development(),
	"/staff/empty":         noDevelopments(),
	"/staff/new":           newDevelopment(nil),
	"/staff/mistakes":      newDevelopment(mistakes),
	"/staff/import":        importUpload(),
	"/staff/preview":       importPreview(),
	"/staff/everything":    everything(ui.DeveloperPortal),
	"/staff/sign-in":       signIn(),
	"/resident/home":       myHome(),
	"/resident/documents":  documents(),
	"/resident/link":       oneTimeLink(),
	"/resident/everything": everything(ui.TenantPortal),
	"/resident/long":       longWords(ui.TenantPortal),
	"/staff/long":          longWords(ui.DeveloperPortal),
}

// Paths lists the pages in order, the error pages included. The words of the
// error pages differ, their shape doesn't: three of them stand for all.
func Paths() []string {
	out := slices.Sorted(maps.Keys(pages))
	for _, status := range statuses {
		out = append(out, fmt.Sprintf("/error/%d", status))
	}
	return out
}

var statuses = []int{403, 404, 503}

// policy is the portals' content security policy.
const policy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// Handler serves the gallery.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/static/", ui.Static())
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { render(w, r, index(Paths())) })
	for path, page := range pages {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { render(w, r, page) })
	}
	mux.HandleFunc("/error/{status}", func(w http.ResponseWriter, r *http.Request) {
		status, err := strconv.Atoi(r.PathValue("status"))
		if err != nil || status < 400 || status > 599 {
			status = http.StatusNotFound
		}
		portal := ui.Portal(cmp.Or(r.URL.Query().Get("portal"), string(ui.TenantPortal)))
		ui.ErrorPages{Portal: portal}.Error(w, r, status, "example", "", "req-7f3a9c21")
	})
	mux.HandleFunc("/working", job())
	mux.HandleFunc("/flaky", recovers())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		mux.ServeHTTP(w, r)
	})
}

// job is a page whose work is done after four looks.
func job() http.HandlerFunc {
	var looks atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		render(w, r, working(int(min(looks.Add(1), jobLooks))))
	}
}

const jobLooks = 4

// recovers is away for the first two requests.
func recovers() http.HandlerFunc {
	var requests atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) <= 2 {
			w.Header().Set("Retry-After", "1")
			ui.ErrorPages{Portal: ui.DeveloperPortal}.Error(w, r, http.StatusServiceUnavailable, "database_unavailable", "", "req-1")
			return
		}
		render(w, r, pages["/staff/developments"])
	}
}

func render(w http.ResponseWriter, r *http.Request, page templ.Component) {
	templ.Handler(page).ServeHTTP(w, r)
}
