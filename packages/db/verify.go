package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// verifySQL asks, as the login itself, for everything that would let it work outside a scope. It names no table:
// whatever the login can touch, or its role can touch without forced row-level security, is a finding.
const verifySQL = `
select current_setting('server_version_num')::int, r.rolconnlimit,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
         - coalesce(current_setting('reserved_connections', true), '0')::int,
       array(select name from unnest(array['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']) name
              where current_setting(name) = '0'),
       r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolinherit,
       array(select m.rolname::text from pg_roles m
              where m.oid <> r.oid and not r.rolsuper and pg_has_role(r.oid, m.oid, 'MEMBER') order by 1),
       array(select c.oid::regclass::text from pg_class c
              where c.relowner = r.oid and c.relkind in ('r', 'p', 'v', 'm') order by 1 limit 5),
       array(select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
                and has_schema_privilege(r.oid, n.oid, 'usage')
                and (has_table_privilege(r.oid, c.oid, 'select, insert, update, delete, truncate')
                     or has_any_column_privilege(r.oid, c.oid, 'select, insert, update')) order by 1 limit 5),
       array(select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where $1 <> '' and to_regrole($1) is not null and c.relkind in ('r', 'p')
                and n.nspname not in ('pg_catalog', 'information_schema')
                and not (c.relrowsecurity and c.relforcerowsecurity)
                and (has_table_privilege(to_regrole($1), c.oid, 'select, insert, update, delete, truncate')
                     or has_any_column_privilege(to_regrole($1), c.oid, 'select, insert, update')) order by 1 limit 5)
  from pg_roles r where r.rolname = current_user`

// welcome is the driver's hook for every new connection. The driver sets no limit on its hooks.
func (p *Pool) welcome(ctx context.Context, conn *pgx.Conn) error {
	limited, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	if err := socket(conn).SetDeadline(time.Time{}); err != nil { // which dial has set
		return err
	}
	backend, err := rememberCluster(limited, conn)
	if err != nil {
		return err
	}
	if err := p.compare(limited, conn, backend); err != nil {
		return err
	}
	return p.verify(limited, conn)
}

// verify looks at the first connection; nothing is served before that.
func (p *Pool) verify(ctx context.Context, conn *pgx.Conn) error {
	if p.verified.Load() {
		return nil
	}
	findings, err := p.examine(ctx, conn)
	if err != nil {
		return err
	}
	if len(findings) > 0 {
		return &Error{Op: "open", Kind: ErrUnsafe, Cause: errors.New(strings.Join(findings, "; "))}
	}
	p.verified.Store(true)
	return nil
}

// examine returns what is wrong with server, schema and login, each with its cure.
func (p *Pool) examine(ctx context.Context, conn *pgx.Conn) (findings []string, err error) {
	find := func(format string, args ...any) { findings = append(findings, fmt.Sprintf(format, args...)) }
	var version, roleLimit, serverLimit int
	var super, bypass, createRole, inherit bool
	var unlimited, roles, owned, reachable, unforced []string
	err = conn.QueryRow(ctx, verifySQL, pgx.QueryExecModeExec, p.role).
		Scan(&version, &roleLimit, &serverLimit, &unlimited, &super, &bypass, &createRole, &inherit, &roles, &owned, &reachable, &unforced)
	if err != nil {
		return nil, err
	}
	login := conn.Config().User
	if !p.pooled() { // a pooler has limits of its own, which can't be asked for
		p.checkLimits(ctx, roleLimit, serverLimit)
	}
	if len(unlimited) > 0 && p.role != "" {
		p.log.WarnContext(ctx, "the login has no limit of time at the server, so that a lost statement holds its locks for ever: run the migrate command, or ALTER ROLE … SET",
			"login", login, "missing", unlimited)
	}
	refusal, warning := judgeVersion(version)
	if refusal != "" {
		find("%s", refusal)
	}
	if warning != "" {
		p.log.WarnContext(ctx, warning)
	}
	if super || bypass || createRole {
		find("login %s is a superuser, creates roles or bypasses row-level security: make a plain login with the migrate command and use it in DATABASE_URL", login)
	}
	if p.role == "" { // a caller that brings no role of its own checks nothing further
		return findings, nil
	}
	if !super && (len(roles) != 1 || roles[0] != p.role) {
		find("login %s is a member of %v, it must be a member of %s only: REVOKE the others, or use this portal's own login", login, roles, p.role)
	}
	if len(owned) > 0 {
		find("login %s owns %s: REASSIGN OWNED BY %s TO openhouse_owner", login, strings.Join(owned, ", "), login)
	}
	if !super && len(reachable) > 0 {
		find("login %s can use %s without a scope: REVOKE its grants (and those of PUBLIC), and make it NOINHERIT", login, strings.Join(reachable, ", "))
	}
	if len(unforced) > 0 {
		find("role %s can use %s, which has no forced row-level security: ALTER TABLE … ENABLE, FORCE ROW LEVEL SECURITY", p.role, strings.Join(unforced, ", "))
	}
	if p.schema > 0 {
		var schema int64
		if err := conn.QueryRow(ctx, "select schema_version()", pgx.QueryExecModeExec).Scan(&schema); err != nil {
			find("the schema version can't be read (%v): run the migrate command", errorText(err))
		} else if schema < p.schema {
			find("the schema is at version %d, this program needs %d: run the migrate command", schema, p.schema)
		}
	}
	return findings, nil
}

// checkLimits warns when this process, or all of its kind together, may ask for more connections than the server has.
func (p *Pool) checkLimits(ctx context.Context, roleLimit, serverLimit int) {
	own := p.cfg.Max + 1 // and the prober's
	if roleLimit >= 0 && own > roleLimit {
		p.log.WarnContext(ctx, "the login's connection limit is below what this process may open: raise it (ALTER ROLE … CONNECTION LIMIT) or lower DB_POOL_MAX",
			"limit", roleLimit, "may_open", own)
	}
	if all := own * p.cfg.Instances; all > serverLimit {
		p.log.WarnContext(ctx, "the server has fewer connections than all portal processes may open: raise max_connections, lower DB_POOL_MAX, or correct DB_INSTANCES",
			"limit", serverLimit, "may_open", all, "instances", p.cfg.Instances)
	}
}

// judgeVersion reads server_version_num: what is too old to serve with, and what should be updated.
func judgeVersion(version int) (refusal, warning string) {
	major, minor := version/10000, version%10000
	if major < 15 {
		return fmt.Sprintf("the server is PostgreSQL %d.%d: use 15 or later", major, minor), ""
	}
	if oldest, ok := safeMinor[major]; ok && minor < oldest {
		return "", fmt.Sprintf("PostgreSQL %d.%d has known holes in row-level security: update it to %d.%d or later", major, minor, major, oldest)
	}
	return "", ""
}

// safeMinor is the first minor release of each major with the fixes of CVE-2025-8713 and those before it, in which
// row-level security could be got round (postgresql.org/support/security).
var safeMinor = map[int]int{15: 14, 16: 10, 17: 6}

// errorText is an error without the driver's address line.
func errorText(err error) string {
	kind, code, _ := classify(err)
	if kind != nil {
		return fmt.Sprintf("%v %s", kind, code)
	}
	return "SQLSTATE " + code
}
