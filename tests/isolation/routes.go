package isolation

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Route is a line of an app's testdata/routes.golden, which the app's own test holds to its router.
type Route struct {
	Portal  string // the app's folder
	Method  string // "ANY" for a handler of every method
	Pattern string
	Roles   []string // nil = no guard
}

func (r Route) String() string { return r.Method + " " + r.Pattern }

// methods are those that the route is asked with.
func (r Route) methods() []string {
	if r.Method == "ANY" {
		return []string{"GET"}
	}
	return []string{r.Method}
}

// isAPI reports whether programs ask it.
func (r Route) isAPI() bool { return strings.HasPrefix(r.Pattern, "/api/") }

// isHealth reports whether it is about the process and answers 503 while that stops.
func (r Route) isHealth() bool { return strings.HasPrefix(r.Pattern, "/api/health/") }

var parameter = regexp.MustCompile(`\{([^/{}]+)\}`)

// parameters are the names in the pattern, in their order.
func (r Route) parameters() []string {
	var names []string
	for _, m := range parameter.FindAllStringSubmatch(r.Pattern, -1) {
		names = append(names, m[1])
	}
	return names
}

// address puts values in the place of the pattern's names.
func (r Route) address(values map[string]string) string {
	path := parameter.ReplaceAllStringFunc(r.Pattern, func(name string) string { return values[strings.Trim(name, "{}")] })
	return strings.ReplaceAll(path, "*", "styles.css")
}

// readRoutes reads the lists of all apps below root.
func readRoutes(root string) ([]Route, error) {
	lists, err := filepath.Glob(filepath.Join(root, "apps", "*", "testdata", "routes.golden"))
	if err != nil {
		return nil, err
	}
	var all []Route
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			return nil, err
		}
		portal := filepath.Base(filepath.Dir(filepath.Dir(list)))
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) != 3 {
				return nil, fmt.Errorf("%s: %q is not a method, a pattern and a guard", list, line)
			}
			r := Route{Portal: portal, Method: fields[0], Pattern: fields[1]}
			if fields[2] != "public" {
				r.Roles = strings.Split(fields[2], ",")
			}
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no app below %s has a testdata/routes.golden", root)
	}
	return all, nil
}

// kind says where the ids of a path's parameter come from.
type kind struct {
	table  string // whose id it is
	whole  bool   // for who sees the whole company: who is limited to developments finds none
	secret bool   // not an id but a secret: whoever has it may use it, so only made-up ones are tried
	fixed  string // not an id but a number below one: always this
}

// kinds is the one list that a new kind of thing in a path has to join.
var kinds = map[string]kind{
	"code":        {secret: true},
	"development": {table: "developments"},
	"document":    {table: "documents"},
	"faq":         {table: "faqs"},
	"home":        {table: "units"},
	"import":      {table: "imports"},
	"mail":        {table: "mail_outbox", whole: true},
	"member":      {table: "staff"},
	"message":     {table: "chat_messages"},
	"notice":      {table: "notices"},
	"number":      {fixed: "1"},
	"question":    {table: "questions"},
	"request":     {table: "unit_claims"},
	"resident":    {table: "residents"},
	"sheet":       {table: "invite_batches"},
	"token":       {secret: true},
}

// unknownParameters says, in sentences, which parameters of routes have no kind.
func unknownParameters(routes []Route) []string {
	var wrong []string
	for _, r := range routes {
		for _, name := range r.parameters() {
			sentence := fmt.Sprintf(`%s has {%s}, which no one attacks yet: say in kinds (tests/isolation/routes.go) which table's id it is, as in "%s": {table: "…"}, or that it is a secret.`, r, name, name)
			if _, ok := kinds[name]; !ok && !slices.Contains(wrong, sentence) {
				wrong = append(wrong, sentence)
			}
		}
	}
	return wrong
}
