package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module writes a small module and runs its tests as goTest does.
func module(t *testing.T, files map[string]string) (*results, string) {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module example.org/m\n\ngo 1.26.0\n"
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "test", "-json", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	events, err := cmd.Output()
	if len(events) == 0 {
		t.Fatalf("go test said nothing: %v", err)
	}
	var said strings.Builder
	r := newResults(&said)
	if err := r.read(strings.NewReader(string(events))); err != nil {
		t.Fatal(err)
	}
	return r, said.String()
}

func TestCountsWhatRan(t *testing.T) {
	t.Parallel()
	r, said := module(t, map[string]string{
		"good/good_test.go": `package good
import "testing"
func TestOne(t *testing.T) { t.Run("part", func(t *testing.T) {}) }
func TestTwo(t *testing.T) {}
func TestElsewhere(t *testing.T) { t.Skip("no browser here") }
func TestPartly(t *testing.T) { t.Run("far", func(t *testing.T) { t.Skip("not by day") }) }
`,
		"bad/bad_test.go": `package bad
import "testing"
func TestWrong(t *testing.T) { t.Run("inner", func(t *testing.T) { t.Error("this is why") }) }
func TestRight(t *testing.T) { t.Log("nobody needs to read this") }
`,
		"broken/broken_test.go": `package broken
import "testing"
func TestNever(t *testing.T) { var unused int }
`,
		"panics/panics_test.go": `package panics
import "testing"
func TestBoom(t *testing.T) { panic("boom for a reason") }
`,
		"exits/exits_test.go": `package exits
import ("fmt"; "os"; "testing")
func TestMain(m *testing.M) { m.Run(); fmt.Println("a goroutine was left"); os.Exit(3) }
func TestFine(t *testing.T) {}
`,
	})
	if r.passed != 5 {
		t.Errorf("%d passed, want 5 (a subtest is part of its test)", r.passed)
	}
	slices.Sort(r.broken)
	if want := []string{"example.org/m/bad.TestWrong", "example.org/m/broken", "example.org/m/exits", "example.org/m/panics.TestBoom"}; !slices.Equal(r.broken, want) {
		t.Errorf("broken: %v, want %v", r.broken, want)
	}
	slices.Sort(r.skipped)
	if len(r.skipped) != 2 || !strings.Contains(r.skipped[0], "TestElsewhere: ") || !strings.Contains(r.skipped[0], "no browser here") || !strings.Contains(r.skipped[1], "TestPartly/far: ") {
		t.Errorf("skipped: %q", r.skipped)
	}
	for _, want := range []string{"this is why", "declared and not used", "boom for a reason", "a goroutine was left", "ok    example.org/m/good", "FAIL  example.org/m/bad"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in what was said:\n%s", want, said)
		}
	}
	if strings.Contains(said, "nobody needs") {
		t.Errorf("the log of a passed test was shown:\n%s", said)
	}
}
