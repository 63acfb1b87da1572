package migrations

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// The NOLOGIN roles. The owner owns the schema; staff, resident and worker are what a login switches to inside a
// scope; the door owns the functions that run before there is one.
const (
	RoleOwner    = "openhouse_owner"
	RoleStaff    = "openhouse_staff"
	RoleResident = "openhouse_resident"
	RoleWorker   = "openhouse_worker"
	RoleDoor     = "openhouse_door"
)

// Roles lists all five.
func Roles() []string {
	return []string{RoleOwner, RoleStaff, RoleResident, RoleWorker, RoleDoor}
}

// EnsureRoles makes the five NOLOGIN roles where they are missing, makes the owner a member of the door (it hands
// functions over to it), and, unless conn's login is a superuser, makes that login a member of the owner.
// Roles belong to the server: eight databases may be prepared at once. conn must not be inside a transaction.
// A role of one of these names that can log in or pass row-level security is refused, never changed.
func EnsureRoles(ctx context.Context, conn *pgx.Conn) error {
	version, err := serverVersion(ctx, conn)
	if err != nil {
		return fmt.Errorf("read the server's version: %w", err)
	}
	statements, err := missingRoles(ctx, conn, version)
	if err != nil {
		return err
	}
	for i, statement := range statements {
		if err := change(ctx, conn, statement); refused(err) {
			return askAdministrator(conn.Config().User, "make roles", statements[i:], err)
		} else if err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// missingRoles says what is still to be done, as statements; none on a server that is ready, so that a login
// without the right to create roles can still migrate there.
func missingRoles(ctx context.Context, conn *pgx.Conn, version int) ([]string, error) {
	var statements []string
	for _, role := range Roles() {
		var unsafe bool
		err := conn.QueryRow(ctx, `select rolcanlogin or rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
			from pg_roles where rolname = $1`, role).Scan(&unsafe)
		switch {
		case errors.Is(err, pgx.ErrNoRows) && role == RoleOwner:
			statements = append(statements, "create role "+role+" nologin")
		case errors.Is(err, pgx.ErrNoRows):
			statements = append(statements, "create role "+role+" nologin noinherit")
		case err != nil:
			return nil, fmt.Errorf("look up the role %s: %w", role, err)
		case unsafe:
			return nil, fmt.Errorf("the role %s exists and may log in or has a right above others (superuser, bypassrls, createrole, createdb or replication); "+
				"take that away first: alter role %s nologin nosuperuser nobypassrls nocreaterole nocreatedb noreplication", role, role)
		}
	}

	grantDoor, grantOwner := "grant openhouse_door to openhouse_owner", "grant openhouse_owner to "+quote(conn.Config().User)
	memberQuery := `select exists (select 1 from pg_auth_members m where m.roleid = to_regrole($1) and m.member = to_regrole($2))`
	ownerQuery := `select rolsuper or coalesce(pg_has_role(oid, to_regrole('openhouse_owner'), 'member'), false) from pg_roles where rolname = current_user`
	if version >= roleMembershipOptionsVer {
		grantDoor += " with inherit true, set true"
		grantOwner += " with set true"
		memberQuery = `select exists (select 1 from pg_auth_members m where m.roleid = to_regrole($1) and m.member = to_regrole($2) and m.inherit_option and m.set_option)`
		ownerQuery = `select rolsuper or coalesce(pg_has_role(oid, to_regrole('openhouse_owner'), 'set'), false) from pg_roles where rolname = current_user`
	}
	var ownerIsInDoor, loginIsInOwner bool
	if err := conn.QueryRow(ctx, memberQuery, RoleDoor, RoleOwner).Scan(&ownerIsInDoor); err != nil {
		return nil, fmt.Errorf("look up the owner's membership: %w", err)
	}
	if !ownerIsInDoor {
		statements = append(statements, grantDoor)
	}
	if err := conn.QueryRow(ctx, ownerQuery).Scan(&loginIsInOwner); err != nil {
		return nil, fmt.Errorf("look up the login's membership: %w", err)
	}
	if !loginIsInOwner {
		statements = append(statements, grantOwner)
	}
	return statements, nil
}
