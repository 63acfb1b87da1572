package ui_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/internal/gallery"
)

func css(t *testing.T) string {
	t.Helper()
	return fetch(t, http.MethodGet, ui.Asset("app.css"), nil).Body.String()
}

func submatches(pattern, s string) []string {
	var out []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(s, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestColoursStandInOneFile(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("static/css/*.css")
	if err != nil || len(files) < 5 {
		t.Fatalf("style sheets: %v, %v", files, err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(file) != "10-tokens.css" && strings.Contains(string(raw), "light-dark(") {
			t.Errorf("%s: light-dark() belongs into 10-tokens.css, where old browsers get a fallback", file)
		}
		if strings.Count(string(raw), "{") != strings.Count(string(raw), "}") {
			t.Errorf("%s: braces don't match", file)
		}
	}
}

// TestOldBrowsersGetTheLightColours compares the fallback in front of @supports
// with the tokens inside it.
func TestOldBrowsersGetTheLightColours(t *testing.T) {
	t.Parallel()
	all := css(t)
	before, inside, found := strings.Cut(all, "@supports (color: light-dark(red,red)){")
	if !found {
		t.Fatalf("no @supports in %.200s", all)
	}
	if strings.Contains(before, "light-dark(") {
		t.Error("the fallback still says light-dark()")
	}
	const wanted = `(--[a-z0-9-]+): ?`
	if got, want := submatches(wanted, before), submatches(wanted, strings.SplitN(inside, "@layer base", 2)[0]); !slices.Equal(got, want) {
		t.Errorf("fallback defines %v, tokens %v", got, want)
	}
	for _, token := range []string{"--bg: #f3f6f5", "--accent: #9a3d20", "--shadow: 0 1px 2px rgb(16 40 38 / .06)"} {
		if !strings.Contains(before, token) {
			t.Errorf("the fallback lacks %s", token)
		}
	}
}

func TestEveryTokenIsDefined(t *testing.T) {
	t.Parallel()
	all := css(t)
	defined := submatches(`(--[a-z0-9-]+):`, all)
	for _, used := range submatches(`var\((--[a-z0-9-]+)\)`, all) {
		if !slices.Contains(defined, used) {
			t.Errorf("%s is used and nowhere defined", used)
		}
	}
}

func TestThemeColourIsThatOfTheBar(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("static/css/10-tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	bars := regexp.MustCompile(`--bar: light-dark\((#\w+), (#\w+)\)`).FindAllStringSubmatch(string(raw), -1)
	if len(bars) != 2 {
		t.Fatalf("%d definitions of --bar, want 2", len(bars))
	}
	for i, path := range []string{"/staff/developments", "/resident/home"} {
		page := galleryPage(t, path)
		for _, colour := range bars[i][1:] {
			if !strings.Contains(page, `content="`+colour+`"`) {
				t.Errorf("%s: no theme-color %s", path, colour)
			}
		}
	}
}

func galleryPage(t *testing.T, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	gallery.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Body.String()
}

// TestClassesAndStylesBelongTogether fails on a class that no style sheet knows
// and on a style for a class that no template, page or script has.
func TestClassesAndStylesBelongTogether(t *testing.T) {
	t.Parallel()
	styled := submatches(`\.([a-z][a-z0-9-]*)`, css(t))
	var used []string
	for _, path := range append(gallery.Paths(), "/working") {
		for _, list := range submatches(` class="([^"]*)"`, galleryPage(t, path)) {
			used = append(used, strings.Fields(list)...)
		}
	}
	slices.Sort(used)
	used = slices.Compact(used)
	for _, class := range used {
		if !slices.Contains(styled, class) {
			t.Errorf("class %q has no style", class)
		}
	}
	script, err := fs.ReadFile(os.DirFS("static"), "app.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, class := range styled {
		if !slices.Contains(used, class) && !strings.Contains(string(script), class) {
			t.Errorf("style for class %q, which nothing has", class)
		}
	}
}

// TestPagesNeedNoInlineCode holds the pages to the content security policy
// without a browser.
func TestPagesNeedNoInlineCode(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:|<script>|<script [^>]*>[^<]|https?://[^"w]`)
	for _, path := range append(gallery.Paths(), "/working") {
		if found := forbidden.FindString(galleryPage(t, path)); found != "" {
			t.Errorf("%s contains %q", path, found)
		}
	}
}
