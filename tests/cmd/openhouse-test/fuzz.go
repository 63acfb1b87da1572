package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// How long each target is fuzzed. On a machine of one's own only its stored inputs
// run, as tests.
const (
	fuzzAtNight = "60s"
	fuzzInCI    = "10s"
)

func fuzzStep(long string) step {
	return step{"every fuzz target, " + long + " each", func(ctx context.Context, h *house) error { return fuzzAll(ctx, h, long) }}
}

func fuzzAll(ctx context.Context, h *house, long string) error {
	packages, err := h.withFuzzTargets(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, pkg := range packages {
		list, err := h.output(ctx, ".", nil, "go", "test", "-list", "^Fuzz", pkg)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for target := range strings.FieldsSeq(list) {
			if !strings.HasPrefix(target, "Fuzz") || ctx.Err() != nil {
				continue
			}
			fmt.Printf("   %s.%s\n", strings.TrimPrefix(pkg, "openhouse.example/"), target)
			if _, err := h.output(ctx, ".", nil, "go", "test", "-run", "^$", "-fuzz", "^"+target+"$", "-fuzztime", long, pkg); err != nil {
				errs = append(errs, err)
				h.failed++
				continue
			}
			h.passed++
		}
	}
	return errors.Join(errs...)
}

// withFuzzTargets lists the packages that have one, so that the others needn't be
// built to be asked.
func (h *house) withFuzzTargets(ctx context.Context) ([]string, error) {
	out, err := h.output(ctx, ".", nil, "go", "list", "-f", `{{$p := .}}{{range .TestGoFiles}}{{$p.ImportPath}} {{$p.Dir}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$p.ImportPath}} {{$p.Dir}}/{{.}}{{"\n"}}{{end}}`, "work")
	if err != nil {
		return nil, err
	}
	var packages []string
	for line := range strings.Lines(out) {
		pkg, file, found := strings.Cut(strings.TrimSpace(line), " ")
		if !found || slices.Contains(packages, pkg) {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if bytes.Contains(text, []byte("\nfunc Fuzz")) {
			packages = append(packages, pkg)
		}
	}
	return packages, nil
}
