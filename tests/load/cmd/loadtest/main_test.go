package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"openhouse.example/tests/load"
	"openhouse.example/tests/load/estate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// call runs the command line and returns what it said.
func call(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = start(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

// house stands in for both portals, and counts who comes.
type house struct {
	*httptest.Server
	claim func(w http.ResponseWriter, code string) // answers a claim

	mu        sync.Mutex
	addresses map[string]int    // who asked → how often
	claims    map[string]string // code → address of the person
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{addresses: map[string]int{}, claims: map[string]string{}}
	h.claim = func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusAccepted) }
	mux := http.NewServeMux()
	mux.HandleFunc("GET /onboarding/{code}", func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.addresses[r.Header.Get("X-Forwarded-For")]++
		h.mu.Unlock()
		fmt.Fprint(w, "<h1>Welcome</h1>")
	})
	mux.HandleFunc("GET /api/onboarding/{code}", func(w http.ResponseWriter, r *http.Request) {
		state := "valid"
		if strings.HasPrefix(r.PathValue("code"), "OLD") {
			state = "revoked"
		}
		fmt.Fprintf(w, `{"state":%q,"company":"Harbour Homes"}`, state)
	})
	mux.HandleFunc("POST /api/onboarding/{code}", func(w http.ResponseWriter, r *http.Request) {
		var who struct{ FullName, Email string }
		if err := json.NewDecoder(r.Body).Decode(&who); err != nil || who.FullName == "" || r.Header.Get("Idempotency-Key") == "" {
			t.Errorf("%+v, key %q, error %v", who, r.Header.Get("Idempotency-Key"), err)
		}
		h.mu.Lock()
		h.claims[r.PathValue("code")] = who.Email
		h.mu.Unlock()
		h.claim(w, r.PathValue("code"))
	})
	mux.HandleFunc("GET /api/health/db", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"status":"healthy","poolStats":{"totalCount":4,"idleCount":3,"waitingCount":0}}`)
	})
	h.Server = httptest.NewServer(mux)
	t.Cleanup(h.Close)
	return h
}

// file is what prepare would have written about homes of the house.
func (h *house) file(t *testing.T, homes int, codes string) string {
	t.Helper()
	c := &estate.Company{Developer: h.URL, Tenant: h.URL, Name: "Load Test Homes", Email: "ada@example.org", Password: "not a real one"}
	for n := range homes {
		c.Homes = append(c.Homes, estate.Home{Code: fmt.Sprintf("%s%d", codes, n), Buyer: fmt.Sprintf("buyer-x-%d@example.org", n)})
	}
	file := filepath.Join(t.TempDir(), "company.json")
	if err := c.Save(file); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestEverybodyScansOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	file, plot := h.file(t, 50, "K7QF"), filepath.Join(t.TempDir(), "plot.svg")
	code, out, errOut := call(t, "onboarding", "--file", file, "--rate", "100", "--duration", "400ms", "--max-mean", "1m", "--json", "-", "--plot", plot)
	if code != exitPassed {
		t.Fatalf("code %d\n%s%s", code, out, errOut)
	}
	var r load.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if !r.Passed || r.Planned != 40 || r.Attempted != 40 || r.OK != 40 || len(r.Steps) != 3 || r.Steps[2] != (load.StepReport{Name: "claim", Attempted: 40, OK: 40, LatencyMs: r.Steps[2].LatencyMs}) {
		t.Errorf("%+v", r)
	}
	if len(r.Pool.Samples) == 0 || r.Pool.MostInUse != 1 {
		t.Errorf("pool %+v", r.Pool)
	}
	if !strings.Contains(errOut, "passed\n") {
		t.Errorf("people are told nothing: %s", errOut)
	}
	if picture, err := os.ReadFile(plot); err != nil || !bytes.HasPrefix(picture, []byte("<svg ")) {
		t.Errorf("the plot is %.20s (%v)", picture, err)
	}
	buyers := 0
	for code, email := range h.claims {
		if strings.HasPrefix(email, "buyer-x-") {
			buyers++
		} else if !strings.HasPrefix(email, "stranger-x-") {
			t.Errorf("%s was claimed by %s", code, email)
		}
	}
	if len(h.claims) != 40 || buyers != 20 || len(h.addresses) != 40 {
		t.Errorf("%d claims, %d of them by buyers, from %d addresses", len(h.claims), buyers, len(h.addresses))
	}
	for _, secret := range []string{"K7QF", "not a real one"} {
		if strings.Contains(out+errOut, secret) {
			t.Errorf("%q was told", secret)
		}
	}

	// Ten homes are left, which no scan has used.
	code, _, errOut = call(t, "onboarding", "--file", file, "--rate", "11", "--duration", "1s")
	if code != exitFailed || !strings.Contains(errOut, "10 are left") || !strings.Contains(errOut, "loadtest prepare --homes 1") {
		t.Errorf("code %d: %s", code, errOut)
	}
	if code, out, errOut = call(t, "onboarding", "--file", file, "--rate", "50", "--duration", "200ms", "--max-mean", "1m"); code != exitPassed || len(h.claims) != 50 {
		t.Errorf("code %d, %d claims\n%s%s", code, len(h.claims), out, errOut)
	}
}

func TestAMissedBarIsExitCode1(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		codes string
		mean  string
		claim func(w http.ResponseWriter, code string)
		says  []string
	}{
		"one refused by a limit": {"N", "1m", func(w http.ResponseWriter, code string) {
			w.WriteHeader(map[bool]int{true: http.StatusTooManyRequests, false: http.StatusAccepted}[code == "N3"])
		}, []string{"429 1\n", "✗ 429: 1, wanted 0", "✗ success: 9 of 10"}},
		"one failed": {"N", "1m", func(w http.ResponseWriter, code string) {
			w.WriteHeader(map[bool]int{true: http.StatusServiceUnavailable, false: http.StatusAccepted}[code == "N3"])
		}, []string{"failed 1 ", "1  claim: 503", "✓ 429: 0", "✗ success: 9 of 10"}},
		"a success of another kind": {"N", "1m", func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusOK) }, []string{"10  claim: 200"}},
		"codes that don't work":     {"OLD", "1m", nil, []string{"10  resolve: the code is revoked"}},
		"too slow": {"N", "20ms", func(w http.ResponseWriter, _ string) {
			time.Sleep(30 * time.Millisecond)
			w.WriteHeader(http.StatusAccepted)
		}, []string{"✓ success: 10 of 10", "✗ mean: "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			if c.claim != nil {
				h.claim = c.claim
			}
			code, out, errOut := call(t, "onboarding", "--file", h.file(t, 10, c.codes), "--rate", "50", "--duration", "200ms", "--max-mean", c.mean)
			if code != exitFailed {
				t.Errorf("code %d: %s", code, errOut)
			}
			for _, says := range append(c.says, "NOT passed") {
				if !strings.Contains(out, says) {
					t.Errorf("no %q in\n%s", says, out)
				}
			}
		})
	}
}

func TestABrokenOffRunHasItsReport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, stop := context.WithCancel(t.Context())
	h.claim = func(w http.ResponseWriter, _ string) { stop(); w.WriteHeader(http.StatusAccepted) }
	var out, errOut bytes.Buffer
	code := start(ctx, []string{"onboarding", "--file", h.file(t, 100, "N"), "--rate", "1", "--duration", "100s"}, &out, &errOut)
	if code != exitFailed || !strings.Contains(out.String(), "attempted 1 of 100") {
		t.Errorf("code %d\n%s%s", code, &out, &errOut)
	}
}

func TestWrongCalls(t *testing.T) {
	t.Parallel()
	away := filepath.Join(t.TempDir(), "away.json")
	far := &estate.Company{Developer: "https://staff.example.org", Tenant: "https://homes.example.org", Homes: make([]estate.Home, 500)}
	if err := far.Save(away); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(t.TempDir(), "half.json")
	if err := (&estate.Company{Developer: "https://staff.example.org", Tenant: "http://localhost:3002"}).Save(half); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, says string }{
		{"", "say onboarding, prepare or clean"},
		{"chat", "say onboarding, prepare or clean"},
		{"onboarding now", `"now" belongs to no flag`},
		{"onboarding --speed 3", "speed"},
		{"onboarding --rate 0", "--rate 0"},
		{"onboarding --rate NaN", "--rate NaN"},
		{"onboarding --duration 2h", "--duration 2h"},
		{"onboarding --max-mean 0s", "--max-mean 0s"},
		{"onboarding --rate 1 --duration 100ms", "not one scan"},
		{"onboarding --json - --plot -", "can't both"},
		{"onboarding --target https://homes.example.org", "--target needs --file"},
		{"onboarding --file " + away, "say --target https://homes.example.org"},
		{"onboarding --file " + half, "leads to https://staff.example.org"},
		{"onboarding --target https://other.example.org --file " + away, "not at https://other.example.org"},
		{"onboarding --target homes.example.org --file " + away, "is not a portal's address"},
		{"prepare", "--file is missing"},
		{"prepare --file new.json", "developer-portal company create"},
		{"prepare --file new.json --link https://staff.example.org/password/x", "--staff is missing"},
		{"prepare --file new.json --link https://staff.example.org/password/x --staff https://staff.example.org", "--target is missing"},
		{"prepare --file new.json --homes 0", "--homes 0"},
		{"prepare --file new.json --mail-domain a@b", "--mail-domain"},
		{"prepare --link x --staff http://localhost --target http://localhost --file " + away, "is there already"},
		{"prepare --file " + away, "say --target https://homes.example.org"},
		{"clean", "--file is missing"},
		{"clean --file " + away, "say --target https://homes.example.org"},
	} {
		code, out, errOut := call(t, strings.Fields(c.args)...)
		if code != exitUsage || out != "" || !strings.Contains(errOut, c.says) {
			t.Errorf("%q: code %d, says %s%s\nwant %s", c.args, code, out, errOut, c.says)
		}
	}
	for _, args := range [][]string{{"help"}, {"-h"}, {"onboarding", "--help"}} {
		if code, out, _ := call(t, args...); code != exitPassed || out != usage {
			t.Errorf("%q: code %d, %s", args, code, out)
		}
	}
}

func TestAFileForOthersToReadIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	file := h.file(t, 1, "N")
	if about, err := os.Stat(file); err != nil || about.Mode().Perm() != 0o600 {
		t.Fatalf("the file is made with %v (%v)", about.Mode(), err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := call(t, "onboarding", "--file", file, "--rate", "1", "--duration", "1s"); code != exitFailed || !strings.Contains(errOut, "chmod 600") || len(h.claims) != 0 {
		t.Errorf("code %d: %s", code, errOut)
	}
	if code, _, errOut := call(t, "onboarding", "--file", file+"x"); code != exitFailed || !strings.Contains(errOut, "loadtest prepare makes it") {
		t.Errorf("code %d: %s", code, errOut)
	}
}
