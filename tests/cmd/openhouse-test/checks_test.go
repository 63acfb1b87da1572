package main

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// checkout is the real one, seen from here.
func checkout(t *testing.T) *house {
	t.Helper()
	top, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{top: top}
	if h.modules, err = h.workspaceModules(); err != nil {
		t.Fatal(err)
	}
	return h
}

// A module that nobody names would be built by nobody and linted by nobody.
func TestEveryModuleIsChecked(t *testing.T) {
	t.Parallel()
	h := checkout(t)
	var withCode []string
	err := filepath.WalkDir(h.top, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.Name() != "go.mod":
			return nil
		}
		folder := filepath.Dir(path)
		if hasCode(t, folder) {
			rel, err := filepath.Rel(h.top, folder)
			if err != nil {
				return err
			}
			withCode = append(withCode, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	checked := h.ownModules()
	slices.Sort(checked)
	slices.Sort(withCode)
	if !slices.Equal(withCode, checked) {
		t.Errorf("modules with code: %v\nchecked:           %v", withCode, checked)
	}
}

// hasCode looks for a Go file that belongs to the module of a folder.
func hasCode(t *testing.T, module string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(module, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != module {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
				return filepath.SkipDir // the next module
			}
		}
		if !d.IsDir() && strings.HasSuffix(path, ".go") {
			found = true
			return filepath.SkipAll
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// The linter is asked about the workspace, and about the module apart from it.
func TestTheLinterSeesEveryModule(t *testing.T) {
	t.Parallel()
	h := checkout(t)
	dir := t.TempDir()
	linter, calls := filepath.Join(dir, "linter"), filepath.Join(dir, "calls")
	script := "#!/bin/sh\necho \"GOWORK=$GOWORK in $PWD: $*\" >>'" + calls + "'\nexit 3\n"
	if err := os.WriteFile(linter, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	err := lintAll(context.Background(), h, linter)
	if err == nil || strings.Count(err.Error(), "exit status 3") != 2 {
		t.Errorf("a linter that finds something twice: %v", err)
	}
	text, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range h.modules {
		if !strings.Contains(string(text), " ./"+m+"/...") {
			t.Errorf("%s is not linted:\n%s", m, text)
		}
	}
	if want := "GOWORK=off in " + filepath.Join(h.top, deployModule) + ": run ./...\n"; !strings.Contains(string(text), want) {
		t.Errorf("%s is not linted alone:\n%s", deployModule, text)
	}
}
