package structure

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// ban is something that only some rooms may use.
type ban struct {
	name string
	// hit says whether a use of an object is meant. full is its name with package
	// and receiver, such as "(*net/http.Server).Serve".
	hit  func(obj types.Object, full string) bool
	cure string
	// rooms may do it; the reason stands beside each.
	rooms []allowance
}

type allowance struct{ room, why string }

const (
	pgxPath     = "github.com/jackc/pgx/v5"
	pgxpoolPath = pgxPath + "/pgxpool"
)

var bans = []ban{
	{
		name: "a connection outside the pool",
		hit: func(obj types.Object, full string) bool {
			return obj.Pkg() != nil && inside(obj.Pkg().Path(), pgxpoolPath) ||
				strings.HasPrefix(full, pgxPath+".Connect") || strings.HasPrefix(full, pgxPath+"/pgconn.Connect") ||
				full == "database/sql.Open" || full == "database/sql.OpenDB" ||
				strings.HasPrefix(full, pgxPath+"/stdlib.") ||
				strings.HasSuffix(full, ").Acquire") && strings.Contains(full, "jackc") || strings.HasSuffix(full, ").Hijack") && strings.Contains(full, "jackc")
		},
		cure: "go through db.Read, db.Write, db.Door or Pool.WithClient",
		rooms: []allowance{
			{"packages/db", "it is the pool"},
			{"migrations", "migrates as the owner, before any pool can exist"},
			{"packages/pgdev", "starts and prepares servers of the project's own"},
			{"tests", "looks at the database from outside, beside the portals"},
		},
	},
	{
		name: "a batch filled by hand",
		hit: func(obj types.Object, _ string) bool {
			return obj.Name() == "QueuedQueries" && obj.Pkg() != nil && obj.Pkg().Path() == pgxPath
		},
		cure:  "use Batch.Queue, which the SQL check can follow",
		rooms: []allowance{{"packages/db", "puts the scope in front of a caller's batch"}},
	},
	{
		name: "the environment",
		hit: func(_ types.Object, full string) bool {
			return slices.Contains([]string{"os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv", "os.Setenv", "syscall.Getenv"}, full)
		},
		cure: "declare a field in a Config and read it with config.Load",
		rooms: []allowance{
			{"packages/config", "it reads the environment for everybody"},
			{"packages/pgdev", "a tool of development: TEST_DATABASE_URL, and a clean environment for its children"},
			{"packages/ui/uitest", "a helper of tests: which browser, and whether it may be missing"},
			{"tests", "hands settings to the binaries it starts"},
		},
	},
	{
		name: "a server of one's own",
		hit: func(_ types.Object, full string) bool {
			return regexp.MustCompile(`^net/http\.(ListenAndServe|ListenAndServeTLS|Serve|ServeTLS|Handle|HandleFunc|DefaultServeMux)$|^\(\*net/http\.Server\)\.(ListenAndServe|ListenAndServeTLS|Serve|ServeTLS)$|^net/http\.Server$`).MatchString(full)
		},
		cure: "use web.Serve, which has the time limits and the graceful stop",
		rooms: []allowance{
			{"packages/web", "it serves for both portals"},
			{"packages/ui/cmd", "shows the components to their authors, on loopback"},
			{"tests", "stand-ins for other programs"},
		},
	},
	{
		name: "an HTTP client without a time limit",
		hit: func(_ types.Object, full string) bool {
			return regexp.MustCompile(`^net/http\.(Get|Post|PostForm|Head|DefaultClient)$`).MatchString(full)
		},
		cure: "make an http.Client with a Timeout",
	},
	{
		name: "an end of the program",
		hit: func(_ types.Object, full string) bool {
			return regexp.MustCompile(`^os\.Exit$|^log\.(Fatal|Fatalf|Fatalln|Panic|Panicf|Panicln)$|^runtime\.Goexit$`).MatchString(full)
		},
		cure: "return an error to main",
		rooms: []allowance{
			{"apps/developer-portal", "only in main.go and the operators' commands, which are package main"},
			{"apps/tenant-portal", "only in main.go, which is package main"},
			{"packages/web", "a second signal ends at once"},
			{"packages/pgdev", "its commands, and a test run that is interrupted"},
			{"packages/ui/cmd", "a command"},
			{"tests", "commands"},
		},
	},
	{
		name:  "markup past the template's escaping",
		hit:   func(_ types.Object, full string) bool { return strings.HasPrefix(full, "github.com/a-h/templ.Raw") },
		cure:  "write a template",
		rooms: []allowance{{"packages/ui", "its own embedded icons"}},
	},
	{
		name: "a CSV file of one's own",
		hit:  func(_ types.Object, full string) bool { return full == "encoding/csv.NewWriter" },
		cure: "use csvfile.New, which keeps spreadsheets from calculating what people typed",
		rooms: []allowance{
			{"packages/web/csvfile", "it writes for everybody"},
			{"tests", "files to import"},
		},
	},
	{
		name: "guessable randomness",
		hit: func(obj types.Object, _ string) bool {
			return obj.Pkg() != nil && inside(obj.Pkg().Path(), "math/rand")
		},
		cure: "use crypto/rand",
		rooms: []allowance{
			{"packages/db", "spreads retries in time"},
			{"migrations", "spreads retries in time"},
			{"packages/pgdev", "tries another port"},
			{"tests", "random mixes of work"},
		},
	},
}

