package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// command prepares a program in a folder of the checkout. It runs in a process
// group of its own, so that Ctrl-C reaches it once, from us, and what it started
// can clean up.
func (h *house) command(ctx context.Context, dir string, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = filepath.Join(h.top, dir)
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	return cmd
}

// output runs a program and answers what it printed to its standard output. A
// failure carries what it printed to both.
func (h *house) output(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := h.command(ctx, dir, env, name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(stderr.String() + "\n" + stdout.String())
		return stdout.String(), fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, said)
	}
	return stdout.String(), nil
}

// alone is the environment in which a module stands without the workspace.
var alone = []string{"GOWORK=off"}

// workspaceModules are the folders that go.work lists.
func (h *house) workspaceModules() ([]string, error) {
	out, err := h.output(context.Background(), ".", nil, "go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return nil, err
	}
	var modules []string
	for dir := range strings.FieldsSeq(out) {
		rel, err := filepath.Rel(h.top, dir)
		if err != nil {
			return nil, err
		}
		modules = append(modules, rel)
	}
	return modules, nil
}

// eachModule runs a go command in every module, each standing alone.
func (h *house) eachModule(ctx context.Context, modules []string, args ...string) error {
	var errs []error
	for _, m := range modules {
		if _, err := h.output(ctx, m, alone, "go", args...); err != nil {
			errs = append(errs, fmt.Errorf("in %s: %w", m, err))
		}
	}
	return errors.Join(errs...)
}

// tool answers the path of a tool that a module under tools/ pins. The first
// time, Go builds it.
func (h *house) tool(ctx context.Context, module, name string) (string, error) {
	slow := time.AfterFunc(3*time.Second, func() {
		fmt.Printf("   building %s, once: the large ones take some minutes\n", name)
	})
	defer slow.Stop()
	out, err := h.output(ctx, module, alone, "go", "tool", "-n", name)
	return strings.TrimSpace(out), err
}
