package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"openhouse.example/tests/load"
	"openhouse.example/tests/load/local"
)

// patient is a mean that every machine reaches: how fast portals are is for `make load`, on a quiet one.
const patient = "1m"

// TestOnboardingOnPortalsOfItsOwn is the command as people type it, in small: it starts everything itself, everybody's
// claim is taken, no limit of production is in the way, and nothing is left behind.
func TestOnboardingOnPortalsOfItsOwn(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	code, out, errOut := call(t, "onboarding", "--rate", "10", "--duration", "2s", "--max-mean", patient, "--json", "-")
	if code != exitPassed {
		t.Fatalf("code %d\n%s%s", code, out, errOut)
	}
	var r load.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if r.OK != 20 || r.TooMany != 0 || len(r.Failed) != 0 || len(r.Steps) != 3 || r.Steps[2].OK != 20 {
		t.Errorf("%+v", r)
	}
	if len(r.Pool.Samples) == 0 || !r.Pool.Samples[0].Healthy || r.Pool.MostTotal == 0 {
		t.Errorf("pool %+v", r.Pool)
	}
	if left, err := filepath.Glob(filepath.Join(temp, "openhouse-loadtest-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

// TestAnInstallationThatRuns is the way to staging: prepare with the link from the mail, scan twice, prepare more, clean.
func TestAnInstallationThatRuns(t *testing.T) {
	say := func(line string) { t.Log(line) }
	i, err := local.Start(t.Context(), say)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := i.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(i.Trouble())
		}
	}()
	link, err := i.NewCompany(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "company.json")
	must := func(wanted int, says string, args ...string) {
		t.Helper()
		code, out, errOut := call(t, args...)
		if code != wanted || !strings.Contains(out+errOut, says) {
			t.Fatalf("%v: code %d, want %d and %q\n%s%s", args, code, wanted, says, out, errOut)
		}
	}
	must(exitPassed, "Load Test Homes has 6 homes with unused codes", "prepare", "--staff", i.Developer, "--target", i.Tenant, "--file", file, "--link", link, "--homes", "6")
	if about, err := os.Stat(file); err != nil || about.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v (%v)", about.Mode(), err)
	}
	scan := func(wanted int, says string) {
		t.Helper()
		must(wanted, says, "onboarding", "--target", i.Tenant, "--file", file, "--rate", "5", "--duration", "1s", "--max-mean", patient)
	}
	scan(exitPassed, "✓ success: 5 of 5")
	scan(exitFailed, "1 are left")
	must(exitPassed, "has 5 homes with unused codes", "prepare", "--file", file, "--homes", "4")
	scan(exitPassed, "✓ success: 5 of 5")

	t.Setenv(ownerVariable, "")
	must(exitFailed, ownerVariable+" is missing", "clean", "--file", file)
	t.Setenv(ownerVariable, i.Owner())
	must(exitPassed, "is removed with all it had", "clean", "--file", file)
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file is still there (%v)", err)
	}
	must(exitFailed, "answers 404", "prepare", "--staff", i.Developer, "--target", i.Tenant, "--file", file, "--link", link) // the link died with the company
}
