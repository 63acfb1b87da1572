package below

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/platform"
)

// Statement is one SQL constant of the shipped source.
type Statement struct {
	Where string // "apps/tenant-portal/internal/store/home.go:31"
	SQL   string
	Roles []string // whose scopes run it
}

// rooms are where shipped SQL stands, and the roles that run it. tests/structure proves that SQL is nothing but
// constants, so reading the constants is reading all of it.
var rooms = []struct {
	folder string
	roles  []string
}{
	{"apps/developer-portal", []string{platform.RoleStaff, platform.RoleWorker}},
	{"apps/tenant-portal", []string{platform.RoleResident}},
	{"packages/platform", []string{platform.RoleStaff, platform.RoleResident, platform.RoleWorker}},
	{"packages/knowledge", []string{platform.RoleStaff, platform.RoleResident, platform.RoleWorker}},
}

var beginsSQL = regexp.MustCompile(`(?is)^\s*(--[^\n]*\n\s*)*(select|insert|update|delete|with|merge)\s`)

// Statements reads the SQL constants of all rooms, each text once.
func Statements() ([]Statement, error) {
	root, err := pgdev.Checkout()
	if err != nil {
		return nil, err
	}
	var all []Statement
	for _, room := range rooms {
		packages := map[string][]*ast.File{}
		fset := token.NewFileSet()
		err := filepath.WalkDir(filepath.Join(root, room.folder), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "testdata":
				return filepath.SkipDir
			case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err == nil {
				packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], file)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("below: read the statements: %w", err)
		}
		for _, files := range packages {
			for pos, sql := range constants(fset, files) {
				at := fset.Position(pos)
				where, err := filepath.Rel(root, at.Filename)
				if err != nil {
					return nil, err
				}
				all = append(all, Statement{fmt.Sprintf("%s:%d", where, at.Line), sql, room.roles})
			}
		}
	}
	slices.SortFunc(all, func(a, b Statement) int { return strings.Compare(a.Where+a.SQL, b.Where+b.SQL) })
	return all, nil
}

// constants are the SQL texts of a package: whatever constant begins like a statement and is not part of a longer one.
func constants(fset *token.FileSet, files []*ast.File) map[token.Pos]string {
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	checker := types.Config{Importer: nothing{}, Error: func(error) {}} // constants need no imports; the rest is not looked at
	_, _ = checker.Check("p", fset, files, info)
	found, texts := map[token.Pos]string{}, map[string]bool{}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			expr, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			v := info.Types[expr].Value
			if v == nil || v.Kind() != constant.String || !beginsSQL.MatchString(constant.StringVal(v)) {
				return true
			}
			if sql := constant.StringVal(v); !texts[sql] {
				texts[sql] = true
				found[expr.Pos()] = sql
			}
			return false
		})
	}
	maps.DeleteFunc(found, func(_ token.Pos, sql string) bool { // a constant that longer ones begin with
		for longer := range texts {
			if len(longer) > len(sql) && strings.HasPrefix(longer, sql) {
				return true
			}
		}
		return false
	})
	return found
}

type nothing struct{}

func (nothing) Import(path string) (*types.Package, error) {
	return nil, fmt.Errorf("%s is not read", path)
}
