package migrations

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Login is a role that one kind of process connects as.
type Login struct {
	Name     string // lower-case letters, digits and _
	Password string // printable ASCII, not empty
	Role     string // the one role it may switch to: RoleStaff, RoleResident or RoleWorker
}

// loginSettings are limits of every connection of a login. They stand on the login because Postgres does not apply
// a NOLOGIN role's settings on a switch.
var loginSettings = []struct{ name, value string }{
	{"statement_timeout", "10s"},
	{"lock_timeout", "3s"},
	{"idle_in_transaction_session_timeout", "15s"},
	{"client_connection_check_interval", "5s"},
}

var loginName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

func (l Login) validate() error {
	switch {
	case !loginName.MatchString(l.Name) || strings.HasPrefix(l.Name, "pg_"):
		return fmt.Errorf("the login name %q is not usable: take lower-case letters, digits and _, not beginning with pg_", l.Name)
	case slices.Contains(Roles(), l.Name):
		return fmt.Errorf("%s is a role that nobody logs in as; choose another name for the login", l.Name)
	case l.Role != RoleStaff && l.Role != RoleResident && l.Role != RoleWorker:
		return fmt.Errorf("a login is a member of %s, %s or %s, not of %q", RoleStaff, RoleResident, RoleWorker, l.Role)
	case l.Password == "":
		return fmt.Errorf("the login %s needs a password", l.Name)
	case strings.ContainsFunc(l.Password, func(r rune) bool { return r < ' ' || r > '~' }):
		return fmt.Errorf("the password of %s has characters other than printable ASCII; choose another", l.Name)
	}
	return nil
}

// EnsureLogin makes or mends a login: LOGIN NOINHERIT with this password, member of exactly one role, with the time
// limits, and, where the database conn is connected to has the door functions already, with the right to call those
// of its role. Up gives that right too, to every login that exists by then: whichever of the two comes last in a
// database opens its doors.
// It may run in several processes at once. conn must not be inside a transaction.
func EnsureLogin(ctx context.Context, conn *pgx.Conn, l Login) error {
	if err := l.validate(); err != nil {
		return err
	}
	if err := EnsureRoles(ctx, conn); err != nil {
		return err
	}
	verifier, err := scramVerifier(l.Password)
	if err != nil {
		return err
	}
	version, err := serverVersion(ctx, conn)
	if err != nil {
		return fmt.Errorf("read the server's version: %w", err)
	}
	if err := refuseForeignLogin(ctx, conn, l); err != nil {
		return err
	}

	grant := "grant " + l.Role + " to " + quote(l.Name)
	if version >= roleMembershipOptionsVer {
		grant += " with inherit false, set true"
	}
	statements := []string{
		"create role " + quote(l.Name) + " login noinherit", // exists already: fine
		"alter role " + quote(l.Name) + " login noinherit password '" + verifier + "'",
		grant,
	}
	for _, setting := range loginSettings {
		statements = append(statements, fmt.Sprintf("alter role %s set %s = '%s'", quote(l.Name), setting.name, setting.value))
	}
	for _, statement := range statements {
		err := change(ctx, conn, statement)
		var pg *pgconn.PgError
		switch {
		case err == nil:
		case refused(err):
			return askAdministrator(conn.Config().User, "make the login "+l.Name, publicStatements(l, statements), err)
		case errors.As(err, &pg) && pg.Code == codeInvalidParameter && strings.Contains(statement, "client_connection_check_interval"):
			// Not every platform's server can look whether its client is still there; then it keeps its default.
		default:
			return fmt.Errorf("make the login %s: %w", l.Name, err)
		}
	}
	return lendDoors(ctx, conn)
}

// publicStatements is what an administrator is shown: the same, without the password's verifier.
func publicStatements(l Login, statements []string) []string {
	shown := slices.Clone(statements)
	shown[0] = "create role " + quote(l.Name) + " login noinherit"
	shown[1] = "alter role " + quote(l.Name) + " login noinherit password '<choose one>'"
	return shown
}

// refuseForeignLogin stops before an existing role that must not be a portal's login is made one.
func refuseForeignLogin(ctx context.Context, conn *pgx.Conn, l Login) error {
	var unsafe bool
	var others []string
	err := conn.QueryRow(ctx, `
		select r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication,
		       array(select distinct g.rolname::text from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = r.oid and g.rolname <> $2)
		from pg_roles r where r.rolname = $1`, l.Name, l.Role).Scan(&unsafe, &others)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look up the login %s: %w", l.Name, err)
	case unsafe:
		return fmt.Errorf("the role %s exists and has a right that a portal must not have (superuser, bypassrls, createrole, createdb or replication); choose another name", l.Name)
	case len(others) > 0:
		return fmt.Errorf("the login %s is a member of %s besides %s; a login has exactly one role: revoke %s from %s",
			l.Name, strings.Join(others, ", "), l.Role, strings.Join(others, ", "), quote(l.Name))
	}
	return nil
}

// lendDoors lets every login call the door functions of its role, and no other login. Logins are NOINHERIT and call
// doors before they switch to a role, so the right must be their own; which functions, the grants to the NOLOGIN
// roles in the migrations say.
func lendDoors(ctx context.Context, conn *pgx.Conn) error {
	err := change(ctx, conn, `
do $$
declare
    item record;
begin
    set local role openhouse_owner;
    for item in
        with doors as (
            select p.oid::regprocedure as door, p.proacl from pg_proc p
            where p.pronamespace = 'public'::regnamespace and p.proowner = 'openhouse_door'::regrole),
        wanted as (
            select d.door, l.oid as login from doors d, aclexplode(d.proacl) a
            join pg_auth_members m on m.roleid = a.grantee and coalesce((to_jsonb(m) ->> 'set_option')::boolean, true) -- since 16 some may only give the role on
            join pg_roles l on l.oid = m.member and l.rolcanlogin
            where a.privilege_type = 'EXECUTE' and a.grantee in ('openhouse_staff'::regrole, 'openhouse_resident'::regrole, 'openhouse_worker'::regrole)),
        given as (
            select d.door, l.oid as login from doors d, aclexplode(d.proacl) a
            join pg_roles l on l.oid = a.grantee and l.rolcanlogin
            where a.privilege_type = 'EXECUTE')
        select door, login, true as lend from (select * from wanted except select * from given) as missing
        union all
        select door, login, false from (select * from given except select * from wanted) as surplus
        order by 1, 2
    loop
        execute format(case when item.lend then 'grant execute on function %s to %s' else 'revoke execute on function %s from %s' end,
                       item.door, item.login::regrole);
    end loop;
end
$$`)
	if err != nil {
		return fmt.Errorf("let the logins call the door functions: %w", err)
	}
	return nil
}
