package ui_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"openhouse.example/packages/ui"
)

func fetch(t *testing.T, method, path string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	ui.Static().ServeHTTP(w, r)
	return w
}

func TestStaticFilesMayBeKeptForEver(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]string{
		"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "theme.js": "text/javascript; charset=utf-8",
		"icons.svg": "image/svg+xml", "favicon.svg": "image/svg+xml", "favicon-resident.svg": "image/svg+xml",
		"vendor/lucide/LICENSE.txt": "text/plain; charset=utf-8",
	} {
		r := fetch(t, http.MethodGet, ui.Asset(name), nil)
		if r.Code != http.StatusOK || r.Header().Get("Content-Type") != kind {
			t.Errorf("%s: %d %s, want 200 %s", name, r.Code, r.Header().Get("Content-Type"), kind)
		}
		if got := r.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q", name, got)
		}
		if got := r.Header().Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options %q", name, got)
		}
		if r.Body.Len() == 0 {
			t.Errorf("%s is empty", name)
		}
	}
}

func TestAnotherReleasesAddressIsNotKept(t *testing.T) {
	t.Parallel()
	r := fetch(t, http.MethodGet, "/static/0123456789ab/app.css", nil)
	if r.Code != http.StatusOK || r.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("got %d, Cache-Control %q; want 200, no-store", r.Code, r.Header().Get("Cache-Control"))
	}
}

func TestStaticHasNoListingsAndNoOtherFiles(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"/static/", "/static", ui.Asset(""), ui.Asset("vendor/"), ui.Asset("vendor/lucide"), ui.Asset("css/10-tokens.css"),
		ui.Asset("../icons.txt"), ui.Asset("app.css/"), ui.Asset("missing.js"), "/static/app.css",
	} {
		if r := fetch(t, http.MethodGet, path, nil); r.Code != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, r.Code)
		}
	}
	r := fetch(t, http.MethodPost, ui.Asset("app.css"), nil)
	if r.Code != http.StatusMethodNotAllowed || r.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", r.Code, r.Header().Get("Allow"))
	}
}

func TestStaticIsCompressedOnRequest(t *testing.T) {
	t.Parallel()
	plain := fetch(t, http.MethodGet, ui.Asset("app.css"), nil).Body.Bytes()
	for accept, want := range map[string]bool{
		"gzip": true, "br, gzip;q=0.5": true, "deflate": false, "gzip;q=0": false, "gzip; q=0.0": false, "": false, "x-gzip": false,
	} {
		r := fetch(t, http.MethodGet, ui.Asset("app.css"), http.Header{"Accept-Encoding": {accept}})
		if got := r.Header().Get("Content-Encoding") == "gzip"; got != want {
			t.Errorf("Accept-Encoding %q: compressed %t, want %t", accept, got, want)
		}
		if r.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: Vary %q", accept, r.Header().Get("Vary"))
		}
		content := r.Body.Bytes()
		if want {
			zr, err := gzip.NewReader(bytes.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			if content, err = io.ReadAll(zr); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(content, plain) {
			t.Errorf("Accept-Encoding %q: other content", accept)
		}
	}
	if r := fetch(t, http.MethodHead, ui.Asset("app.css"), nil); r.Body.Len() != 0 || r.Header().Get("Content-Length") == "" {
		t.Error("HEAD must answer headers only")
	}
}

// TestWhatEveryPageLoadsIsSmall leaves the page itself at least 30 KB.
func TestWhatEveryPageLoadsIsSmall(t *testing.T) {
	t.Parallel()
	sum := 0
	for _, name := range []string{"app.css", "app.js", "theme.js", "icons.svg", "favicon.svg"} {
		sum += fetch(t, http.MethodGet, ui.Asset(name), http.Header{"Accept-Encoding": {"gzip"}}).Body.Len()
	}
	if sum > 18<<10 {
		t.Errorf("%d bytes compressed, at most %d", sum, 18<<10)
	}
}

// TestVendoredFilesAreThoseOfTheLock fails when a file was changed by hand; it
// is renewed with go run ./cmd/vendorassets.
func TestVendoredFilesAreThoseOfTheLock(t *testing.T) {
	t.Parallel()
	lock, err := os.ReadFile("vendor.lock")
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^file (\S+) ([0-9a-f]{128})$`).FindAllStringSubmatch(string(lock), -1)
	if len(lines) != 5 {
		t.Fatalf("%d files in vendor.lock, want 5", len(lines))
	}
	for _, line := range lines {
		content, err := os.ReadFile(line[1])
		if err != nil {
			t.Error(err)
			continue
		}
		if sum := sha512.Sum512(content); hex.EncodeToString(sum[:]) != line[2] {
			t.Errorf("%s is not what vendor.lock says", line[1])
		}
	}
}

func TestEveryIconIsInTheSprite(t *testing.T) {
	t.Parallel()
	sprite := fetch(t, http.MethodGet, ui.Asset("icons.svg"), nil).Body.String()
	if len(ui.IconNames()) < 40 {
		t.Errorf("only %d icons", len(ui.IconNames()))
	}
	for _, name := range append(ui.IconNames(), "logo", "street") {
		if strings.Count(sprite, `<symbol id="`+name+`"`) != 1 {
			t.Errorf("icon %q is not in the sprite exactly once", name)
		}
	}
}
