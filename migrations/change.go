package migrations

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATEs that the catalogue answers with.
const (
	codeDuplicateObject      = "42710"
	codeUniqueViolation      = "23505"
	codeInsufficientRights   = "42501"
	codeInternal             = "XX000"
	codeInvalidParameter     = "22023"
	roleMembershipOptionsVer = 160000 // from here on GRANT role takes WITH INHERIT and SET
)

// change runs one statement on the catalogue that others may be running at the same moment, in this database or
// another one of the server. "Exists already" is success. "Concurrently updated" is tried again: advisory locks
// are kept per database and can't order changes to roles, which belong to the server.
func change(ctx context.Context, conn *pgx.Conn, sql string) error {
	for {
		_, err := conn.Exec(ctx, sql)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) {
			return err
		}
		switch {
		case pg.Code == codeDuplicateObject || pg.Code == codeUniqueViolation:
			return nil
		case pg.Code == codeInternal && strings.Contains(pg.Message, "concurrently"):
			if err := pause(ctx); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// pause waits 1 to 20 ms, so that neighbours who collided don't collide again.
func pause(ctx context.Context) error {
	timer := time.NewTimer(time.Millisecond + rand.N(19*time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// refused says whether the server denied a right.
func refused(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == codeInsufficientRights
}

// askAdministrator is the error for a login that lacks a right: it carries the SQL that somebody with the right can run.
func askAdministrator(login, what string, statements []string, cause error) error {
	return fmt.Errorf("the login %q has no right to %s; ask the database's administrator to run this, then try again:\n    %s;\n(%w)",
		login, what, strings.Join(statements, ";\n    "), cause)
}

// serverVersion is the server's version as a number, 150018 for 15.18.
func serverVersion(ctx context.Context, conn *pgx.Conn) (int, error) {
	var version int
	err := conn.QueryRow(ctx, `select current_setting('server_version_num')::int`).Scan(&version)
	return version, err
}

func quote(name string) string {
	return pgx.Identifier{name}.Sanitize()
}
