package below

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"openhouse.example/packages/pgdev"
	"openhouse.example/tests/isolation/world"
)

// Rights are what the golden file of the migrations lets each role do: role, table and command to the columns, of
// which none named means all.
type Rights map[string]map[string]map[string]*Right

// Right is the right to one command.
type Right struct{ columns []string }

// Of answers which columns of a table a role may use in a command; nil is none.
func (r Rights) Of(role string, t *world.Table, command string) []string {
	right := r[role][t.Name][command]
	if right == nil {
		return nil
	}
	var columns []string
	for _, c := range t.Columns {
		if len(right.columns) == 0 && (command == "select" || !c.Generated) || slices.Contains(right.columns, c.Name) {
			columns = append(columns, c.Name)
		}
	}
	return columns
}

// Door is a function that runs with other rights than its caller's.
type Door struct {
	Name      string
	Arguments []Argument
	Returns   []string // names of the columns; nil for a single value
	Callers   []string // roles
}

// Argument is one argument of a door.
type Argument struct{ Name, Type string }

var (
	rightLine   = regexp.MustCompile(`^(\w+) +(\w+) +(\w+) *(?:\((.*)\))?$`)
	doorLine    = regexp.MustCompile(`^(\w+)\((.*)\)$`)
	returnsLine = regexp.MustCompile(`^returns (?:TABLE\((.*)\)|.*)$`)
	callersLine = regexp.MustCompile(`^called by (.*) and their logins$`)
)

func goldenLines(name string) ([]string, error) {
	root, err := pgdev.Checkout()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(root, "migrations", "testdata", name))
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n"), err
}

// ReadRights reads rights.golden.
func ReadRights() (Rights, error) {
	lines, err := goldenLines("rights.golden")
	if err != nil {
		return nil, err
	}
	rights := Rights{}
	for _, line := range lines {
		m := rightLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			return nil, fmt.Errorf("rights.golden: %q can't be read", line)
		}
		role, table, command := m[1], m[2], m[3]
		if rights[role] == nil {
			rights[role] = map[string]map[string]*Right{}
		}
		if rights[role][table] == nil {
			rights[role][table] = map[string]*Right{}
		}
		rights[role][table][command] = &Right{columns: list(m[4])}
	}
	return rights, nil
}

// ReadDoors reads doors.golden.
func ReadDoors() ([]*Door, error) {
	lines, err := goldenLines("doors.golden")
	if err != nil {
		return nil, err
	}
	var doors []*Door
	for _, line := range lines {
		trimmed := strings.TrimSpace(line)
		if !strings.HasPrefix(line, " ") {
			m := doorLine.FindStringSubmatch(trimmed)
			if m == nil {
				return nil, fmt.Errorf("doors.golden: %q can't be read", line)
			}
			d := &Door{Name: m[1]}
			for _, a := range list(m[2]) {
				name, kind, _ := strings.Cut(a, " ")
				d.Arguments = append(d.Arguments, Argument{name, kind})
			}
			doors = append(doors, d)
			continue
		}
		d := doors[len(doors)-1]
		if m := returnsLine.FindStringSubmatch(trimmed); m != nil {
			for _, c := range list(m[1]) {
				name, _, _ := strings.Cut(c, " ")
				d.Returns = append(d.Returns, name)
			}
		}
		if m := callersLine.FindStringSubmatch(trimmed); m != nil {
			d.Callers = list(m[1])
		}
	}
	return doors, nil
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ", ")
}
