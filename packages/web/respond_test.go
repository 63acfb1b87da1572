package web_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"openhouse.example/packages/web"
)

func component(text string, err error) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, _ = io.WriteString(w, text)
		return err
	})
}

func TestWantsJSON(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"":                 false,
		"*/*":              false,
		"application/json": true,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": false,
		"application/json, text/html":                                     false,
		"application/json, text/html;q=0.9":                               true,
		"text/html;q=0.1, application/json;q=0.2":                         true,
		"application/json;q=0":                                            false,
		"application/json;q=2":                                            false,
		"application/json;q=x":                                            false,
		"application/problem+json":                                        true,
		"APPLICATION/JSON ; charset=utf-8":                                true,
		"image/png":                                                       false,
	} {
		if got := web.WantsJSON(get("/homes", "Accept", accept)); got != want {
			t.Errorf("WantsJSON(%q) = %v", accept, got)
		}
	}
	if !web.WantsJSON(get("/api/homes", "Accept", "text/html")) || web.WantsJSON(get("/apical")) {
		t.Error("the /api/ prefix doesn't decide")
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.on("/good", func(w http.ResponseWriter, _ *http.Request) error {
		return web.JSON(w, http.StatusCreated, map[string]string{"name": "</script>"})
	})
	s.on("/bad", func(w http.ResponseWriter, _ *http.Request) error { return web.JSON(w, http.StatusOK, math.NaN()) })
	s.on("/shared", func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Cache-Control", "public, max-age=60")
		return web.JSON(w, http.StatusOK, 1)
	})
	w := s.do(get("/good"))
	if w.Code != 201 || w.Body.String() != `{"name":"\u003c/script\u003e"}`+"\n" || w.Header().Get("Content-Type") != "application/json" ||
		w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := s.do(get("/bad")); w.Code != 500 || !strings.Contains(w.Body.String(), "internal") {
		t.Errorf("what can't be encoded: %d %s", w.Code, w.Body)
	}
	if got := s.do(get("/shared")).Header().Get("Cache-Control"); got != "public, max-age=60" {
		t.Errorf("a handler's Cache-Control became %q", got)
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	long := strings.Repeat("<p>Longview Park</p>", 500)
	page := func(text string, err error) web.Handler {
		return func(w http.ResponseWriter, r *http.Request) error {
			return web.Render(w, r, http.StatusOK, component(text, err))
		}
	}
	s.on("/short", page("<p>hello</p>", nil))
	s.on("/long", page(long, nil))
	s.on("/broken", page("<p>half a page", errors.New("a field is missing")))

	w := s.do(get("/short", "Accept-Encoding", "gzip"))
	if w.Code != 200 || w.Body.String() != "<p>hello</p>" || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := s.do(get("/broken")); w.Code != 500 || strings.Contains(w.Body.String(), "half") {
		t.Errorf("a component's error: %d %s", w.Code, w.Body)
	}
	for accept, zipped := range map[string]bool{
		"": false, "gzip": true, "br, GZIP;q=0.5": true, "gzip;q=0": false, "deflate": false,
	} {
		w := s.do(get("/long", "Accept-Encoding", accept))
		body := io.Reader(w.Body)
		if (w.Header().Get("Content-Encoding") == "gzip") != zipped || w.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
			t.Errorf("Accept-Encoding %q: %v", accept, w.Header())
			continue
		}
		if zipped {
			if w.Body.Len() > len(long)/10 {
				t.Errorf("compressed to %d of %d bytes", w.Body.Len(), len(long))
			}
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != long {
			t.Errorf("Accept-Encoding %q: another page arrived (%v)", accept, err)
		}
		if !strings.Contains(strings.Join(w.Header().Values("Vary"), ","), "Accept-Encoding") {
			t.Errorf("Vary = %v", w.Header().Values("Vary"))
		}
	}
}
