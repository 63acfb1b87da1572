package migrations

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Operate runs fn in one transaction as openhouse_owner: what an operator does by command, past every portal. adminURL
// is a superuser's or a member of the owner's, straight to Postgres. A database at another version than Latest is
// refused. fn's error rolls back and comes back as it is.
func Operate(ctx context.Context, adminURL string, fn func(ctx context.Context, tx pgx.Tx) error) error {
	config, err := pgx.ParseConfig(adminURL)
	if err != nil {
		return fmt.Errorf("read the operator's address: %w", err)
	}
	config.RuntimeParams["options"] = strings.TrimSpace(config.RuntimeParams["options"] +
		" -c role=" + RoleOwner + " -c search_path=public -c timezone=UTC -c lock_timeout=10s -c statement_timeout=30s")
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connect as %s (straight to Postgres, not through a pooler): %w", RoleOwner, err)
	}
	defer closeQuietly(conn)
	var migrated bool
	if err := conn.QueryRow(ctx, `select to_regprocedure('public.schema_version()') is not null`).Scan(&migrated); err != nil {
		return fmt.Errorf("look for the schema: %w", err)
	}
	var version int64
	if migrated {
		if err := conn.QueryRow(ctx, `select max(version_id) from public.goose_db_version where is_applied`).Scan(&version); err != nil {
			return fmt.Errorf("read the schema's version: %w", err)
		}
	}
	if version != Latest() {
		return fmt.Errorf("the database's schema is at version %d and this program's at %d: run migrate up with the newer program first", version, Latest())
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return fn(ctx, tx) })
}
