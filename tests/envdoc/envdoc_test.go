package envdoc

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/config"
	"openhouse.example/packages/config/envdoc"
	"openhouse.example/packages/db"
)

var update = flag.Bool("update", false, "write .env.example and docs/configuration.md anew")

// marker parts docs/configuration.md: people write what stands before it.
const marker = "<!-- What follows is made from the programs: make generate. -->\n"

func TestExample(t *testing.T) {
	t.Parallel()
	head := "# Settings of OpenHouse, made from the programs (make generate). Every line here is the default: copied to .env as\n" +
		"# it stands, this file changes nothing. docs/configuration.md says more.\n\n"
	compare(t, ".env.example", head+envdoc.Example(programs(t)))
}

func TestConfigurationPage(t *testing.T) {
	t.Parallel()
	const name = "docs/configuration.md"
	text, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(text), marker)
	if !found {
		t.Fatalf("%s has lost its line %q", name, marker)
	}
	compare(t, name, head+marker+"\n"+envdoc.Table(append(programs(t), tools)))
}

// Nothing that a program reads is left out, whatever its name begins with.
func TestEverySettingHasASection(t *testing.T) {
	t.Parallel()
	shown := map[string]bool{}
	for _, s := range programs(t) {
		for _, v := range s.Variables {
			shown[v.Name] = true
		}
	}
	for _, v := range slices.Concat(developer(t), tenant(t), worker(t), migrate(t), database, server) {
		if !shown[v.Name] {
			t.Errorf("%s is in no section of tests/envdoc", v.Name)
		}
		if v.Description == "" {
			t.Errorf("%s has no desc", v.Name)
		}
	}
}

// The three environments are settings that a portal starts with.
func TestTheBlocksLoad(t *testing.T) {
	t.Parallel()
	for _, block := range programs(t)[0].Blocks {
		env := map[string]string{"DATABASE_URL": "postgres://portal:secret@db.example.org:5432/openhouse?sslmode=disable"}
		var environ []string
		for _, line := range block.Lines {
			name, value, _ := strings.Cut(line, "=")
			env[name], environ = value, append(environ, line)
		}
		if env["DATABASE_SSL"] == "true" {
			env["DATABASE_URL"] = strings.TrimSuffix(env["DATABASE_URL"], "?sslmode=disable")
		}
		c := new(db.Config)
		if err := config.LoadFrom(c, func(n string) (string, bool) { v, ok := env[n]; return v, ok }, environ); err != nil {
			t.Errorf("%s: %v", block.Title, err)
		}
	}
}

var readmeRow = regexp.MustCompile("(?m)^\\| `([A-Z0-9_]+)` \\| ([^|]*) \\|")

// README.md names a few settings; what it says must stay true.
func TestReadmeTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(top, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := readmeRow.FindAllStringSubmatch(string(text), -1)
	if len(rows) < 6 {
		t.Fatalf("README.md has %d rows about settings", len(rows))
	}
	known := map[string]string{}
	for _, v := range slices.Concat(developer(t), tenant(t), worker(t), migrate(t), tools.Variables) {
		known[v.Name] = v.Default
	}
	for _, row := range rows {
		value, ok := known[row[1]]
		if !ok {
			t.Errorf("README.md: there is no setting %s", row[1])
		}
		if said := strings.Trim(row[2], "` "); value != "" && said != value || value == "" && strings.Contains(row[2], "`") {
			t.Errorf("README.md: %s is said to be %q, it is %q", row[1], said, value)
		}
	}
}

func compare(t *testing.T, name, want string) {
	t.Helper()
	path := filepath.Join(top, name)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run make generate", err)
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("%s is not what the programs declare (-file +programs); run make generate:\n%s", name, diff)
	}
}
