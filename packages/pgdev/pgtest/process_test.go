package pgtest_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"openhouse.example/migrations"
	"openhouse.example/packages/pgdev/pgtest"
)

// These tests look at whole test processes: this test program again, with one
// test of it.
const (
	childEnv  = "PGTEST_CHILD"
	childTest = "TestNewIsMigratedAndEmpty"
)

// waiting runs the tests and then waits to be interrupted.
type waiting struct{ inner pgtest.Runner }

func (w waiting) Run() int {
	code := w.inner.Run()
	fmt.Println("waiting")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return code
}

func child(role, databaseURL string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.v", "-test.count=1", "-test.run=^"+childTest+"$")
	cmd.Env = slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, "TEST_DATABASE_URL=")
	})
	cmd.Env = append(cmd.Env, childEnv+"="+role)
	if databaseURL != "" {
		cmd.Env = append(cmd.Env, "TEST_DATABASE_URL="+databaseURL)
	}
	return cmd
}

var dataLine = regexp.MustCompile(`data: (\S+)/data`)

func home(t *testing.T, output string) string {
	t.Helper()
	m := dataLine.FindStringSubmatch(output)
	if m == nil {
		t.Fatalf("the child does not say where its data is:\n%s", output)
	}
	return m[1]
}

func TestProcessesShareOneTemplate(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if out, err := child("", server.URL("postgres")).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
	const left = `select string_agg(datname || ' ' || datistemplate || ' ' || datallowconn, ',') from pg_database
		where datname not in ('postgres', 'template0', 'template1')`
	got := ask(t, server.URL("postgres"), left)
	if !regexp.MustCompile(`^tpl_\w+ true false$`).MatchString(got) {
		t.Errorf("databases afterwards: %s, want one sealed template", got)
	}
}

func TestHalfMadeTemplateIsMadeAnew(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	name := "tpl_" + strings.ToLower(migrations.Hash()[:min(40, len(migrations.Hash()))])
	conn := connect(t, server.URL("postgres"))
	if _, err := conn.Exec(t.Context(), "create database "+name); err != nil {
		t.Fatal(err)
	}
	half := connect(t, server.URL(name)) // and somebody is still connected to it
	if _, err := half.Exec(t.Context(), "create table half_made (n int)"); err != nil {
		t.Fatal(err)
	}
	db := pgtest.NewOn(t, server)
	const both = "select (to_regclass('half_made') is null and to_regclass('tenants') is not null)::text"
	if ask(t, db.AdminURL(), both) != "true" {
		t.Error("the half-made template was used")
	}
}

func TestOwnServerLeavesNothing(t *testing.T) {
	t.Parallel()
	out, err := child("", "").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if dir := home(t, string(out)); exists(dir) {
		t.Errorf("%s is still there", dir)
	}
}

func TestInterruptedTestsLeaveNothing(t *testing.T) {
	t.Parallel()
	cmd := child("wait", "")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	var said strings.Builder
	for lines := bufio.NewScanner(stdout); lines.Scan() && lines.Text() != "waiting"; {
		fmt.Fprintln(&said, lines.Text())
	}
	dir := home(t, said.String())
	if !exists(dir) {
		t.Fatalf("%s is not there while the tests run", dir)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("interrupted tests count as passed")
	}
	if exists(dir) {
		t.Errorf("%s is still there", dir)
	}
}

func TestFailsWithoutServer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ role, address, want string }{
		"nobody there": {"", "postgres://somebody:verysecret@127.0.0.1:1/x", "is TEST_DATABASE_URL right?"},
		"no address":   {"", "host=localhost password=verysecret", "not an address of the form"},
		"no TestMain":  {"unwrapped", "", "pgtest.Main(m)"},
	} {
		out, err := child(c.role, c.address).CombinedOutput()
		text := string(out)
		if err == nil || !strings.Contains(text, "--- FAIL: "+childTest) {
			t.Errorf("%s: the test did not fail: %v\n%s", name, err, text)
		}
		if !strings.Contains(text, c.want) {
			t.Errorf("%s: output lacks %q:\n%s", name, c.want, text)
		}
		if strings.Contains(text, "verysecret") {
			t.Errorf("%s: the password is printed:\n%s", name, text)
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
