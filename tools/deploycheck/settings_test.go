package deploycheck

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// programs are the services that run a program of ours, each with the list of
// what that reads, which the program's own test keeps.
var programs = map[string]string{
	"migrate":          "apps/developer-portal/testdata/settings-migrate.json",
	"developer-portal": "apps/developer-portal/testdata/settings.json",
	"tenant-portal":    "apps/tenant-portal/testdata/settings.json",
	"worker":           "apps/developer-portal/testdata/settings-worker.json",
}

// decided are the variables that docker-compose.yml doesn't hand on by their
// name: why, and where the value shows, "service NAME" or "secret NAME".
var decided = map[string]struct {
	why string
	at  []string
}{
	"OPENHOUSE_ENV": {why: "a container is production: development listens on loopback only and writes its keys"},
	"PORT":          {why: "the published port leads to the program's own default"},
	"LISTEN_ADDR":   {why: "the published port leads to the program's own default"},

	"DATABASE_URL":           {why: "each portal has its own address, of the service db"},
	"DEVELOPER_DATABASE_URL": {why: "put together from the password"},
	"TENANT_DATABASE_URL":    {why: "put together from the password"},
	"WORKER_DATABASE_URL":    {why: "put together from the password"},
	"DATABASE_MIGRATE_URL":   {why: "put together from the password"},
	"DATABASE_SSL":           {why: "the way to db is a network of the file's own"},
	"DATABASE_SSL_CA":        {why: "the way to db is a network of the file's own"},
	"FILES_DIR":              {why: "a volume of the file's own, the same for all three programs"},
	"WORKER_CACHE_DIR":       {why: "the container's disk is read-only: the reader is compiled anew, which takes some seconds"},
	"DB_POOLER_MODE":         {why: "there is no pooler in front of db"},
	"SMTP_CA":                {why: "its file would have to be mounted; the image has the authorities that everybody trusts"},
	"DEVELOPER_JWT_KEY":      {why: "the key is a secret with a file"},
	"TENANT_JWT_KEY":         {why: "the key is a secret with a file"},

	"POSTGRES_PASSWORD":     {"the superuser's address", []string{"db POSTGRES_PASSWORD", "migrate DATABASE_MIGRATE_URL"}},
	"DEVELOPER_DB_PASSWORD": {"the portal's address", []string{"developer-portal DEVELOPER_DATABASE_URL", "migrate DEVELOPER_DATABASE_URL"}},
	"TENANT_DB_PASSWORD":    {"the portal's address", []string{"migrate TENANT_DATABASE_URL", "tenant-portal TENANT_DATABASE_URL"}},
	"WORKER_DB_PASSWORD":    {"the worker's address", []string{"migrate WORKER_DATABASE_URL", "worker WORKER_DATABASE_URL"}},
	"DEVELOPER_KEY_PATH":    {"the key's file", []string{"secret developer-key"}},
	"TENANT_KEY_PATH":       {"the key's file", []string{"secret tenant-key"}},
}

// ofTheImage are what the database's image reads.
var ofTheImage = []string{"POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"}

// settingsOf are the variables that a service's program reads, and whether
// NAME_FILE may stand in for each.
func settingsOf(t *testing.T, service string) map[string]bool {
	t.Helper()
	var list []struct {
		Name string
		File bool
	}
	if err := json.Unmarshal([]byte(read(t, programs[service])), &list); err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, s := range list {
		all[s.Name] = s.File
	}
	return all
}

var exampleLine = regexp.MustCompile(`(?m)^(?:# )?([A-Z0-9_]+)=(.*)$`)

// exampleNames are the variables of .env.example, without repetition.
func exampleNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, m := range exampleLine.FindAllStringSubmatch(read(t, ".env.example"), -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	if len(names) < 25 {
		t.Fatalf(".env.example has only %d variables: %v", len(names), names)
	}
	return names
}

// withEnvFile loads docker-compose.yml beside a file .env, as compose does for
// whoever has copied .env.example.
func withEnvFile(t *testing.T, env string) (*types.Project, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"docker-compose.yml": read(t, "docker-compose.yml"), ".env": env} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	options, err := cli.NewProjectOptions([]string{filepath.Join(dir, "docker-compose.yml")},
		cli.WithWorkingDirectory(dir), cli.WithEnvFiles(), cli.WithDotEnv, cli.WithProfiles([]string{"*"}), cli.WithConsistency(true))
	if err != nil {
		t.Fatal(err)
	}
	return options.LoadProject(t.Context())
}

