package licences

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// fileName is what a file of terms is called. NOTICE and PATENTS add to terms and
// are none; LICENSE.docs is about what we don't take.
var (
	fileName = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([-._].*)?$`)
	noTerms  = regexp.MustCompile(`(?i)\.(go|docs)$`)
)

// enough is how much of a text, in percent, must be words of licences that the
// classifier knows. The rest is names and years.
const enough = 75

var errUnknown = errors.New("no licence that the classifier knows")

// classify names the licences in one text, sorted.
func classify(text []byte) ([]string, error) {
	if ids := known[sum(text)]; ids != nil {
		return ids, nil
	}
	found := licensecheck.Scan(text)
	var ids []string
	for _, m := range found.Match {
		if !m.IsURL && !slices.Contains(ids, m.ID) {
			ids = append(ids, m.ID)
		}
	}
	slices.Sort(ids)
	if len(ids) == 0 || found.Percent < enough {
		return nil, fmt.Errorf("%w (%.0f %% of the text is known: %s)", errUnknown, found.Percent, strings.Join(ids, ", "))
	}
	return ids, nil
}

// termsOf gathers the licences that hold for some folders of a module: those in
// each folder and in every one above it, to the module's own.
func termsOf(m module) ([]string, error) {
	read := map[string]bool{}
	var ids []string
	for _, dir := range m.folders {
		for ; strings.HasPrefix(dir, m.dir) && !read[dir]; dir = filepath.Dir(dir) {
			read[dir] = true
			here, err := termsIn(m.path, dir)
			if err != nil {
				return nil, err
			}
			ids = append(ids, here...)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%s: there is no licence file", m.path)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

func termsIn(path, dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range entries {
		if e.IsDir() || !fileName.MatchString(e.Name()) || noTerms.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		found, err := classify(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w; its sum is %s", path, e.Name(), err, sum(text))
		}
		ids = append(ids, found...)
	}
	return ids, nil
}

func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}
