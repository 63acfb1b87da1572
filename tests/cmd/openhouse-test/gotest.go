package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// event is one line of `go test -json`.
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
	FailedBuild                               string
}

// results collects the events of one run. It prints a line for each package, and
// everything that a failed test said.
type results struct {
	out     io.Writer
	module  string              // left out of package names
	said    map[string][]string // package + test, or the import path of a build
	tests   map[string]int      // passed tests of a package
	passed  int
	broken  []string // tests, or packages without a failed test
	skipped []string
	failing map[string]bool // packages with a failed test
}

func newResults(out io.Writer) *results {
	return &results{out: out, module: "openhouse.example/", said: map[string][]string{}, tests: map[string]int{}, failing: map[string]bool{}}
}

func (r *results) take(e event) {
	topTest, sub, isSub := strings.Cut(e.Test, "/")
	key := e.Package + " " + topTest
	name := strings.TrimPrefix(e.Package, r.module)
	switch {
	case e.Action == "build-output":
		r.said[e.ImportPath] = append(r.said[e.ImportPath], e.Output)
	case e.Action == "output":
		r.said[key] = append(r.said[key], e.Output)
	case e.Test != "" && isSub:
		if e.Action == "skip" {
			r.skip(name+"."+topTest+"/"+sub, r.said[key])
		}
	case e.Test != "":
		r.test(e, key, name)
	default:
		r.pack(e, name)
	}
}

func (r *results) test(e event, key, name string) {
	switch e.Action {
	case "pass":
		r.passed++
		r.tests[e.Package]++
	case "skip":
		r.skip(name+"."+e.Test, r.said[key])
	case "fail":
		r.failing[e.Package] = true
		r.broken = append(r.broken, name+"."+e.Test)
		r.print(r.said[key])
	default:
		return
	}
	delete(r.said, key)
}

// pack ends a package.
func (r *results) pack(e event, name string) {
	took := time.Duration(e.Elapsed * float64(time.Second)).Round(10 * time.Millisecond)
	switch e.Action {
	case "pass":
		fmt.Fprintf(r.out, "   ok    %-50s %3d tests %8s\n", name, r.tests[e.Package], took)
	case "fail":
		if !r.failing[e.Package] { // it didn't compile, or ended outside a test
			r.broken = append(r.broken, name)
			r.print(r.said[e.FailedBuild])
			for key, lines := range r.said { // of tests that never ended
				if strings.HasPrefix(key, e.Package+" ") {
					r.print(lines)
				}
			}
		}
		fmt.Fprintf(r.out, "   FAIL  %-50s %13s\n", name, took)
	}
}

// skip notes the reason, which is the last thing that the test said.
func (r *results) skip(test string, said []string) {
	reason := "no reason given"
	for _, line := range slices.Backward(said) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "===") {
			reason = line
			break
		}
	}
	r.skipped = append(r.skipped, test+": "+reason)
}

func (r *results) print(lines []string) {
	for _, line := range lines {
		if !strings.HasPrefix(line, "=== ") {
			fmt.Fprint(r.out, "      "+line)
		}
	}
}

// read takes events until the end. Lines that are no events are shown as they
// are: the go command reports some failures that way.
func (r *results) read(from io.Reader) error {
	dec := json.NewDecoder(from)
	for {
		var e event
		if err := dec.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			rest, _ := io.ReadAll(io.MultiReader(dec.Buffered(), from))
			return fmt.Errorf("go test -json printed something else: %s", rest)
		}
		r.take(e)
	}
}

// goTest runs tests, counts them, and adds them to the house's sum.
func (h *house) goTest(ctx context.Context, dir string, env, wrapper []string, args ...string) error {
	line := append(append(slices.Clone(wrapper), "go", "test", "-json"), args...)
	cmd := h.command(ctx, dir, env, line[0], line[1:]...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	r := newResults(os.Stdout)
	readErr := r.read(stdout)
	runErr := cmd.Wait()
	h.passed += r.passed
	h.failed += len(r.broken)
	h.broken = append(h.broken, r.broken...)
	for _, s := range r.skipped {
		h.note("not run: %s", s)
	}
	switch {
	case readErr != nil:
		return readErr
	case runErr != nil && len(r.broken) == 0:
		return fmt.Errorf("%s: %w", strings.Join(line, " "), runErr)
	case len(r.broken) > 0:
		return fmt.Errorf("%d failed: see above", len(r.broken))
	case r.passed == 0:
		return errors.New("no test was run")
	}
	return nil
}
