package structure

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// schema judges statements against a migrated database.
type schema struct {
	conn      *pgx.Conn       // a superuser's
	companies map[string]bool // tables with a tenant_id
}

func newSchema(ctx context.Context, conn *pgx.Conn) (*schema, error) {
	rows, err := conn.Query(ctx, `
		select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
		where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'tenant_id' and not a.attisdropped`)
	if err != nil {
		return nil, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	s := &schema{conn: conn, companies: map[string]bool{}}
	for _, n := range names {
		s.companies[n] = true
	}
	return s, nil
}

// refusal has Postgres parse and analyse a statement, as it would before running
// it, and answers what it has against it.
func (s *schema) refusal(ctx context.Context, sql string) string {
	_, err := s.conn.PgConn().Prepare(ctx, "", sql, nil)
	return words(err)
}

// planned are the statements that can be explained.
var planned = regexp.MustCompile(`(?i)^\s*(select|insert|update|delete|with|merge|values)\b`)

// forbidden plans a statement as each of the roles, which checks every grant but
// runs nothing, and answers the last one's refusal if none may run it.
func (s *schema) forbidden(ctx context.Context, sql string, roles []string) string {
	bare := stripSQL(sql)
	if !planned.MatchString(bare) {
		return ""
	}
	var refusals []string
	for _, role := range roles {
		err := pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error {
			d, err := tx.Conn().PgConn().Prepare(ctx, "", sql, nil)
			if err != nil {
				return err
			}
			args := ""
			if n := len(d.ParamOIDs); n > 0 {
				args = "(" + strings.TrimSuffix(strings.Repeat("null,", n), ",") + ")"
			}
			for _, step := range []string{
				"prepare judged as " + sql,
				"set local role " + role,
				`select set_config(name, gen_random_uuid()::text, true) from unnest(array['app.tenant_id', 'app.staff_id', 'app.resident_id', 'app.unit_id']) name`,
				"explain execute judged" + args,
			} {
				if _, err := tx.Exec(ctx, step, pgx.QueryExecModeSimpleProtocol); err != nil {
					return err
				}
			}
			return errUndo
		})
		if _, cleanup := s.conn.Exec(ctx, "deallocate all", pgx.QueryExecModeSimpleProtocol); cleanup != nil {
			return words(cleanup)
		}
		if errors.Is(err, errUndo) {
			return ""
		}
		refusals = append(refusals, role+": "+words(err))
	}
	return strings.Join(refusals, "; ")
}

var errUndo = errors.New("only tried")

// companyWall is where a statement compares the company with a parameter, alone
// or as the first part of a key.
var companyWall = regexp.MustCompile(`(?i)\btenant_id\s*=\s*(any\s*\()?\$\d+|\(\s*(\w+\.)?tenant_id\s*,[^)]*\)\s*(=|in)\s*\(+\s*\$\d+`)

// unwalled answers which company tables a statement names without naming the
// company: row-level security would hold it, but it is the second wall, not the
// only one.
func (s *schema) unwalled(sql string) []string {
	bare := stripSQL(sql)
	var named []string
	for _, word := range wordPattern.FindAllString(bare, -1) {
		if s.companies[strings.ToLower(word)] {
			named = append(named, word)
		}
	}
	if len(named) == 0 || companyWall.MatchString(bare) {
		return nil
	}
	if insertsCompany.MatchString(bare) {
		return nil
	}
	return named
}

var (
	wordPattern    = regexp.MustCompile(`\w+`)
	insertsCompany = regexp.MustCompile(`(?is)\binsert\s+into\s+\w+(\s+as\s+\w+)?\s*\([^)]*\btenant_id\b`)
	sqlNoise       = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'`)
)

// stripSQL leaves out comments and literals, in which a name means nothing.
func stripSQL(sql string) string { return strings.TrimSpace(sqlNoise.ReplaceAllString(sql, " ")) }

// words is an error without the driver's frame.
func words(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return fmt.Sprintf("%s (SQLSTATE %s)", pg.Message, pg.Code)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}
