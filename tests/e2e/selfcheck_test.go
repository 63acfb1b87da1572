package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/stack"
)

// selfcheckLimit is what a self-check may take on a busy machine.
const selfcheckLimit = 5 * time.Minute

func selfcheckEnv(s *stack.Stack, change ...string) []string {
	return append([]string{
		"OPENHOUSE_ENV=development", "DEVELOPER_DATABASE_URL=" + s.DB.StaffURL(), "TENANT_DATABASE_URL=" + s.DB.ResidentURL(),
		"WORKER_DATABASE_URL=" + s.DB.WorkerURL(), "DATABASE_MIGRATE_URL=" + s.DB.AdminURL(),
		"DEVELOPER_PUBLIC_URL=" + s.Developer.URL, "TENANT_PUBLIC_URL=" + s.Tenant.URL,
	}, change...)
}

// everything is of every row, but for counts of attempts, which end by themselves.
func everything(t testing.TB, db *pgtest.DB) string {
	t.Helper()
	return lookUp[string](t, db, `
		select string_agg(c.relname || ' ' || md5(query_to_xml('select * from ' || c.oid::regclass || ' x order by x::text', true, true, '')::text), E'\n' order by c.relname)
		from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'rate_limits'`)
}

// fillTwo makes companies a and b with rows in every table.
func fillTwo(t testing.TB, db *pgtest.DB) {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(stack.Root(t), "migrations/testdata/company.sql"))
	if err != nil {
		t.Fatal(err)
	}
	for _, company := range []string{"a", "b"} {
		db.Exec("set test.company = '" + company + "';\n" + string(script))
	}
}

func TestSelfcheckPlantsAndSweeps(t *testing.T) {
	t.Parallel()
	s := start(t)
	fillTwo(t, s.DB)
	before := everything(t, s.DB)
	file := filepath.Join(t.TempDir(), "report.md")
	code, said := s.Developer.Run(selfcheckLimit, selfcheckEnv(s), "selfcheck", "--plant", "--json", "--report", file)
	if code != 0 {
		t.Fatalf("code %d\n%s", code, said)
	}
	var report struct {
		Planted bool
		Classes []struct {
			Class               string
			Attempts, Crossings int
		}
	}
	if err := json.Unmarshal([]byte(said), &report); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	tried := map[string]int{}
	for _, c := range report.Classes {
		tried[c.Class] = c.Attempts
	}
	for class, least := range map[string]int{
		"another's id": 300, "who one says one is": 100, "write a table": 500, "read a table": 500, "rows of others afterwards": 50,
		"what is theirs still works": 50, "every route, by everybody": 500, "spelled differently": 1000,
	} {
		if tried[class] < least {
			t.Errorf("%q was tried %d times, want %d at least", class, tried[class], least)
		}
	}
	if after := everything(t, s.DB); !report.Planted || after != before {
		t.Errorf("it has left something:\n%s\n%s", before, after)
	}
	words, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", words)
}

func TestSelfcheckFindsWhatOnlyPlantedCompaniesShow(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, hole := range map[string]struct {
		sql, undo string
		says      string
	}{
		"a portal that shows others' homes": {
			`alter policy staff_all on units using (true)`, `alter policy staff_all on units using (` + policyOf(t, s.DB, "units") + `)`,
			"other companies in units",
		},
		"rows that others may write": {
			`create policy more on jobs for insert to openhouse_staff with check (true)`, `drop policy more on jobs`,
			"passes the policies of jobs with a row of",
		},
	} {
		s.DB.Exec(hole.sql)
		code, said := s.Developer.Run(selfcheckLimit, selfcheckEnv(s), "selfcheck", "--plant")
		if code != 1 || !strings.Contains(said, hole.says) {
			t.Errorf("%s: code %d, doesn't say %q\n%s", name, code, hole.says, said)
		}
		s.DB.Exec(hole.undo)
	}

	// A cache in front that takes nobody's session into account.
	to, err := url.Parse(s.Developer.URL)
	if err != nil {
		t.Fatal(err)
	}
	cache := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: &keeping{below: "/api/", first: map[string][]byte{}},
	})
	t.Cleanup(cache.Close)
	code, said := s.Developer.Run(selfcheckLimit, selfcheckEnv(s), "selfcheck", "--plant", "--developer-url", cache.URL)
	for _, want := range []string{"GET /api/developments is shown its words", "GET /api/homes/{home}, with an id of the first planted company, is shown its words"} {
		if code != 1 || !strings.Contains(said, want) {
			t.Errorf("a cache: code %d, doesn't say %q\n%s", code, want, said)
		}
	}
	if n := lookUp[int](t, s.DB, `select count(*) from tenants where planted_until is not null`); n != 0 {
		t.Errorf("%d planted companies are left", n)
	}
}

