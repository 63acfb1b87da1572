package migrations

import (
	"context"
	"crypto/md5" //nolint:gosec // ids of planted rows, no secret
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// PlantedLife is how long a planted company lives at most: who plants sweeps before.
const PlantedLife = 10 * time.Minute

// oneCompany has a row in every table of company data; the tests of the schema keep it so.
//
//go:embed testdata/company.sql
var oneCompany string

// Planted is a company of the self-check: no one's, marked as such, with rows in every table. Nothing is sent or worked
// off for it (migrations/00023_planted_companies.sql).
type Planted struct {
	// Token is a word that only this company has, in small letters, digits and hyphens. It stands in the addresses and
	// names of everybody in it, and every id is made of it.
	Token string
	// Staff sign in with this hash's password: ID("admin"), who is an administrator, and ID("limited"), a developer who
	// sees only the development ID("quay").
	PasswordHash string
	// LinkHash is that of a one-time link with which the resident ID("anna") comes into ID("home-1").
	LinkHash []byte
}

// ID is the id of a thing of the company, by the name that testdata/company.sql gives it.
func (p Planted) ID(name string) string {
	sum := md5.Sum([]byte(p.Token + ":" + name)) //nolint:gosec // as above
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:])
}

// Email is somebody's address.
func (p Planted) Email(name string) string { return name + "." + p.Token + "@example.org" }

// HoldPlanting says whether nobody else plants now, and keeps it so until tx ends, however it does.
func HoldPlanting(ctx context.Context, tx pgx.Tx) (free bool, err error) {
	if _, err := tx.Exec(ctx, "set local idle_in_transaction_session_timeout = 0"); err != nil {
		return false, fmt.Errorf("hold the right to plant: %w", err)
	}
	if err := tx.QueryRow(ctx, "select pg_try_advisory_xact_lock(hashtextextended('openhouse planted companies', 0))").Scan(&free); err != nil {
		return false, fmt.Errorf("hold the right to plant: %w", err)
	}
	return free, nil
}

// Plant makes a company. tx is Operate's; whoever calls it holds HoldPlanting in another transaction.
func Plant(ctx context.Context, tx pgx.Tx, p Planted) error {
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{"select set_config('test.company', $1, true)", []any{p.Token}},
		{oneCompany, []any{pgx.QueryExecModeSimpleProtocol}},
		{
			`update tenants set slug = 'selfcheck-' || $2, name = 'Self-check ' || $2, planted_until = created_at + make_interval(secs => $3) where id = $1::text::uuid`,
			[]any{p.ID("tenant"), p.Token, PlantedLife.Seconds()},
		},
		{`update staff set password_hash = $2, full_name = full_name || ' ' || $3 where tenant_id = $1::text::uuid`, []any{p.ID("tenant"), p.PasswordHash, p.Token}},
		{`update residents set full_name = full_name || ' ' || $2 where tenant_id = $1::text::uuid`, []any{p.ID("tenant"), p.Token}},
		{`update developments set name = name || ' ' || $2 where tenant_id = $1::text::uuid`, []any{p.ID("tenant"), p.Token}},
		{`update units set address_line_1 = unit_number || ' ' || $2 where tenant_id = $1::text::uuid`, []any{p.ID("tenant"), p.Token}},
		{`update documents set title = title || ' ' || $2 where tenant_id = $1::text::uuid`, []any{p.ID("tenant"), p.Token}},
		{`update notices set title = title || ' ' || $2 where tenant_id = $1::text::uuid`, []any{p.ID("tenant"), p.Token}},
		{
			`insert into email_tokens (tenant_id, id, purpose, token_hash, email, development_id, unit_id, expires_at)
			values ($1::text::uuid, gen_random_uuid(), 'resident_link', $2, $3, $4::text::uuid, $5::text::uuid, now() + make_interval(secs => $6))`,
			[]any{p.ID("tenant"), p.LinkHash, p.Email("anna"), p.ID("park"), p.ID("home-1"), PlantedLife.Seconds()},
		},
	} {
		if _, err := tx.Exec(ctx, step.sql, step.args...); err != nil {
			return fmt.Errorf("plant a company (%.40s…): %w", strings.TrimSpace(step.sql), err)
		}
	}
	return nil
}

// SweepPlanted takes all planted companies away, whenever their time is over, and answers how many there were. tx is
// Operate's; whoever calls it holds HoldPlanting in another transaction.
func SweepPlanted(ctx context.Context, tx pgx.Tx) (swept int64, err error) {
	if _, err := tx.Exec(ctx, "update tenants set planted_until = created_at where planted_until is not null"); err != nil {
		return 0, fmt.Errorf("sweep planted companies: %w", err)
	}
	if err := tx.QueryRow(ctx, "select planted_sweep()").Scan(&swept); err != nil {
		return 0, fmt.Errorf("sweep planted companies: %w", err)
	}
	return swept, nil
}
