package structure

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	// A sentence, often in a comment, that sends its reader to a page.
	pageInText = regexp.MustCompile(`\bdocs/[a-zA-Z0-9_/-]+\.(?:md|png)\b`)
)

// Every page that a document or a comment points to exists.
func TestPointersLeadSomewhere(t *testing.T) {
	t.Parallel()
	pages, code := 0, 0
	err := filepath.WalkDir(top(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && (name == ".git" || name == ".local" || name == "build" || name == "testdata" || name == "node_modules") {
			return filepath.SkipDir
		}
		text := ""
		switch filepath.Ext(path) {
		case ".md":
			pages++
			text = read(t, path)
		case ".go", ".sql", ".templ", ".yml", ".yaml":
			code++
			text = read(t, path)
		}
		var pointers []string
		for _, m := range markdownLink.FindAllStringSubmatch(text, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if filepath.Ext(path) == ".md" && target != "" && !strings.Contains(target, "://") {
				pointers = append(pointers, filepath.Join(filepath.Dir(path), target))
			}
		}
		for _, page := range pageInText.FindAllString(text, -1) {
			pointers = append(pointers, filepath.Join(top(), page))
		}
		slices.Sort(pointers)
		for _, p := range slices.Compact(pointers) {
			if _, err := os.Stat(p); err != nil {
				t.Errorf("%v", finding{text: "points to a page that isn't there: " + p}.at(path, 0))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if pages < 10 || code < 100 {
		t.Errorf("only %d documents and %d files of code were read", pages, code)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
