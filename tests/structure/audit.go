package structure

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/types/typeutil"
)

const (
	writeFunc  = module + "packages/db.Write"
	auditFunc  = "(*" + module + "packages/db.Tx).Audit"
	clientFunc = "(*" + module + "packages/db.Pool).WithClient"
	txType     = "*" + module + "packages/db.Tx"
)

// writeSearch finds every place that changes rows through packages/db, and those
// among them that note nothing in the audit log: calls of db.Write whose callback
// reaches no Tx.Audit, itself or in a function that it hands its transaction to,
// and calls of WithClient, whose transactions have no audit at all.
//
// That an event is noted on every way through the callback is left to its own
// test; this one is for a write that nobody thought of.
type writeSearch struct {
	pkgs       []*packages.Package
	exceptions map[string]string // function → why its writes need no entry
	used       map[string]bool   // exceptions that were needed
	writes     int
	bodies     map[string]function // declared functions by full name
	findings   []finding
}

type function struct {
	pkg  *packages.Package
	body ast.Node
}

func searchWrites(pkgs []*packages.Package, exceptions map[string]string) *writeSearch {
	s := &writeSearch{pkgs: pkgs, exceptions: exceptions, used: map[string]bool{}, bodies: map[string]function{}}
	s.eachDecl(func(p *packages.Package, decl ast.Decl) {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
			s.bodies[declared(p, f)] = function{p, f.Body}
		}
	})
	s.eachDecl(s.decl)
	sortFindings(s.findings)
	return s
}

func (s *writeSearch) eachDecl(do func(*packages.Package, ast.Decl)) {
	for _, p := range s.pkgs {
		for _, file := range p.Syntax {
			for _, decl := range file.Decls {
				do(p, decl)
			}
		}
	}
}

// declared is a function's full name.
func declared(p *packages.Package, decl *ast.FuncDecl) string {
	f, ok := p.TypesInfo.Defs[decl.Name].(*types.Func)
	if !ok {
		return ""
	}
	return f.FullName()
}

// decl looks at every use of db.Write and WithClient in a declaration.
func (s *writeSearch) decl(p *packages.Package, decl ast.Decl) {
	in := "a variable of " + room(p)
	if f, ok := decl.(*ast.FuncDecl); ok {
		in = strings.ReplaceAll(declared(p, f), module, "")
	}
	called := map[*ast.Ident]bool{}
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			switch callee(p, n) {
			case writeFunc:
				s.writes++
				called[nameOf(n.Fun)] = true
				if fn, ok := s.callback(p, n.Args[len(n.Args)-1]); !ok {
					s.refuse(p, n, in, "the callback can't be followed: write it where db.Write is called, or name a function")
				} else if !s.audits(fn, map[string]bool{}) {
					s.refuse(p, n, in, "a write without an entry in the audit log: call Audit on its transaction")
				}
			case clientFunc:
				s.writes++
				called[nameOf(n.Fun)] = true
				s.refuse(p, n, in, "WithClient may write, and has no audit log: use db.Read or db.Write")
			}
		case *ast.Ident:
			if f, ok := p.TypesInfo.Uses[n].(*types.Func); ok && !called[n] && (f.Origin().FullName() == writeFunc || f.FullName() == clientFunc) {
				s.refuse(p, n, in, f.Name()+" is passed on as a value: call it, so that its callback can be followed")
			}
		}
		return true
	})
}

func (s *writeSearch) refuse(p *packages.Package, at ast.Node, in, text string) {
	if _, excused := s.exceptions[in]; excused {
		s.used[in] = true
		return
	}
	s.findings = append(s.findings, finding{p.Fset.Position(at.Pos()), "in " + in + ": " + text})
}

// callback is the code of a function that is written out or named.
func (s *writeSearch) callback(p *packages.Package, expr ast.Expr) (function, bool) {
	if lit, ok := ast.Unparen(expr).(*ast.FuncLit); ok {
		return function{p, lit.Body}, true
	}
	id := nameOf(expr)
	if id == nil {
		return function{}, false
	}
	f, ok := p.TypesInfo.Uses[id].(*types.Func)
	if !ok {
		return function{}, false
	}
	fn, ok := s.bodies[f.Origin().FullName()]
	return fn, ok
}

// audits reports whether a call of Audit is reached from fn, through functions
// that are given the transaction. seen are those already looked at.
func (s *writeSearch) audits(fn function, seen map[string]bool) bool {
	found := false
	ast.Inspect(fn.body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || found {
			return !found
		}
		to := callee(fn.pkg, call)
		if to == auditFunc {
			found = true
			return false
		}
		next, known := s.bodies[to]
		if known && !seen[to] && hasTx(fn.pkg, call) {
			seen[to] = true
			found = s.audits(next, seen)
		}
		return !found
	})
	return found
}

// hasTx reports whether a transaction is among the arguments.
func hasTx(p *packages.Package, call *ast.CallExpr) bool {
	for _, arg := range call.Args {
		if t := p.TypesInfo.TypeOf(arg); t != nil && t.String() == txType {
			return true
		}
	}
	return false
}

// callee is the full name of the function that is called; "" if that is decided
// while the program runs.
func callee(p *packages.Package, call *ast.CallExpr) string {
	if f, ok := typeutil.Callee(p.TypesInfo, call).(*types.Func); ok {
		return f.Origin().FullName()
	}
	return ""
}

// nameOf is the identifier of a function: f, pkg.f, x.f, f[T]; nil for anything
// else.
func nameOf(expr ast.Expr) *ast.Ident {
	switch e := ast.Unparen(expr).(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	case *ast.IndexExpr:
		return nameOf(e.X)
	case *ast.IndexListExpr:
		return nameOf(e.X)
	}
	return nil
}
