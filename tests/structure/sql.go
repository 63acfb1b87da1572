package structure

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/types/typeutil"
)

// statement is one SQL text in the source.
type statement struct {
	pos  token.Position
	room string
	sql  string
}

// sqlSearch follows SQL from the calls that send it back to the constants that
// it is written in. Where the text comes from a parameter, the callers of that
// function are searched; where it comes from a field, every value the field is
// given. What can't be followed is a finding.
type sqlSearch struct {
	pkgs       []*packages.Package
	exceptions map[string]string // function → why its SQL need not be a constant
	used       map[string]bool   // exceptions that were needed

	params map[string]int  // function → index of the parameter that is SQL
	fields map[string]bool // "package.Type.Field" that holds SQL

	done       map[token.Pos]bool
	statements []statement
	findings   []finding
}

// guardField is SQL that packages/db runs for its callers.
const guardField = module + "packages/db.Guard.SQL"

func searchSQL(pkgs []*packages.Package, exceptions map[string]string) *sqlSearch {
	s := &sqlSearch{
		pkgs:       pkgs,
		exceptions: exceptions,
		used:       map[string]bool{},
		params:     map[string]int{},
		fields:     map[string]bool{guardField: true},
		done:       map[token.Pos]bool{},
	}
	// Every round may find functions and fields that pass SQL on.
	for known := -1; known != len(s.params)+len(s.fields); {
		known = len(s.params) + len(s.fields)
		for _, p := range pkgs {
			for _, file := range p.Syntax {
				s.file(p, file)
			}
		}
	}
	sortFindings(s.findings)
	return s
}

// sendsSQL answers which argument of a driver's or handle's method is SQL, or -1.
// It goes by name and shape, so that an interface somebody declares anew (as
// generated code does) is seen too.
func sendsSQL(f *types.Func) int {
	sig := f.Signature()
	if sig.Recv() == nil {
		return -1
	}
	at := -1
	switch f.Name() {
	case "Exec", "Query", "QueryRow", "ExecContext", "QueryContext", "QueryRowContext":
		at = 1
	case "Queue":
		at = 0
	case "Prepare", "PrepareContext":
		at = sig.Params().Len() - 1
	}
	if at < 0 || at >= sig.Params().Len() || !isString(sig.Params().At(at).Type()) {
		return -1
	}
	if at == 1 && sig.Params().At(0).Type().String() != "context.Context" {
		return -1
	}
	return at
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.String
}

// file looks at every call and every value given to a field that holds SQL.
func (s *sqlSearch) file(p *packages.Package, file *ast.File) {
	called := map[ast.Expr]bool{}
	var path []ast.Node
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			path = path[:len(path)-1]
			return true
		}
		path = append(path, n)
		switch n := n.(type) {
		case *ast.CallExpr:
			called[ast.Unparen(n.Fun)] = true
			s.call(p, path, n)
		case *ast.SelectorExpr:
			if f, ok := p.TypesInfo.Uses[n.Sel].(*types.Func); ok && !called[n] && sendsSQL(f) >= 0 {
				s.refuse(p, n.Pos(), path, f.Name()+" is passed on as a value: call it, so that its SQL can be followed")
			}
		case *ast.CompositeLit:
			s.literal(p, path, n)
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				sel, ok := left.(*ast.SelectorExpr)
				if ok && s.fields[selectedField(p, sel)] && len(n.Rhs) == len(n.Lhs) {
					s.value(p, path, n.Rhs[i])
				}
			}
		}
		return true
	})
}

// literal looks at the fields of a struct that is written out, with or without
// their names.
func (s *sqlSearch) literal(p *packages.Package, path []ast.Node, lit *ast.CompositeLit) {
	t := p.TypesInfo.TypeOf(lit)
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		t = ptr.Elem()
	}
	fields, ok := t.Underlying().(*types.Struct)
	if !ok {
		return
	}
	for i, e := range lit.Elts {
		var name string
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			name, e = kv.Key.(*ast.Ident).Name, kv.Value
		} else {
			name = fields.Field(i).Name()
		}
		if s.fields[typeName(t)+"."+name] {
			s.value(p, path, e)
		}
	}
}

func (s *sqlSearch) call(p *packages.Package, path []ast.Node, call *ast.CallExpr) {
	f, ok := typeutil.Callee(p.TypesInfo, call).(*types.Func)
	if !ok {
		return
	}
	at := sendsSQL(f)
	if param, passesOn := s.params[f.Origin().FullName()]; passesOn && at < 0 {
		at = param
	}
	if at >= 0 && at < len(call.Args) {
		s.value(p, path, call.Args[at])
	}
}

