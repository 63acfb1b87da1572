package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"openhouse.example/tests/licences"
)

var checks = []step{
	{"format (gofumpt)", checkFormat},
	{"vet", checkVet},
	{"lint (golangci-lint)", checkLint},
	{"generated code is what its sources give (templ, sqlc)", checkGenerated},
	{"go.mod files are tidy", checkTidy},
	{"every module builds alone", checkAlone},
	{"licences of what is taken from others", checkLicences},
}

func checkFormat(ctx context.Context, h *house) error {
	gofumpt, err := h.tool(ctx, "tools", "gofumpt")
	if err != nil {
		return err
	}
	out, err := h.output(ctx, ".", nil, gofumpt, append([]string{"-l"}, h.folders()...)...)
	if err != nil {
		return err
	}
	if out != "" {
		return fmt.Errorf("run `make fmt` for:\n%s", out)
	}
	return nil
}

func checkVet(ctx context.Context, h *house) error {
	_, err := h.output(ctx, ".", nil, "go", "vet", "work")
	return err
}

func checkLint(ctx context.Context, h *house) error {
	linter, err := h.tool(ctx, "tools/golangci-lint", "golangci-lint")
	if err != nil {
		return err
	}
	return lintAll(ctx, h, linter)
}

// lintAll goes by the exit code: the linter's last line says "0 issues" also when
// it could not load a package. It sees one workspace or one module at a time.
func lintAll(ctx context.Context, h *house, linter string) error {
	args := []string{"run"}
	for _, m := range h.modules {
		args = append(args, "./"+m+"/...")
	}
	_, err := h.output(ctx, ".", nil, linter, args...)
	_, apartErr := h.output(ctx, deployModule, alone, linter, "run", "./...")
	return errors.Join(err, apartErr)
}

// checkGenerated generates beside the tree and compares, so that it neither
// changes a file nor needs git.
func checkGenerated(ctx context.Context, h *house) error {
	templ, err := h.tool(ctx, "tools", "templ")
	if err != nil {
		return err
	}
	sqlc, err := h.tool(ctx, "tools", "sqlc")
	if err != nil {
		return err
	}
	templates, err := h.find(".templ")
	if err != nil {
		return err
	}
	var stale []string
	for _, source := range templates {
		module := h.moduleOf(source) // generated code names its source as seen from there
		within, err := filepath.Rel(module, source)
		if err != nil {
			return err
		}
		want, err := h.output(ctx, module, nil, templ, "generate", "-stdout", "-f", within)
		if err != nil {
			return err
		}
		generated := strings.TrimSuffix(source, ".templ") + "_templ.go"
		got, err := os.ReadFile(filepath.Join(h.top, generated))
		if err != nil || !bytes.Equal(got, []byte(want)) {
			stale = append(stale, generated)
		}
	}
	var errs []error
	if len(stale) > 0 {
		errs = append(errs, fmt.Errorf("run `make generate` for:\n  %s", strings.Join(stale, "\n  ")))
	}
	settings, err := h.find("sqlc.yaml")
	if err != nil {
		return err
	}
	for _, s := range settings {
		if out, err := h.output(ctx, filepath.Dir(s), nil, sqlc, "diff"); err != nil {
			errs = append(errs, fmt.Errorf("run `make generate` for %s: %w\n%s", s, err, out))
		}
	}
	return errors.Join(errs...)
}

// checkTidy leaves out the modules of bought-in tools: `go get -tool` keeps them.
func checkTidy(ctx context.Context, h *house) error {
	return h.eachModule(ctx, h.ownModules(), "mod", "tidy", "-diff")
}

func checkAlone(ctx context.Context, h *house) error {
	return errors.Join(
		h.eachModule(ctx, h.ownModules(), "build", "./..."),
		h.eachModule(ctx, h.ownModules(), "vet", "./..."))
}

// checkLicences goes by the texts that the module cache has; nothing above builds
// without them.
func checkLicences(_ context.Context, h *house) error {
	page, wrong, err := licences.Survey(h.top)
	if err != nil {
		return err
	}
	if have, err := os.ReadFile(filepath.Join(h.top, "docs", "licences.md")); err != nil || string(have) != page {
		wrong = append(wrong, "docs/licences.md is out of date: run `make generate`")
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n"))
	}
	return nil
}

// ownModules are all that have code of ours: the workspace's, and the one apart.
func (h *house) ownModules() []string { return append(slices.Clone(h.modules), deployModule) }

// folders are what the formatter reads: our code, not the test data.
func (h *house) folders() []string {
	return []string{"apps", "migrations", "packages", "tests", deployModule}
}

// moduleOf is the folder of the module that a file belongs to.
func (h *house) moduleOf(file string) string {
	for _, m := range h.modules {
		if strings.HasPrefix(file, m+string(filepath.Separator)) {
			return m
		}
	}
	return "."
}

// find lists files by the end of their name, relative to the top.
func (h *house) find(suffix string) ([]string, error) {
	var found []string
	for _, folder := range h.folders() {
		err := filepath.WalkDir(filepath.Join(h.top, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && d.Name() == "testdata" {
				return filepath.SkipDir
			}
			if strings.HasSuffix(path, suffix) {
				rel, err := filepath.Rel(h.top, path)
				if err != nil {
					return err
				}
				found = append(found, rel)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
