package platform

import (
	"context"
	"fmt"

	"openhouse.example/packages/db"
)

const hasDemoData = `select demo_data()`

// DemoData is what a process in production asks before it works: finding is not empty if the database holds companies
// that were made for development, whose people, homes and mail are made up.
func DemoData(ctx context.Context, p *db.Pool) (finding string, err error) {
	demo, err := db.Door(ctx, p, func(ctx context.Context, q db.Querier) (bool, error) {
		var demo bool
		if err := q.QueryRow(ctx, hasDemoData).Scan(&demo); err != nil {
			return false, fmt.Errorf("look for demo data: %w", err)
		}
		return demo, nil
	})
	if err != nil || !demo {
		return "", err
	}
	return "this database holds demo companies, and OPENHOUSE_ENV is production (or unset, which means it): " +
		"give DATABASE_URL of another database, or set OPENHOUSE_ENV=development on a developer's own machine", nil
}
