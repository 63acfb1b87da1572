package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// One error, made without a thought of who reads it, is said to each in their language.
func TestAnErrorIsSaidInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	err := &web.Error{
		Status: http.StatusConflict, Code: "odd", Public: text.M("test.odd"), Fields: map[string]text.Message{"name": text.M("test.field", 4)},
	}
	s.on("/api/odd", func(http.ResponseWriter, *http.Request) error { return err })
	s.on("/odd", func(http.ResponseWriter, *http.Request) error { return err })
	for _, c := range []struct{ accepts, says, field string }{
		{"pl", "Dziwne.", "Najwyżej 4."},
		{"de, pl-PL;q=0.7, en;q=0.3", "Dziwne.", "Najwyżej 4."},
		{"en", "Odd.", "At most 4."},
		{"de", "Odd.", "At most 4."},
		{"", "Odd.", "At most 4."},
	} {
		w := s.do(get("/api/odd", "Accept-Language", c.accepts))
		if body := w.Body.String(); !strings.Contains(body, `"message":"`+c.says+`"`) || !strings.Contains(body, `"fields":{"name":"`+c.field+`"}`) {
			t.Errorf("%q is answered %s", c.accepts, body)
		}
		if body := s.do(get("/odd", "Accept-Language", c.accepts)).Body.String(); !strings.Contains(body, "|"+c.says+"|") {
			t.Errorf("%q is shown %s", c.accepts, body)
		}
	}
}

// speaking is a page that says in which language it is.
type speaking struct{}

func (speaking) Error(w http.ResponseWriter, r *http.Request, status int, code, _, _ string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, code+" in "+text.Lang(r.Context()))
}

// What is refused before any handler, or after one has failed, speaks the reader's language too.
func TestEveryRefusalKnowsTheLanguage(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(a *web.App) { a.Pages = speaking{} })
	s.on("/panics", func(http.ResponseWriter, *http.Request) error { panic("a mistake") })
	full := newStand(t, func(a *web.App) { a.Pages, a.MaxInFlight = speaking{}, 1 })
	inside, leave := make(chan struct{}), make(chan struct{})
	full.on("/slow", func(w http.ResponseWriter, r *http.Request) error {
		close(inside)
		<-leave
		return ok(w, r)
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		full.do(get("/slow"))
	}()
	<-inside
	for name, c := range map[string]struct {
		stand *stand
		r     *http.Request
		want  string
	}{
		"no route":      {s, request(http.MethodGet, "/nowhere", ""), "not_found"},
		"no method":     {s, request(http.MethodDelete, "/panics", ""), "method_not_allowed"},
		"a panic":       {s, request(http.MethodGet, "/panics", ""), "internal"},
		"another site":  {s, request(http.MethodPost, "/panics", "", "Sec-Fetch-Site", "cross-site"), "cross_origin"},
		"a full portal": {full, request(http.MethodGet, "/slow", ""), "overloaded"},
	} {
		c.r.Header.Set("Accept-Language", "pl")
		if got := c.stand.do(c.r).Body.String(); got != c.want+" in pl" {
			t.Errorf("%s: %q, want %q", name, got, c.want+" in pl")
		}
	}
	close(leave)
	<-done
}
