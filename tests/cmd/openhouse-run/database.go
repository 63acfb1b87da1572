package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev"
)

const (
	databaseName   = "openhouse"
	developerLogin = "openhouse_developer_portal"
	tenantLogin    = "openhouse_tenant_portal"
	workerLogin    = "openhouse_worker_process"
)

// database holds the addresses of the development database: the administrator's and each program's own.
type database struct{ admin, developer, tenant, worker string }

// prepare makes the database, brings its schema up to date, and makes the logins.
func prepare(ctx context.Context, root, bin string, server *pgdev.Server, out *screen) (database, error) {
	b := database{admin: server.URL(databaseName)}
	if err := createDatabase(ctx, server); err != nil {
		return b, fmt.Errorf("create the database: %w", err)
	}
	passwords, err := readLogins(loginFile(root))
	if err != nil {
		return b, err
	}
	for name, address := range map[string]*string{developerLogin: &b.developer, tenantLogin: &b.tenant, workerLogin: &b.worker} {
		if *address, err = withLogin(b.admin, name, passwords[name]); err != nil {
			return b, err
		}
	}
	out.say("migrating the database")
	return b, migrate(ctx, bin, b)
}

func createDatabase(ctx context.Context, server *pgdev.Server) error {
	conn, err := pgx.Connect(ctx, server.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var there bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", databaseName).Scan(&there); err != nil || there {
		return err
	}
	_, err = conn.Exec(ctx, "create database "+databaseName+" template template0")
	return err
}

// migrate runs the operators' own command, as an operator would: it also makes the logins.
func migrate(ctx context.Context, bin string, b database) error {
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "developer-portal"), "migrate", "up")
	cmd.Env = []string{
		"DATABASE_MIGRATE_URL=" + b.admin, "DEVELOPER_DATABASE_URL=" + b.developer, "TENANT_DATABASE_URL=" + b.tenant,
		"WORKER_DATABASE_URL=" + b.worker,
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("the database can't be migrated: %w\n%s", err, said.String())
	}
	return nil
}

// readLogins reads the passwords of the programs' logins on this machine, and makes them the first time. They stay the
// same, so that a second start doesn't lock the portals of the first one out.
func readLogins(path string) (map[string]string, error) {
	logins := map[string]string{}
	text, err := os.ReadFile(path)
	if err == nil {
		if err := json.Unmarshal(text, &logins); err != nil {
			return nil, fmt.Errorf("%s can't be read (%w): remove it and start again", path, err)
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	changed := false
	for _, name := range []string{developerLogin, tenantLogin, workerLogin} {
		if logins[name] == "" {
			logins[name], changed = rand.Text(), true
		}
	}
	if !changed {
		return logins, nil
	}
	if text, err = json.Marshal(logins); err != nil {
		return nil, err
	}
	half := path + ".new"
	if err := os.WriteFile(half, text, 0o600); err != nil {
		return nil, err
	}
	return logins, os.Rename(half, path)
}

func withLogin(address, name, password string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("the server's address can't be read") // the cause would repeat the password
	}
	u.User = url.UserPassword(name, password)
	return u.String(), nil
}