// sessionSQL is text that would change the session of a pooled connection, and so
// what the next borrower sees.
var sessionSQL = regexp.MustCompile(`(?is)\bset\s+session\b|(^|;)\s*(re)?set\s+(local\s+)?role\b|\bset_config\s*\(\s*'role'|\bset_config\s*\(.*,\s*false\s*\)|\bdiscard\s+all\b`)

var sessionRooms = []allowance{
	{"packages/db", "sets and wipes the scope; it alone may"},
	{"migrations", "runs as the owner, on connections of its own"},
	{"packages/pgdev", "prepares servers of the project's own"},
	{"tests", "tries what a portal's login can't do"},
}

// findBans reports each use of something banned outside the rooms that may.
func findBans(pkgs []*packages.Package) []finding {
	var all []finding
	for _, p := range pkgs {
		here := room(p)
		for id, obj := range p.TypesInfo.Uses {
			full := fullName(obj)
			for _, b := range bans {
				if b.hit(obj, full) && !allowed(here, b.rooms) {
					all = append(all, finding{p.Fset.Position(id.Pos()), fmt.Sprintf("%s: %s: %s", b.name, full, b.cure)})
				}
			}
		}
		if allowed(here, sessionRooms) {
			continue
		}
		for _, file := range p.Syntax {
			ast.Inspect(file, func(n ast.Node) bool {
				expr, ok := n.(ast.Expr)
				if !ok {
					return true
				}
				if value := p.TypesInfo.Types[expr].Value; value != nil && value.Kind() == constant.String && sessionSQL.MatchString(constant.StringVal(value)) {
					all = append(all, finding{p.Fset.Position(expr.Pos()), "SQL that changes the session: the role and the company are set by packages/db, per transaction"})
					return false
				}
				return true
			})
		}
	}
	sortFindings(all)
	return all
}

func fullName(obj types.Object) string {
	if f, ok := obj.(*types.Func); ok {
		return f.FullName()
	}
	if obj.Pkg() == nil || obj.Parent() != obj.Pkg().Scope() { // a field or a local name
		return obj.Name()
	}
	return obj.Pkg().Path() + "." + obj.Name()
}

func allowed(here string, rooms []allowance) bool {
	// The seeded violations lie below tests, which may do nearly everything; they
	// are judged as if they lay in no room.
	if strings.Contains(here, "/testdata/") {
		return false
	}
	return slices.ContainsFunc(rooms, func(a allowance) bool { return inside(here, a.room) })
}