// value follows one expression that is SQL.
func (s *sqlSearch) value(p *packages.Package, path []ast.Node, expr ast.Expr) {
	expr = ast.Unparen(expr)
	if v := p.TypesInfo.Types[expr].Value; v != nil && v.Kind() == constant.String {
		if !s.done[expr.Pos()] {
			s.done[expr.Pos()] = true
			s.statements = append(s.statements, statement{p.Fset.Position(expr.Pos()), room(p), constant.StringVal(v)})
		}
		return
	}
	switch e := expr.(type) {
	case *ast.Ident:
		if v, ok := p.TypesInfo.Uses[e].(*types.Var); ok && s.variable(p, path, v) {
			return
		}
	case *ast.SelectorExpr:
		if name := selectedField(p, e); strings.HasPrefix(name, module) {
			s.fields[name] = true
			return
		}
	}
	s.refuse(p, expr.Pos(), path, "SQL that is not a constant can't be checked before run time: write it whole, or add the function to the exceptions with a reason")
}

// variable follows a parameter to the callers and a local variable to what it is
// given. It reports whether it could.
func (s *sqlSearch) variable(p *packages.Package, path []ast.Node, v *types.Var) bool {
	decl := enclosing(path)
	if decl == nil {
		return false
	}
	if f, ok := p.TypesInfo.Defs[decl.Name].(*types.Func); ok {
		for i := range f.Signature().Params().Len() {
			if f.Signature().Params().At(i) == v {
				s.params[f.FullName()] = i
				return true
			}
		}
	}
	if v.Parent() == nil || v.Parent() == p.Types.Scope() {
		return false
	}
	followed, given := true, false
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				id, ok := left.(*ast.Ident)
				if !ok || p.TypesInfo.ObjectOf(id) != v {
					continue
				}
				if n.Tok == token.ADD_ASSIGN || len(n.Lhs) != len(n.Rhs) {
					followed = false
					continue
				}
				given = true
				s.value(p, path, n.Rhs[i])
			}
		case *ast.ValueSpec:
			for i, id := range n.Names {
				if p.TypesInfo.Defs[id] == v && i < len(n.Values) {
					given = true
					s.value(p, path, n.Values[i])
				}
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if id, ok := e.(*ast.Ident); ok && p.TypesInfo.ObjectOf(id) == v {
					followed = s.elements(p, path, n.X)
					given = given || followed
				}
			}
		}
		return true
	})
	return followed && given
}

// elements follows a list that is written out on the spot.
func (s *sqlSearch) elements(p *packages.Package, path []ast.Node, list ast.Expr) bool {
	lit, ok := ast.Unparen(list).(*ast.CompositeLit)
	if !ok {
		return false
	}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
		}
		s.value(p, path, e)
	}
	return true
}

func (s *sqlSearch) refuse(p *packages.Package, pos token.Pos, path []ast.Node, text string) {
	if s.done[pos] {
		return
	}
	s.done[pos] = true
	if decl := enclosing(path); decl != nil {
		if f, ok := p.TypesInfo.Defs[decl.Name].(*types.Func); ok {
			name := strings.ReplaceAll(f.FullName(), module, "")
			if _, ok := s.exceptions[name]; ok {
				s.used[name] = true
				return
			}
			text = fmt.Sprintf("in %s: %s", name, text)
		}
	}
	s.findings = append(s.findings, finding{p.Fset.Position(pos), text})
}

// enclosing answers the function declaration around a node.
func enclosing(path []ast.Node) *ast.FuncDecl {
	for _, n := range path {
		if decl, ok := n.(*ast.FuncDecl); ok {
			return decl
		}
	}
	return nil
}

// selectedField is "package.Type.Field" of x.Field, or "" if it is no field.
func selectedField(p *packages.Package, sel *ast.SelectorExpr) string {
	if s := p.TypesInfo.Selections[sel]; s != nil && s.Kind() == types.FieldVal {
		return typeName(s.Recv()) + "." + sel.Sel.Name
	}
	return ""
}

func typeName(t types.Type) string {
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		t = ptr.Elem()
	}
	if ptr, ok := t.(*types.Pointer); ok {
		t = ptr.Elem()
	}
	if n, ok := t.(*types.Named); ok && n.Obj().Pkg() != nil {
		return n.Obj().Pkg().Path() + "." + n.Obj().Name()
	}
	return ""
}
