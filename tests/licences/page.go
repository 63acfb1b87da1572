package licences

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Survey reads all terms and answers docs/licences.md, with a sentence for
// everything that may not be there. top is the top of the checkout.
func Survey(top string) (page string, wrong []string, err error) {
	programs, tests, tools, err := modulesOf(top)
	if err != nil {
		return "", nil, err
	}
	var b strings.Builder
	b.WriteString("# Licences of others\n\n<!-- Made from the licence texts themselves: make generate. -->\n\n" +
		"What OpenHouse takes from others, and under which terms. A module stands under every licence in the folders of it that are used. `make check` refuses what has none, what can't be told, and terms that are not allowed.\n")
	section := func(title, text string, list []module, allow ...map[string]bool) {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| licence | modules |\n|---|---|\n", title, text)
		byTerms, bad := judge(title, list, allow...)
		wrong = append(wrong, bad...)
		for _, terms := range slices.Sorted(maps.Keys(byTerms)) {
			fmt.Fprintf(&b, "| %s | %s |\n", terms, strings.Join(slices.Compact(byTerms[terms]), ", "))
		}
	}
	section("In the programs", "Allowed: "+names(allowed)+"; for fonts also "+names(allowedFonts)+".", programs, allowed, allowedFonts)
	section("In tests and development", "What no program has. Allowed: the same.", tests, allowed, allowedFonts)
	section("In tools", "Programs that build and check; nothing links them, and what they write is ours. Allowed: also "+names(allowedTools)+".", tools, allowed, allowedFonts, allowedTools)

	b.WriteString("\n## Copied files\n\n| from | what | licence |\n|---|---|---|\n")
	for _, a := range assets {
		ids, err := termsOfAsset(top, a)
		if err != nil {
			wrong = append(wrong, err.Error())
		}
		wrong = append(wrong, refused(a.name, "Copied files", ids, allowed, allowedFonts)...)
		fmt.Fprintf(&b, "| %s | %s | [%s](../%s) |\n", a.name, a.what, strings.Join(ids, " and "), a.terms)
	}
	lock, err := os.ReadFile(filepath.Join(top, "packages/ui/vendor.lock"))
	return b.String(), append(wrong, unlisted(string(lock), assets)...), err
}

// judge sorts modules by their terms, and says what is wrong with them.
func judge(place string, list []module, allow ...map[string]bool) (byTerms map[string][]string, wrong []string) {
	byTerms = map[string][]string{}
	for _, m := range list {
		ids, err := termsOf(m)
		if err != nil {
			wrong = append(wrong, err.Error())
			continue
		}
		wrong = append(wrong, refused(m.path, place, ids, allow...)...)
		terms := strings.Join(ids, " and ")
		byTerms[terms] = append(byTerms[terms], "`"+m.path+"`")
	}
	return byTerms, wrong
}

func refused(name, place string, ids []string, allow ...map[string]bool) []string {
	var wrong []string
	for _, id := range ids {
		if !slices.ContainsFunc(allow, func(a map[string]bool) bool { return a[id] }) {
			wrong = append(wrong, name+" is under "+id+", which is not allowed in: "+place)
		}
	}
	return wrong
}

func names(ids map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(ids)), ", ") }
