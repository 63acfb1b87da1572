package structure

import (
	"go/ast"
	"go/constant"
	"go/types"
	"regexp"
	"strings"

	"golang.org/x/tools/go/packages"
)

const textPath = module + "packages/ui/text"

var (
	// A sentence for people begins with a capital, has three words or more, and ends like one. What is written for the
	// log or for whoever starts a program doesn't.
	sentence = regexp.MustCompile(`^\p{Lu}\S* \S+ \S[^\n]*[.!?…]$`)
	textKey  = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*$`)
	// The beginning of a key that is put together.
	textKeyStart = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.$`)
)

// keyArgument says which argument of a function of package text is a key.
var keyArgument = map[string]int{textPath + ".T": 1, textPath + ".M": 0}

// findSentences reports texts for people that stand in code instead of the catalogue: a sentence as a constant, and a
// call for a text whose key is none. A key must be written where it is used, or begin there with one dot or more, so
// that text.CheckUsage can hold it against the catalogue.
func findSentences(pkgs []*packages.Package) []finding {
	var all []finding
	for _, p := range pkgs {
		for _, file := range p.Syntax {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ImportSpec:
					return false
				case *ast.CallExpr:
					if at, ok := keyArgument[calledName(p, n)]; ok && at < len(n.Args) {
						if why := wrongKey(p, n.Args[at]); why != "" {
							all = append(all, finding{p.Fset.Position(n.Args[at].Pos()), why})
							return false
						}
					}
				case *ast.BasicLit, *ast.BinaryExpr:
					if value, ok := constantText(p, n.(ast.Expr)); ok && sentence.MatchString(value) {
						all = append(all, finding{p.Fset.Position(n.Pos()), "a sentence for people stands in code: give it a key in the catalogue (words/en.json)"})
						return false
					}
				}
				return true
			})
		}
	}
	sortFindings(all)
	return all
}

// wrongKey says what is wrong with the expression for a key, "" if nothing is.
func wrongKey(p *packages.Package, key ast.Expr) string {
	if value, ok := constantText(p, key); ok {
		if !textKey.MatchString(value) {
			return "\"" + value + "\" is no key of the catalogue, such as \"answer.invalid\""
		}
		return ""
	}
	start := key
	for {
		sum, ok := start.(*ast.BinaryExpr)
		if !ok {
			break
		}
		start = sum.X
	}
	value, ok := constantText(p, start)
	switch {
	case !ok || start == key:
		return "a key must be written where it is used, or begin there, so that the catalogue can be checked"
	case !textKeyStart.MatchString(value):
		return "\"" + value + "\" is no key of the catalogue, nor the beginning of one"
	}
	return ""
}

func constantText(p *packages.Package, expr ast.Expr) (string, bool) {
	value := p.TypesInfo.Types[expr].Value
	if value == nil || value.Kind() != constant.String {
		return "", false
	}
	return constant.StringVal(value), true
}

// calledName is the full name of the function that a call calls, "" if it has none.
func calledName(p *packages.Package, call *ast.CallExpr) string {
	fun := call.Fun
	if sel, ok := fun.(*ast.SelectorExpr); ok {
		fun = sel.Sel
	}
	id, ok := fun.(*ast.Ident)
	if !ok {
		return ""
	}
	if f, ok := p.TypesInfo.Uses[id].(*types.Func); ok {
		return f.FullName()
	}
	return ""
}

// speechless are rooms whose code may hold sentences, with the reason.
var speechless = []allowance{
	{"packages/ui/internal/gallery", "shows the components to their authors, with invented content"},
	{"packages/ui/text", "it is the catalogue"},
}

// spoken are the packages that speak to people.
func spoken(pkgs []*packages.Package) []*packages.Package {
	var out []*packages.Package
	for _, p := range pkgs {
		here := room(p)
		if (strings.HasPrefix(here, "apps/") || insideAny(here, []string{"packages/web", "packages/ui", "packages/platform", "packages/knowledge"})) && !allowed(here, speechless) {
			out = append(out, p)
		}
	}
	return out
}
