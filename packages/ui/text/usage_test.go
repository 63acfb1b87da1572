package text_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"openhouse.example/packages/ui/text"
)

func TestCheckUsageFindsEveryDifference(t *testing.T) {
	t.Parallel()
	room := fstest.MapFS{"w/en.json": {Data: []byte(`{
		"room.used": "Used", "room.spare": "Spare", "room.name": "Hello %s", "room.bare": "Bare",
		"room.error.one": "One", "room.error.two": "Two", "room.count": {"one": "%d", "other": "%d"},
		"room.later": "Later", "room.later-name": "Later, %s"
	}`)}}
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("page.templ", `{ text.T(ctx, "room.used") } { text.T(ctx, "action.save") } { text.T(ctx, "room.count", n) }`)
	write("handler.go", `// text:keys room.error.*
		text.T(r.Context(), "room.error."+code)
		text.T(r.Context(), "room.missing")
		text.T(ctx, "room.name")
		text.T(ctx, "room.bare", 5)
		Fail(text.M("room.later"), text.M(
			"room.later-name"), text.M("room.later-missing"), text.M("room.error."+code))
		// text:keys nothing.*`)
	write("page_templ.go", `text.T(ctx, "room.spare")`)
	write("page_test.go", `text.T(ctx, "room.unknown")`)

	err := text.CheckUsage(text.Usage{Words: room, Root: "w", Dirs: []string{dir}})
	if err == nil {
		t.Fatal("no difference found")
	}
	got := err.Error()
	for _, want := range []string{
		`key "room.missing" is in no catalogue`,
		`key "room.name": message takes arguments: true, call gives arguments: false`,
		`key "room.bare": message takes arguments: false, call gives arguments: true`,
		`key "room.later-missing" is in no catalogue`,
		`key "room.later-name": message takes arguments: true, call gives arguments: false`,
		`declared keys "nothing.*" match nothing`,
		`key "room.spare" is in the catalogue but nothing uses it`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if n := strings.Count(got, "\n") + 1; n != 7 {
		t.Errorf("%d differences, want 7:\n%s", n, got)
	}
}

func TestCheckUsageNamesAFolderThatIsMissing(t *testing.T) {
	t.Parallel()
	err := text.CheckUsage(text.Usage{Words: words, Root: "words", Dirs: []string{filepath.Join(t.TempDir(), "gone")}})
	if err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("got %v", err)
	}
}
