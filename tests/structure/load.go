package structure

import (
	"errors"
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"

	"golang.org/x/tools/go/packages"
)

// module is the prefix of every import path of this workspace.
const module = "openhouse.example/"

// finding is one violation, at a place to go to.
type finding struct {
	pos  token.Position
	text string
}

func (f finding) String() string {
	path := f.pos.Filename
	if rel, err := filepath.Rel(top(), path); err == nil && !strings.HasPrefix(rel, "..") {
		path = rel
	}
	return fmt.Sprintf("%s:%d: %s", path, f.pos.Line, f.text)
}

func sortFindings(all []finding) {
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i].pos, all[j].pos
		if a.Filename != b.Filename {
			return a.Filename < b.Filename
		}
		return a.Offset < b.Offset
	})
}

// top is the folder of go.work.
func top() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// load type-checks packages of the workspace; what they import from elsewhere is
// read from the compiler's cache. A package that doesn't compile is an error.
func load(mode packages.LoadMode, patterns ...string) ([]*packages.Package, error) {
	cfg := &packages.Config{
		Mode: mode | packages.NeedName | packages.NeedFiles | packages.NeedModule,
		Dir:  top(),
		// Whoever runs one module alone with GOWORK=off still has the whole tree checked.
		Env: append(os.Environ(), "GOWORK="+filepath.Join(top(), "go.work")),
	}
	pkgs, err := packages.Load(cfg, patterns...)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, p := range pkgs {
		for _, e := range p.Errors {
			errs = append(errs, e)
		}
	}
	return pkgs, errors.Join(errs...)
}

const typed = packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports

// room is a package's import path within the workspace.
func room(pkg *packages.Package) string { return strings.TrimPrefix(pkg.PkgPath, module) }

// inside reports whether a path is a room or lies below it.
func inside(path, room string) bool {
	return path == room || strings.HasPrefix(path, room+"/")
}