// keeping is a cache that answers everybody what somebody was answered first.
type keeping struct {
	below string
	mu    sync.Mutex
	first map[string][]byte
}

func (k *keeping) RoundTrip(r *http.Request) (*http.Response, error) {
	k.mu.Lock()
	kept := k.first[r.URL.Path]
	k.mu.Unlock()
	response, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && kept != nil {
		response.StatusCode = http.StatusOK
	}
	if err != nil || !strings.HasPrefix(r.URL.Path, k.below) || response.StatusCode != http.StatusOK {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.first[r.URL.Path] == nil {
		k.first[r.URL.Path] = body
	}
	body = k.first[r.URL.Path]
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return response, nil
}

func policyOf(t testing.TB, db *pgtest.DB, table string) string {
	t.Helper()
	return lookUp[string](t, db, `select pg_get_expr(polqual, polrelid) from pg_policy where polrelid = $1::text::regclass and polname = 'staff_all'`, table)
}

// A check that is killed leaves its companies, which the next one or the worker sweeps.
func TestSelfcheckThatIsKilledIsSwept(t *testing.T) {
	t.Parallel()
	s := start(t)
	fillTwo(t, s.DB)
	before := everything(t, s.DB)
	planted := func() int {
		return lookUp[int](t, s.DB, `select count(*) from tenants where planted_until is not null`)
	}
	begin := func() *exec.Cmd {
		t.Helper()
		cmd := exec.Command(stack.Program(t, "apps/developer-portal"), "selfcheck", "--plant")
		cmd.Dir = t.TempDir()
		cmd.Env = selfcheckEnv(s, "PATH=/usr/bin:/bin")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(selfcheckLimit); planted() < 2; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("it plants nothing")
			}
		}
		return cmd
	}
	kill := func() {
		t.Helper()
		cmd := begin()
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed
		if planted() != 2 {
			t.Fatal("it was killed too late to leave anything")
		}
	}
	kill()
	if _, list := s.Developer.Run(time.Minute, selfcheckEnv(s), "company", "list"); strings.Contains(list, "selfcheck") || !strings.Contains(list, "company-a") {
		t.Errorf("an operator's list has them:\n%s", list)
	}
	code, said := s.Developer.Run(selfcheckLimit, selfcheckEnv(s), "selfcheck", "--plant")
	if code != 0 || planted() != 0 {
		t.Errorf("code %d, %d planted companies are left\n%s", code, planted(), said)
	}
	asked := begin() // to stop
	if err := asked.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _ = asked.Wait(); asked.ProcessState.ExitCode() != 2 || planted() != 0 {
		t.Errorf("asked to stop: code %d, %d planted companies are left", asked.ProcessState.ExitCode(), planted())
	}
	kill()
	s.DB.Exec(`update tenants set created_at = created_at - interval '11 minutes', planted_until = planted_until - interval '11 minutes' where planted_until is not null`)
	worker := exec.Command(stack.Program(t, "apps/developer-portal"), "worker")
	worker.Dir = t.TempDir()
	worker.Env = selfcheckEnv(s, "WORKER_LISTEN_ADDR="+strings.TrimPrefix(stack.Prepare(t, stack.DeveloperPortal).URL, "http://"))
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the worker's sweep", func() bool { return planted() == 0 })
	if err := errors.Join(worker.Process.Signal(syscall.SIGTERM), worker.Wait()); err != nil {
		t.Error(err)
	}
	if after := everything(t, s.DB); after != before {
		t.Errorf("something is left:\n%s\n%s", before, after)
	}
}
