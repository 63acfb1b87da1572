package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// fuzzTime is how long each target is fuzzed at night; by day only its stored
// inputs run, as tests.
const fuzzTime = "60s"

var fuzzStep = step{"every fuzz target, " + fuzzTime + " each", fuzzAll}

func fuzzAll(ctx context.Context, h *house) error {
	out, err := h.output(ctx, ".", nil, "go", "list", "work")
	if err != nil {
		return err
	}
	var errs []error
	for pkg := range strings.FieldsSeq(out) {
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
			if _, err := h.output(ctx, ".", nil, "go", "test", "-run", "^$", "-fuzz", "^"+target+"$", "-fuzztime", fuzzTime, pkg); err != nil {
				errs = append(errs, err)
				h.failed++
				continue
			}
			h.passed++
		}
	}
	return errors.Join(errs...)
}
