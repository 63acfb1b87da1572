package deploycheck

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// load reads a compose file as `docker compose` would, with the settings of
// env and of nothing else.
func load(t *testing.T, path string, env ...string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{path}, cli.WithEnv(env), cli.WithProfiles([]string{"*"}), cli.WithConsistency(true))
	if err != nil {
		t.Fatal(err)
	}
	return options.LoadProject(t.Context())
}

func project(t *testing.T) *types.Project {
	t.Helper()
	p, err := load(t, filepath.Join(top, "docker-compose.yml"), neededVariables(t)...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var variable = regexp.MustCompile(`\$\{([A-Z0-9_]+)(:?[-?+][^}]*)?\}`)

// neededVariables gives a value to each that the file can't do without.
func neededVariables(t *testing.T) []string {
	t.Helper()
	var env []string
	for _, m := range variable.FindAllStringSubmatch(read(t, "docker-compose.yml"), -1) {
		value := "given"
		if strings.HasSuffix(m[1], "_PUBLIC_URL") {
			value = "https://" + strings.ToLower(strings.TrimSuffix(m[1], "_PUBLIC_URL")) + ".example.org"
		}
		switch m[1] {
		case "SMTP_HOST":
			value = "localhost" // where nobody takes mail: an outage, with which the worker starts all the same
		case "MAIL_FROM":
			value = "no-reply@example.org"
		}
		if strings.HasPrefix(m[2], ":?") {
			env = append(env, m[1]+"="+value)
		}
	}
	return env
}

func TestComposeLoads(t *testing.T) {
	t.Parallel()
	p := project(t)
	for _, service := range []string{"db", "migrate", "developer-portal", "tenant-portal", "worker"} {
		if _, err := p.GetService(service); err != nil {
			t.Error(err)
		}
	}
	for name, s := range p.Services {
		image := s.Image
		if tag := image[strings.LastIndexByte(image, ':')+1:]; tag == image || tag == "latest" {
			t.Errorf("%s: image %q has no tag of its own", name, image)
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s is open on %q: bind it to 127.0.0.1, a proxy with TLS stands in front", name, port.Published, port.HostIP)
			}
		}
		if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s may gain privileges", name)
		}
		if s.Privileged {
			t.Errorf("%s is privileged", name)
		}
	}
}

func TestComposePrograms(t *testing.T) {
	t.Parallel()
	p := project(t)
	for name, c := range map[string]struct {
		app   string
		check []string
	}{
		"developer-portal": {"developer-portal", []string{"CMD", "/portal", "-check"}},
		"tenant-portal":    {"tenant-portal", []string{"CMD", "/portal", "-check"}},
		"worker":           {"developer-portal", []string{"CMD", "/portal", "worker", "-check"}},
	} {
		s, err := p.GetService(name)
		if err != nil {
			t.Fatal(err)
		}
		if !s.ReadOnly {
			t.Errorf("%s can write to its own image", name)
		}
		if !slices.Contains(s.CapDrop, "ALL") {
			t.Errorf("%s keeps capabilities", name)
		}
		if s.HealthCheck == nil || !slices.Equal(s.HealthCheck.Test, c.check) {
			t.Errorf("%s: health check is not %v", name, c.check)
		}
		if d := s.DependsOn["migrate"]; d.Condition != types.ServiceConditionCompletedSuccessfully {
			t.Errorf("%s starts before the schema is there: %q", name, d.Condition)
		}
		if s.Build == nil || s.Build.Dockerfile != dockerfile || s.Build.Args["APP"] == nil || *s.Build.Args["APP"] != c.app {
			t.Errorf("%s is not built from %s with APP=%s", name, dockerfile, c.app)
		}
	}
	migrate, err := p.GetService("migrate")
	if err != nil {
		t.Fatal(err)
	}
	if d := migrate.DependsOn["db"]; d.Condition != types.ServiceConditionHealthy {
		t.Errorf("migrate starts before Postgres is ready: %q", d.Condition)
	}
	if migrate.Restart != types.RestartPolicyNo {
		t.Errorf("migrate runs once, but restarts %q", migrate.Restart)
	}
}

// Only the program that migrates knows the owner's address, and each portal only
// its own login's.
func TestComposeSharesNoDatabaseAddress(t *testing.T) {
	t.Parallel()
	p := project(t)
	logins := map[string]map[string]string{
		"db": {},
		"migrate": {
			"DATABASE_MIGRATE_URL": "postgres", "DEVELOPER_DATABASE_URL": "openhouse_developer_portal",
			"TENANT_DATABASE_URL": "openhouse_tenant_portal", "WORKER_DATABASE_URL": "openhouse_worker_process",
		},
		"developer-portal": {"DEVELOPER_DATABASE_URL": "openhouse_developer_portal"},
		"tenant-portal":    {"TENANT_DATABASE_URL": "openhouse_tenant_portal"},
		"worker":           {"WORKER_DATABASE_URL": "openhouse_worker_process"},
	}
	for name, s := range p.Services {
		got := map[string]string{}
		for variable, value := range s.Environment {
			if value == nil || !strings.HasPrefix(*value, "postgres://") {
				continue
			}
			u, err := url.Parse(*value)
			if err != nil {
				t.Fatal(err)
			}
			got[variable] = u.User.Username()
		}
		if !maps.Equal(got, logins[name]) {
			t.Errorf("%s connects as %v, want %v", name, got, logins[name])
		}
	}
}

func TestComposeVariablesAreDocumented(t *testing.T) {
	t.Parallel()
	documented := read(t, ".env.example")
	for _, m := range variable.FindAllStringSubmatch(read(t, "docker-compose.yml"), -1) {
		if !regexp.MustCompile(`(?m)^(# )?` + m[1] + `=`).MatchString(documented) {
			t.Errorf("%s is in docker-compose.yml and not in .env.example", m[1])
		}
	}
}

// A secret that is missing stops compose with a sentence; nothing runs on a
// password from a public file.
func TestComposeAsksForSecrets(t *testing.T) {
	t.Parallel()
	if _, err := load(t, filepath.Join(top, "docker-compose.yml")); err == nil || !strings.Contains(err.Error(), "PASSWORD") {
		t.Errorf("without passwords it loads: %v", err)
	}
}

func TestTheLoaderFindsMistakes(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"condition": "services:\n  a: {image: 'a:1', depends_on: {b: {condition: service_helathy}}}\n  b: {image: 'b:1'}\n",
		"key":       "services:\n  a: {image: 'a:1', prots: ['127.0.0.1:1:1']}\n",
		"service":   "services:\n  a: {image: 'a:1', depends_on: [nobody]}\n",
	} {
		path := filepath.Join(t.TempDir(), "docker-compose.yml")
		if err := os.WriteFile(path, []byte("name: x\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := load(t, path); err == nil {
			t.Error(fmt.Errorf("a mistaken %s was accepted", name))
		}
	}
}
