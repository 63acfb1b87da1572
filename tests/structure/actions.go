package structure

import (
	"go/ast"
	"go/token"
	"regexp"

	"golang.org/x/tools/go/packages"
)

const eventType = module + "packages/db.Event"

// action is a kind of action that the code writes into the audit log.
type action struct {
	pos  token.Position
	name string
}

// findActions finds the actions of all events. One that isn't a constant where the event is made is a finding: the page
// of the log could have no sentence for it.
func findActions(pkgs []*packages.Package) (actions []action, findings []finding) {
	for _, p := range pkgs {
		for _, file := range p.Syntax {
			ast.Inspect(file, func(n ast.Node) bool {
				lit, ok := n.(*ast.CompositeLit)
				if !ok || typeName(p.TypesInfo.TypeOf(lit)) != eventType {
					return true
				}
				for i, e := range lit.Elts {
					kv, named := e.(*ast.KeyValueExpr)
					switch {
					case named && kv.Key.(*ast.Ident).Name == "Action":
						e = kv.Value
					case named || i > 0: // Action is the first field
						continue
					}
					if name, ok := constantText(p, e); ok {
						actions = append(actions, action{p.Fset.Position(e.Pos()), name})
					} else {
						findings = append(findings, finding{p.Fset.Position(e.Pos()), "an action must be a constant where the event is made, so that the audit log's page can be held to have a sentence for it"})
					}
				}
				return true
			})
		}
	}
	sortFindings(findings)
	return actions, findings
}

// quotedAction is an action in the source of a function of the database.
var quotedAction = regexp.MustCompile(`'([a-z_]+(?:\.[a-z_]+)+)'`)
