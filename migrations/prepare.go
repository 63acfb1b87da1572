package migrations

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// extensions the schema stands on, each with why.
var extensions = []string{
	"pg_trgm",  // search that forgives typing mistakes
	"unaccent", // Sean finds Seán
}

// prepare does in the database what the owner can't do for itself: extensions and the right to create in public.
// The caller holds the migration lock.
func prepare(ctx context.Context, admin *pgx.Conn) error {
	for _, extension := range extensions {
		if err := ensureExtension(ctx, admin, extension); err != nil {
			return err
		}
	}
	return ensureSchemaRights(ctx, admin)
}

func ensureExtension(ctx context.Context, admin *pgx.Conn, name string) error {
	var schema *string
	err := admin.QueryRow(ctx, `select (select n.nspname::text from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = $1)`, name).Scan(&schema)
	switch {
	case err != nil:
		return fmt.Errorf("look up the extension %s: %w", name, err)
	case schema == nil:
		statement := "create extension " + name + " schema public"
		if _, err := admin.Exec(ctx, statement); refused(err) {
			return askAdministrator(admin.Config().User, "add the extension "+name, []string{statement}, err)
		} else if err != nil {
			return fmt.Errorf("add the extension %s (on Debian it comes with the package postgresql-contrib): %w", name, err)
		}
	case *schema != "public":
		return fmt.Errorf("the extension %s is installed in the schema %s, but the migrations look for it in public; move it: alter extension %s set schema public", name, *schema, name)
	}
	return nil
}

// ensureSchemaRights lets the owner create in public and pass that on for a moment (a function's new owner needs it),
// and takes it from everybody else.
func ensureSchemaRights(ctx context.Context, admin *pgx.Conn) error {
	const question = `select has_schema_privilege('openhouse_owner', 'public', 'usage, create with grant option')
		and has_schema_privilege('openhouse_owner', 'public', 'create')
		and not exists (select 1 from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = 'public' and a.grantee = 0 and a.privilege_type = 'CREATE')`
	statements := []string{
		"grant usage, create on schema public to openhouse_owner with grant option",
		"grant usage on schema public to openhouse_staff, openhouse_resident, openhouse_worker, openhouse_door",
		"revoke create on schema public from public",
	}
	var ready bool
	if err := admin.QueryRow(ctx, question).Scan(&ready); err != nil {
		return fmt.Errorf("look up the rights on the schema public: %w", err)
	}
	if ready {
		return nil
	}
	var cause error
	for _, statement := range statements {
		// Without the right, Postgres sometimes only warns; the question is asked again below.
		if _, err := admin.Exec(ctx, statement); err != nil && !refused(err) {
			return fmt.Errorf("%s: %w", statement, err)
		} else if err != nil {
			cause = err
		}
	}
	if err := admin.QueryRow(ctx, question).Scan(&ready); err != nil {
		return fmt.Errorf("look up the rights on the schema public: %w", err)
	}
	if !ready {
		if cause == nil {
			cause = fmt.Errorf("the rights on the schema public stayed as they were")
		}
		return askAdministrator(admin.Config().User, "give rights on the schema public", statements, cause)
	}
	return nil
}