// places lists where a value shows in a project.
func places(p *types.Project, value string) []string {
	var at []string
	for service, s := range p.Services {
		for name, v := range s.Environment {
			if v != nil && strings.Contains(*v, value) {
				at = append(at, service+" "+name)
			}
		}
	}
	for name, s := range p.Secrets {
		if strings.Contains(s.File, value) {
			at = append(at, "secret "+name)
		}
	}
	slices.Sort(at)
	return at
}

// Whatever .env.example offers has an effect in containers: it reaches the
// programs that read it, and nobody else.
func TestComposeHandsEverySettingOn(t *testing.T) {
	t.Parallel()
	marker := func(name string) string { return "marker-of-" + name + "-here" }
	var env strings.Builder
	names := exampleNames(t)
	for _, name := range names {
		env.WriteString(name + "=" + marker(name) + "\n")
	}
	p, err := withEnvFile(t, env.String())
	if err != nil {
		t.Fatal(err)
	}
	p.Extensions = nil // what several services share stands in each of them, too
	text, err := p.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		want := slices.Clone(decided[name].at)
		if _, known := decided[name]; !known {
			for service := range programs {
				if _, reads := settingsOf(t, service)[name]; reads {
					want = append(want, service+" "+name)
				}
			}
			if len(want) == 0 {
				t.Errorf("%s is in .env.example and nobody reads it", name)
			}
		}
		slices.Sort(want)
		got := places(p, marker(name))
		if !slices.Equal(got, want) {
			t.Errorf("%s reaches %v, want %v", name, got, want)
		}
		if n := strings.Count(string(text), marker(name)); n != len(got) {
			t.Errorf("%s stands in %d places of the project, %d of them are no environment and no secret", name, n, n-len(got))
		}
	}
	for name, d := range decided {
		if !slices.Contains(names, name) {
			t.Errorf("%s (%s) is not in .env.example any more", name, d.why)
		}
	}
}

// A name that the program doesn't read would be a setting without effect.
func TestComposeSetsNothingUnknown(t *testing.T) {
	t.Parallel()
	for service, s := range project(t).Services {
		known := map[string]bool{}
		if service == "db" {
			for _, name := range ofTheImage {
				known[name] = true
			}
		} else {
			for name, file := range settingsOf(t, service) {
				known[name] = true
				if file {
					known[name+"_FILE"] = true
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(s.Environment)) {
			if !known[name] {
				t.Errorf("%s is given %s, which it doesn't read", service, name)
			}
		}
	}
}

// filledIn is .env.example after the steps that docker-compose.yml names,
// but for one variable.
func filledIn(t *testing.T, missing string) string {
	t.Helper()
	text := read(t, ".env.example")
	_, last, found := strings.Cut(text, "# --- docker-compose.yml ---")
	if !found {
		t.Fatal(".env.example has no section docker-compose.yml")
	}
	for _, m := range exampleLine.FindAllStringSubmatch(last, -1) {
		if m[1] != missing {
			text += m[1] + "=given\n"
		}
	}
	for name, value := range map[string]string{
		"DEVELOPER_PUBLIC_URL": "https://homes.example.org", "TENANT_PUBLIC_URL": "https://homes.example.org",
		"SMTP_HOST": "smtp.example.org", "MAIL_FROM": "no-reply@example.org",
	} {
		if name != missing {
			text += name + "=" + value + "\n"
		}
	}
	return text
}

// .env.example as it stands, filled in as docker-compose.yml says, starts every
// program with its defaults; without one of the steps compose names what is
// missing.
func TestComposeTakesTheExample(t *testing.T) {
	t.Parallel()
	p, err := withEnvFile(t, filledIn(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	for _, m := range exampleLine.FindAllStringSubmatch(read(t, ".env.example"), -1) {
		if !strings.HasPrefix(m[0], "#") {
			defaults[m[1]] = m[2]
		}
	}
	for _, portal := range []string{"developer-portal", "tenant-portal", "worker"} {
		given, reads := p.Services[portal].Environment, settingsOf(t, portal)
		for name, want := range defaults {
			if _, mine := reads[name]; !mine {
				continue
			}
			if _, fixed := decided[name]; !fixed && (given[name] == nil || *given[name] != want) {
				t.Errorf("%s: %s is not its default %q", portal, name, want)
			}
		}
	}
	for _, missing := range []string{
		"POSTGRES_PASSWORD", "DEVELOPER_DB_PASSWORD", "TENANT_DB_PASSWORD", "WORKER_DB_PASSWORD", "DEVELOPER_KEY_PATH", "TENANT_KEY_PATH",
		"DEVELOPER_PUBLIC_URL", "TENANT_PUBLIC_URL", "SMTP_HOST", "MAIL_FROM",
	} {
		if _, err := withEnvFile(t, filledIn(t, missing)); err == nil || !strings.Contains(err.Error(), missing) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}
