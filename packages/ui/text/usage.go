package text

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Usage says what CheckUsage compares.
type Usage struct {
	Words fs.FS    // the catalogue under test
	Root  string   // its folder in Words
	Dirs  []string // folders whose .go and .templ files use it
}

var (
	// T(ctx, "key" … or M("key" … up to the character that tells whether arguments follow.
	callPattern = regexp.MustCompile(`\b(?:T\(\s*[^",]+,|M\()\s*"([^"]+)"\s*([,)+])`)
	// A comment with these two words and a pattern such as import.error.* (the star
	// is any text) declares keys that are put together.
	declaredPattern = regexp.MustCompile(`text:keys\s+([a-z0-9.*_-]+)`)
	verbPattern     = regexp.MustCompile(`%(\[\d+\])?[+\-# 0]*\d*(\.\d+)?[a-zA-Z]`)
)

// CheckUsage holds code and catalogue together. It returns every difference at
// once: a key that is used and not registered anywhere, a key of u.Words that
// nothing uses, a call with arguments for a message that has no place for them,
// and the reverse. Generated files and tests are left out.
func CheckUsage(u Usage) error {
	own, err := load(u.Words, u.Root)
	if err != nil {
		return err
	}
	known := maps.Clone(current.Load().words[reference])
	maps.Copy(known, own[reference])
	used := map[string]bool{}
	var problems []error
	for _, dir := range u.Dirs {
		err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !isSource(file) {
				return err
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			problems = append(problems, scan(file, string(raw), known, used)...)
			return nil
		})
		if err != nil {
			return fmt.Errorf("text: read %s: %w", dir, err)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(own[reference])) {
		if !used[key] {
			problems = append(problems, fmt.Errorf("key %q is in the catalogue but nothing uses it", key))
		}
	}
	return errors.Join(problems...)
}

func isSource(file string) bool {
	if strings.HasSuffix(file, "_templ.go") || strings.HasSuffix(file, "_test.go") {
		return false
	}
	return strings.HasSuffix(file, ".go") || strings.HasSuffix(file, ".templ")
}

// scan marks the keys that one file uses and returns what is wrong in it.
func scan(file, source string, known map[string]entry, used map[string]bool) []error {
	var problems []error
	for _, m := range declaredPattern.FindAllStringSubmatch(source, -1) {
		found := false
		for key := range known {
			if ok, err := path.Match(m[1], key); err == nil && ok {
				used[key], found = true, true
			}
		}
		if !found {
			problems = append(problems, fmt.Errorf("%s: declared keys %q match nothing", file, m[1]))
		}
	}
	for _, m := range callPattern.FindAllStringSubmatch(source, -1) {
		key, next := m[1], m[2]
		if next == "+" {
			continue // put together: must be declared
		}
		e, ok := known[key]
		if !ok {
			problems = append(problems, fmt.Errorf("%s: key %q is in no catalogue", file, key))
			continue
		}
		used[key] = true
		takes := slices.ContainsFunc(e.variants(), verbPattern.MatchString) || e.plural != nil
		if gets := next == ","; gets != takes {
			problems = append(problems, fmt.Errorf("%s: key %q: message takes arguments: %t, call gives arguments: %t", file, key, takes, gets))
		}
	}
	return problems
}
