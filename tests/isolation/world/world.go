package world

import (
	"context"
	"crypto/md5" //nolint:gosec // names for fixtures, no secret
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev"
)

// Companies are the letters of the two companies.
var Companies = []string{"a", "b"}

// Canary is what stands in every text. Its third letter is the company's.
var Canary = regexp.MustCompile(`zq([ab])[0-9a-f]{12}qz`)

// ID is the id that the scripts give to a thing of a company, such as ID("a", "home-1").
func ID(company, name string) uuid.UUID {
	return uuid.UUID(md5.Sum([]byte(company + ":" + name))) //nolint:gosec // as above
}

// Hash is what the scripts store of a secret, such as Hash("a", "link-1").
func Hash(company, name string) []byte {
	sum := sha256.Sum256([]byte(company + ":" + name))
	return sum[:]
}

// World is what is known of the rows as they were after Fill.
type World struct {
	Tables   map[string]*Table
	Rows     []*Row
	ByCanary map[string][]*Row
}

var (
	//go:embed neighbours.sql
	neighbours string
	//go:embed canaries.sql
	canaries string
)

// companyScript is where a new table gets its row.
const companyScript = "migrations/testdata/company.sql"

// Fill makes both companies in the migrated, empty database at a superuser's address, and answers what is in it.
func Fill(ctx context.Context, adminURL string) (*World, error) {
	root, err := pgdev.Checkout()
	if err != nil {
		return nil, err
	}
	company, err := os.ReadFile(filepath.Join(root, companyScript))
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, adminURL)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	run := func(what, script string) error {
		if _, err := conn.PgConn().Exec(ctx, script).ReadAll(); err != nil {
			return fmt.Errorf("world: %s: %w", what, err)
		}
		return nil
	}
	for _, letter := range Companies {
		if _, err := conn.Exec(ctx, "select set_config('test.company', $1, false)", letter); err != nil {
			return nil, err
		}
		if err := run("company "+letter, string(company)+neighbours); err != nil {
			return nil, err
		}
	}
	if err := run("look alike", "update tenants set name = 'Meadow Homes'"); err != nil {
		return nil, err
	}
	if err := run("canaries", canaries); err != nil {
		return nil, err
	}
	w, err := Read(ctx, conn)
	if err != nil {
		return nil, err
	}
	return w, w.complete()
}

// complete refuses a table that the proof would be blind for.
func (w *World) complete() error {
	rows := map[string]map[uuid.UUID]bool{}
	for _, r := range w.Rows {
		if rows[r.Table.Name] == nil {
			rows[r.Table.Name] = map[uuid.UUID]bool{}
		}
		rows[r.Table.Name][r.Company] = true
	}
	var empty []string
	for _, t := range w.Sorted() {
		if len(rows[t.Name]) < len(Companies) {
			empty = append(empty, t.Name)
		}
	}
	if len(empty) > 0 {
		return fmt.Errorf("world: no row in %s: add one to %s, so that isolation is proved there as well", strings.Join(empty, ", "), companyScript)
	}
	return nil
}
