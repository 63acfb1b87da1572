package migrations

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Migration is one step and whether a database has taken it.
type Migration struct {
	Version   int64
	Name      string // the file's name; empty for a version that this program does not know (the database is newer)
	Applied   bool
	AppliedAt time.Time // zero where not applied
}

// Status lists every file of this program and every other version the database has, in order. It changes nothing:
// on a database that was never migrated all are pending.
func Status(ctx context.Context, adminURL string) ([]Migration, error) {
	conn, err := pgx.Connect(ctx, adminURL)
	if err != nil {
		return nil, fmt.Errorf("connect to read the migrations' status: %w", err)
	}
	defer closeQuietly(conn)
	list, err := applied(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("read the migrations' status: %w", err)
	}
	for _, s := range sources() {
		i := slices.IndexFunc(list, func(m Migration) bool { return m.Version == s.version })
		if i < 0 {
			list = append(list, Migration{Version: s.version, Name: s.name})
		} else {
			list[i].Name = s.name
		}
	}
	slices.SortFunc(list, func(a, b Migration) int { return cmp.Compare(a.Version, b.Version) })
	return list, nil
}

// applied reads the migration library's table, as the owner where there is one: nobody else may.
func applied(ctx context.Context, conn *pgx.Conn) ([]Migration, error) {
	var migrated bool
	if err := conn.QueryRow(ctx, `select to_regclass('public.goose_db_version') is not null`).Scan(&migrated); err != nil || !migrated {
		return nil, err
	}
	if _, err := conn.Exec(ctx, `set role `+RoleOwner); err != nil {
		return nil, fmt.Errorf("become %s (the address must be a superuser's or a member's): %w", RoleOwner, err)
	}
	rows, err := conn.Query(ctx, `select version_id, max(tstamp) from public.goose_db_version where is_applied and version_id > 0 group by version_id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Migration, error) {
		m := Migration{Applied: true}
		err := row.Scan(&m.Version, &m.AppliedAt)
		return m, err
	})
}
