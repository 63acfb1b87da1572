package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/platform/files"
	"openhouse.example/tests/demo"
)

const (
	startLimit = 5 * time.Minute // the first start of all may have to download a Postgres
	readyLimit = 30 * time.Second
	stopLimit  = 20 * time.Second
)

func run(ctx context.Context, out *screen, children *family) error {
	return serve(ctx, out, children, os.Getenv("LAN"))
}

func runOnNetwork(ctx context.Context, out *screen, children *family) error {
	return serve(ctx, out, children, "1")
}

// serve is the whole life of `make run`, top to bottom.
func serve(ctx context.Context, out *screen, children *family, lan string) error {
	root, err := checkout()
	if err != nil {
		return err
	}
	set, err := readSettings(os.Getenv, os.Environ(), lan)
	if err != nil {
		return err
	}
	if err := set.portsFree(); err != nil {
		return err
	}

	out.say("building the portals")
	bin, err := build(ctx, root)
	if err != nil {
		return err
	}

	limited, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	server, err := pgdev.Start(limited, pgdev.Options{Checkout: root, Progress: out.say})
	if err != nil {
		return err
	}
	defer func() {
		if !server.Adopted() {
			out.say("stopping Postgres")
		}
		if err := server.Stop(); err != nil {
			out.problem(err)
		}
	}()

	base, err := prepare(ctx, root, bin, server, out)
	if err != nil {
		return err
	}
	people, err := demo.Load(ctx, base.admin, demo.Options{
		Samples: os.DirFS(filepath.Join(root, "tests", "testdata", "samples")), Passwords: passwordFile(root),
		Files: files.NewFolder(filepath.Join(root, files.Development)),
	})
	if err != nil {
		return err
	}

	developer, err := children.start(out, "developer", filepath.Join(bin, "developer-portal"), root, set.developerEnv(base))
	if err != nil {
		return err
	}
	defer developer.stop(out)
	tenant, err := children.start(out, "tenant", filepath.Join(bin, "tenant-portal"), root, set.tenantEnv(base))
	if err != nil {
		return err
	}
	defer tenant.stop(out)
	port, err := freePort()
	if err != nil {
		return err
	}
	worker, err := children.start(out, "worker", filepath.Join(bin, "developer-portal"), root, set.workerEnv(base, port), "worker")
	if err != nil {
		return err
	}
	defer worker.stop(out)
	for _, p := range []struct {
		*child
		port int
	}{{developer, set.developerPort}, {tenant, set.tenantPort}, {worker, port}} {
		if err := p.healthy(ctx, p.port); err != nil {
			return err
		}
	}

	link, err := residentLink(ctx, set, base, people.Resident)
	if err != nil {
		return err
	}
	out.box(summary(root, set, server, people, link))

	select {
	case <-ctx.Done():
		out.say("stopping (Ctrl-C once more to leave at once)")
		return nil
	case <-developer.done:
		return developer.ended()
	case <-tenant.done:
		return tenant.ended()
	case <-worker.done:
		return worker.ended()
	}
}

// reset removes the development server's data, whoever started the server, and what belongs to the data.
func reset(ctx context.Context, out *screen, _ *family) error {
	root, err := checkout()
	if err != nil {
		return err
	}
	if err := pgdev.Reset(ctx, pgdev.Options{Checkout: root, Progress: out.say}); err != nil {
		return fmt.Errorf("nothing was removed: %w", err)
	}
	for _, file := range []string{passwordFile(root), loginFile(root)} {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := os.RemoveAll(filepath.Join(root, files.Development)); err != nil {
		return err
	}
	out.say("the demo data is gone; the next `make run` begins anew")
	return nil
}

func passwordFile(root string) string { return filepath.Join(root, ".local", "demo-passwords") }

func loginFile(root string) string { return filepath.Join(root, ".local", "database-logins") }

// checkout is the directory with go.work, here or above.
func checkout() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "go.work")); err == nil {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("%s is not inside a checkout: there is no go.work here or above", dir)
		}
	}
}
