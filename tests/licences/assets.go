package licences

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// asset is something from others that is copied into the tree.
type asset struct {
	name, what string
	terms      string // the file with the terms, from the top of the tree
}

// assets lists them. What packages/ui takes from npm packages must be here, each
// package of its vendor.lock.
var assets = []asset{
	{"lucide-static", "icons, one sprite, in the programs", "packages/ui/static/vendor/lucide/LICENSE.txt"},
	{"axe-core", "checks pages for accessibility, in tests only", "packages/ui/uitest/testdata/axe/LICENSE.txt"},
}

// termsOfAsset reads the terms of one.
func termsOfAsset(top string, a asset) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(top, a.terms))
	if err != nil {
		return nil, err
	}
	ids, err := classify(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; its sum is %s", a.terms, err, sum(text))
	}
	return ids, nil
}

// unlisted says which npm package of packages/ui has no line above.
func unlisted(lock string, assets []asset) []string {
	var wrong []string
	for line := range strings.Lines(lock) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "package" {
			continue
		}
		if !slices.ContainsFunc(assets, func(a asset) bool { return a.name == fields[1] }) {
			wrong = append(wrong, fields[1]+" stands in packages/ui/vendor.lock and has no line in tests/licences/assets.go")
		}
	}
	return wrong
}
