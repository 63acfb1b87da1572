package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// lockKey names the one lock under which a database is migrated. It waits, unlike a lock that is asked for every few
// seconds: of three processes that start at once, the losers go on as soon as the winner is done.
const lockKey = `hashtextextended('openhouse:migrate', 0)`

// Up brings the database that adminURL names to Latest: roles, extensions and rights first, then every missing file,
// each in a transaction of its own, as openhouse_owner. adminURL is a superuser's or a member of the owner's, straight
// to Postgres. progress is told what happens, one line a call; nil is fine. A database that is newer is left alone.
func Up(ctx context.Context, adminURL string, progress func(string)) error {
	return locked(ctx, adminURL, progress, func(admin *pgx.Conn) error {
		if err := EnsureRoles(ctx, admin); err != nil {
			return err
		}
		if err := prepare(ctx, admin); err != nil {
			return err
		}
		err := asOwner(ctx, adminURL, func(provider *goose.Provider) error {
			for {
				result, err := provider.UpByOne(ctx)
				if errors.Is(err, goose.ErrNoNextVersion) {
					return nil
				}
				if err != nil {
					return explain(err, "apply")
				}
				tell(progress, "applied %s (%d ms)", result.Source.Path, result.Duration.Milliseconds())
			}
		})
		if err != nil {
			return err
		}
		return lendDoors(ctx, admin)
	})
}

// Down takes files back, newest first, until the database is at version to (0: empty). Data in the tables goes with
// them; roles, logins and extensions stay, since other databases of the server may use them.
func Down(ctx context.Context, adminURL string, to int64, progress func(string)) error {
	return locked(ctx, adminURL, progress, func(admin *pgx.Conn) error {
		if err := EnsureRoles(ctx, admin); err != nil {
			return err
		}
		err := asOwner(ctx, adminURL, func(provider *goose.Provider) error {
			for {
				version, err := provider.GetDBVersion(ctx)
				if err != nil {
					return fmt.Errorf("read the database's version: %w", err)
				}
				if version <= to {
					return nil
				}
				if version > Latest() {
					return fmt.Errorf("the database is at version %d and this program knows only %d; take it down with the program that brought it up", version, Latest())
				}
				result, err := provider.Down(ctx)
				if err != nil {
					return explain(err, "take back")
				}
				tell(progress, "took back %s (%d ms)", result.Source.Path, result.Duration.Milliseconds())
			}
		})
		if err != nil {
			return err
		}
		return lendDoors(ctx, admin) // a file that is taken back may bring an older door
	})
}

// locked connects as the administrator and runs fn while holding the migration lock of the database.
func locked(ctx context.Context, adminURL string, progress func(string), fn func(*pgx.Conn) error) error {
	admin, err := pgx.Connect(ctx, adminURL)
	if err != nil {
		return fmt.Errorf("connect to migrate (the address must be a superuser's or a member of openhouse_owner's): %w", err)
	}
	defer closeQuietly(admin)
	var free bool
	if err := admin.QueryRow(ctx, `select pg_try_advisory_lock(`+lockKey+`)`).Scan(&free); err != nil {
		return fmt.Errorf("ask for the migration lock: %w", err)
	}
	if !free {
		tell(progress, "another process is migrating this database; waiting for it")
		if _, err := admin.Exec(ctx, `select pg_advisory_lock(`+lockKey+`)`); err != nil {
			return fmt.Errorf("wait for the migration lock: %w", err)
		}
	}
	return fn(admin) // the lock ends with the connection
}

// asOwner runs fn with a provider whose connections are openhouse_owner.
func asOwner(ctx context.Context, adminURL string, fn func(*goose.Provider) error) (err error) {
	config, err := pgx.ParseConfig(adminURL)
	if err != nil {
		return fmt.Errorf("read the address to migrate: %w", err)
	}
	config.RuntimeParams["options"] = strings.TrimSpace(config.RuntimeParams["options"] +
		" -c role=" + RoleOwner + " -c search_path=public -c timezone=UTC -c lock_timeout=30s")
	pool := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, pool.Close()) }()
	if err := pool.PingContext(ctx); err != nil {
		return fmt.Errorf("connect as %s (straight to Postgres, not through a pooler): %w", RoleOwner, err)
	}
	provider, err := newProvider(pool)
	if err != nil {
		return err
	}
	return fn(provider)
}

func newProvider(pool *sql.DB) (*goose.Provider, error) {
	provider, err := goose.NewProvider(goose.DialectPostgres, pool, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read the migration files: %w", err)
	}
	return provider, nil
}

// explain names the file of a failed step and says what state the database is in.
func explain(err error, verb string) error {
	var partial *goose.PartialError
	if errors.As(err, &partial) && partial.Failed != nil {
		return fmt.Errorf("%s %s: %w (its transaction was rolled back, earlier files stay; mend the cause and run it again)", verb, partial.Failed.Source.Path, partial.Err)
	}
	return fmt.Errorf("%s the next migration: %w", verb, err)
}

func tell(progress func(string), format string, args ...any) {
	if progress != nil {
		progress(fmt.Sprintf(format, args...))
	}
}

// closeQuietly closes on a context of its own: the caller's may be over, and the connection holds a lock.
func closeQuietly(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = conn.Close(ctx) // what could not be said goodbye to is gone all the same
}
