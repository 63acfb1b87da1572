package structure

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

var wantComment = regexp.MustCompile(`// want ("(?:[^"\\]|\\.)*")`)

// seeded loads one folder of violations and checks that the findings are exactly
// those that its comments want.
func seeded(t *testing.T, folder string, analyse func([]*packages.Package) []finding) {
	t.Helper()
	pkgs, err := load(typed, "./tests/structure/testdata/seeded/"+folder)
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string]map[int]string{}
	n := 0
	for _, p := range pkgs {
		for _, file := range p.Syntax {
			for _, group := range file.Comments {
				for _, c := range group.List {
					m := wantComment.FindStringSubmatch(c.Text)
					if m == nil {
						continue
					}
					text, err := strconv.Unquote(m[1])
					if err != nil {
						t.Fatal(err)
					}
					pos := p.Fset.Position(c.Pos())
					if wanted[pos.Filename] == nil {
						wanted[pos.Filename] = map[int]string{}
					}
					wanted[pos.Filename][pos.Line] = text
					n++
				}
			}
		}
	}
	if n == 0 {
		t.Fatalf("testdata/seeded/%s wants nothing: it proves nothing", folder)
	}
	for _, f := range analyse(pkgs) {
		want, ok := wanted[f.pos.Filename][f.pos.Line]
		if !ok || !strings.Contains(f.text, want) {
			t.Errorf("unwanted finding: %v", f)
			continue
		}
		delete(wanted[f.pos.Filename], f.pos.Line)
	}
	for file, lines := range wanted {
		for line, text := range lines {
			t.Errorf("%v: no finding %q", finding{text: "seeded violation"}.at(file, line), text)
		}
	}
}

func (f finding) at(file string, line int) finding {
	f.pos.Filename, f.pos.Line = file, line
	return f
}
