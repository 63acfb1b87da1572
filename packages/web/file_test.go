package web_test

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"openhouse.example/packages/web"
)

const (
	png  = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	page = "<!doctype html><script>alert(1)</script>"
	svg  = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`
)

// Whatever somebody has uploaded, and whatever they call it, it runs nowhere.
func TestFilesDoNoHarmInABrowser(t *testing.T) {
	t.Parallel()
	const octets = "application/octet-stream"
	for name, c := range map[string]struct {
		stored, start string
		inline        bool
		wantType      string
		wantShown     bool
	}{
		"a picture":                     {"image/png", png, true, "image/png", true},
		"a picture to save":             {"image/png", png, false, "image/png", false},
		"a photograph":                  {"image/jpeg", "\xff\xd8\xff\xe0\x00\x10JFIF", true, "image/jpeg", true},
		"a GIF":                         {"image/gif", "GIF89a\x01\x00", true, "image/gif", true},
		"a WebP":                        {"image/webp", "RIFF\x24\x00\x00\x00WEBPVP8 ", true, "image/webp", true},
		"sound that says it is a WebP":  {"image/webp", "RIFF\x24\x00\x00\x00WAVEfmt ", true, "image/webp", false},
		"a PDF":                         {"application/pdf", "%PDF-1.7\n", true, "application/pdf", true},
		"a type with parameters":        {"Image/PNG; a=b", png, true, "image/png", true},
		"an SVG":                        {"image/svg+xml", svg, true, octets, false},
		"a page":                        {"text/html", page, true, octets, false},
		"a page as XML":                 {"application/xhtml+xml", page, true, octets, false},
		"a script":                      {"text/javascript", "alert(1)", true, octets, false},
		"plain text":                    {"text/plain", page, true, octets, false},
		"an SVG that says it is a PNG":  {"image/png", svg, true, "image/png", false},
		"a page that says it is a PDF":  {"application/pdf", page, true, "application/pdf", false},
		"a page behind a PDF's start":   {"text/html", "%PDF-1.7\n" + page, true, octets, false},
		"a GIF that is a script too":    {"text/javascript", "GIF89a=1;alert(1)", true, octets, false},
		"a GIF with a page in it":       {"image/gif", "GIF89a/*" + page, true, "image/gif", true}, // nosniff: a broken picture, never a page
		"a PDF that begins with a page": {"application/pdf", page + "%PDF-1.7", true, "application/pdf", false},
		"a ZIP":                         {"application/zip", "PK\x03\x04", true, "application/zip", false},
		"a table":                       {"text/csv", "a,b", true, "text/csv; charset=utf-8", false},
		"no type":                       {"", png, true, octets, false},
		"a type that is none":           {"image/png\r\nX-Evil: 1", png, true, octets, false},
		"two types":                     {"image/png, text/html", page, true, octets, false},
		"an empty picture":              {"image/png", "", true, "image/png", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			web.FileHeader(h, web.File{Name: "plan.pdf", Type: c.stored, Inline: c.inline}, []byte(c.start))
			if got := h.Get("Content-Type"); got != c.wantType {
				t.Errorf("type %q, want %q", got, c.wantType)
			}
			if got := strings.HasPrefix(h.Get("Content-Disposition"), "inline;"); got != c.wantShown {
				t.Errorf("Content-Disposition %q", h.Get("Content-Disposition"))
			}
			policy := h.Get("Content-Security-Policy")
			if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(policy, "sandbox;") || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "allow-") {
				t.Errorf("%v", h)
			}
			if h.Get("Cache-Control") != "no-store" || h.Get("X-Evil") != "" {
				t.Errorf("%v", h)
			}
		})
	}
}

func TestNamesOfFiles(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"plan.pdf":                       `attachment; filename="plan.pdf"`,
		"Bauplan für Haus Ö.pdf":         `attachment; filename="Bauplan f_r Haus _.pdf"; filename*=UTF-8''Bauplan%20f%C3%BCr%20Haus%20%C3%96.pdf`,
		"100%25.pdf":                     `attachment; filename="100_25.pdf"; filename*=UTF-8''100%2525.pdf`,
		"":                               `attachment; filename="file"`,
		"..":                             `attachment; filename="file"`,
		"../../etc/passwd":               `attachment; filename="-..-etc-passwd"`,
		`C:\Users\a.pdf`:                 `attachment; filename="C--Users-a.pdf"`,
		"a\r\nSet-Cookie: x=1":           `attachment; filename="aSet-Cookie- x=1"`,
		`a"; filename="b.exe`:            `attachment; filename="a-- filename=-b.exe"`,
		"a\x00b\x1b[31m.pdf":             `attachment; filename="ab[31m.pdf"`,
		"invoice\u202Efdp.exe":           `attachment; filename="invoicefdp.exe"`,
		"\xff\xfe.pdf":                   `attachment; filename="pdf"`,
		strings.Repeat("x", 99) + ".pdf": `attachment; filename="` + strings.Repeat("x", 56) + `.pdf"`,
	} {
		h := http.Header{}
		web.FileHeader(h, web.File{Name: name}, nil)
		if got := h.Get("Content-Disposition"); got != want {
			t.Errorf("%q: %s\nwant %s", name, got, want)
		}
	}
}

// Whatever the name is, the header is one that programs can read, leads to no
// folder and hides nothing.
func FuzzFileName(f *testing.F) {
	for _, seed := range []string{"plan.pdf", "../a", "ö\u202E\r\n\"", strings.Repeat("日", 300), "%22;'", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		h := http.Header{}
		web.FileHeader(h, web.File{Name: name}, nil)
		value := h.Get("Content-Disposition")
		if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Fatalf("%q is no header", value)
		}
		kind, params, err := mime.ParseMediaType(value)
		if err != nil || kind != "attachment" || len(params) != 1 {
			t.Fatalf("%q: %s %v, %v", value, kind, params, err)
		}
		got := params["filename"]
		if got == "" || got == "." || got == ".." || strings.ContainsAny(got, "/\\\"\r\n\x00") || !utf8.ValidString(got) || strings.ContainsFunc(got, func(c rune) bool { return unicode.Is(unicode.Cf, c) }) {
			t.Fatalf("%q became %q", name, got)
		}
	})
}

func TestAFileIsSentInPieces(t *testing.T) {
	t.Parallel()
	parts := []string{"%PDF-", "second", "third"}
	get := func(method string, fails int) (*httptest.ResponseRecorder, int, error) {
		w, asked := httptest.NewRecorder(), 0
		err := web.SendFile(w, httptest.NewRequest(method, "/", nil), web.File{Name: "a.pdf", Type: "application/pdf", Size: 16, Inline: true, Keep: time.Minute}, func(n int) ([]byte, error) {
			asked++
			if n == fails {
				return nil, errors.New("away")
			}
			return []byte(parts[n]), nil
		})
		return w, asked, err
	}
	w, _, err := get("GET", -1)
	if err != nil || w.Body.String() != "%PDF-secondthird" || w.Header().Get("Content-Length") != "16" || w.Header().Get("Cache-Control") != "private, max-age=60" {
		t.Errorf("%q, %v, %v", w.Body, w.Header(), err)
	}
	if w, _, err = get("GET", 0); err == nil || errors.Is(err, io.ErrUnexpectedEOF) || len(w.Header()) != 0 {
		t.Errorf("nothing to send: %v, %v", w.Header(), err)
	}
	if _, _, err = get("GET", 2); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a file: %v", err)
	}
	if w, asked, err := get("HEAD", -1); err != nil || w.Body.Len() != 0 || asked != 1 || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "inline") {
		t.Errorf("HEAD: %q after %d parts, %v, %v", w.Body, asked, w.Header(), err)
	}
}
