package envdoc_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"openhouse.example/packages/config"
	"openhouse.example/packages/config/envdoc"
)

var update = flag.Bool("update", false, "write the golden files anew")

type pool struct {
	URL  config.Secret `envconfig:"DATABASE_URL" required:"true" file:"true" desc:"Address of the database." example:"postgres://openhouse@db.example.org:5432/openhouse"`
	Max  int           `envconfig:"DB_POOL_MAX" default:"20" unit:"connections" desc:"Most connections open at once." tradeoff:"More serve more requests at the same time, and each costs the server memory: keep the sum over all programs below max_connections."`
	Min  int           `envconfig:"DB_POOL_MIN" default:"2" unit:"connections" desc:"Connections kept open when nothing happens."`
	Idle config.Millis `envconfig:"DB_POOL_IDLE_MS" default:"30000" unit:"milliseconds" desc:"How long a connection above DB_POOL_MIN may idle."`
	SSL  *bool         `envconfig:"DATABASE_SSL" desc:"Encrypt and verify: true | false."`
}

type odd struct {
	Max   int    `envconfig:"DB_POOL_MAX" default:"20" desc:"The same one again."`
	Space string `envconfig:"SPACE" default:"two words # and $HOME"`
	Tag   string `envconfig:"TAG" desc:"The <b> of a home."`
	Bare  string `envconfig:"BARE" desc:"neither capital nor stop" tradeoff:"more of it, less of that"`
}

type portA struct {
	Port int `envconfig:"PORT" default:"3001" desc:"Where it listens."`
}

type portB struct {
	Port int `envconfig:"PORT" default:"3002" desc:"Where it listens."`
}

func sections() []envdoc.Section {
	return []envdoc.Section{
		{
			Title:     "Database",
			Text:      "What both portals need\nto reach Postgres.\n\nThe three blocks below are a start; measure before you change them.",
			Variables: config.Describe(pool{}),
			Blocks: []envdoc.Block{
				{Title: "Development", Lines: []string{"DB_POOL_MAX=10", "DB_POOL_MIN=2", "DB_POOL_IDLE_MS=30000"}},
				{Title: "Staging", Lines: []string{"DB_POOL_MAX=15", "DB_POOL_MIN=2", "DB_POOL_IDLE_MS=30000"}},
				{Title: "Production", Lines: []string{"DB_POOL_MAX=20", "DB_POOL_MIN=5", "DB_POOL_IDLE_MS=30000", "DATABASE_SSL=true"}},
			},
		},
		{Title: "Odd ones", Variables: append(config.Describe(odd{}),
			config.Variable{Name: "QUOTE", Default: "it's \"$HOME\" \\ and `id`", Description: "Every sign that a shell would read."})},
		{Title: "Developer portal", Variables: config.Describe(portA{})},
		{Title: "Tenant portal", Variables: config.Describe(portB{})},
		{Title: "Only words", Text: "Nothing to set here."},
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, got := range map[string]string{
		"example.golden": envdoc.Example(sections()),
		"table.golden":   envdoc.Table(sections()),
	} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs (run with -update to accept):\n%s", name, got)
		}
	}
}

// A shell that reads the example ends up with exactly the declared defaults.
func TestExampleReadByAShell(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(path, []byte(envdoc.Example(sections())), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `set -a; . "$1"; env -0`, "sh", path)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/home/nobody"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for entry := range strings.SplitSeq(string(out), "\x00") {
		name, value, _ := strings.Cut(entry, "=")
		got[name] = value
	}
	for _, s := range sections() {
		for _, v := range s.Variables {
			value, set := got[v.Name]
			if want := v.Default != "" && v.Name != "PORT"; set != want || want && value != v.Default {
				t.Errorf("%s is %q (set: %v), want %q", v.Name, value, set, v.Default)
			}
		}
	}
}

// The blocks are settings that Load accepts once the comment marks are gone.
func TestBlocksAreReadable(t *testing.T) {
	t.Parallel()
	text := envdoc.Example(sections())
	for _, b := range sections()[0].Blocks {
		_, after, found := strings.Cut(text, "# "+b.Title+":\n")
		if !found {
			t.Fatalf("no block %s", b.Title)
		}
		env := map[string]string{"DATABASE_URL": "postgres://db.example.org"}
		var environ []string
		for _, line := range b.Lines {
			var got string
			got, after, _ = strings.Cut(after, "\n")
			if got != "# "+line {
				t.Errorf("block %s has %q, want %q", b.Title, got, "# "+line)
			}
			name, value, _ := strings.Cut(line, "=")
			env[name], environ = value, append(environ, line)
		}
		var p pool
		if err := config.LoadFrom(&p, func(n string) (string, bool) { v, ok := env[n]; return v, ok }, environ); err != nil {
			t.Errorf("block %s: %v", b.Title, err)
		}
	}
}
