package catalogue

import (
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
)

// WithoutCompany lists the tables that hold no company's data, each with the reason why it may stand outside the
// rules for company data. Only the doors reach them.
var WithoutCompany = map[string]string{
	"rate_limits":      "attempts are counted before a company is known",
	"portal_instances": "processes of the installation, for operators",
	"goose_db_version": "the migration library's own",
}

// withoutTenantColumn: a company is its own company; its id takes the place of tenant_id.
var withoutTenantColumn = []string{"tenants"}

// withoutForeignKeys: the audit log outlives what it names.
var withoutForeignKeys = []string{"audit_log"}

// staffOnly are tables of which a resident's connection must not even learn that they have rows.
var staffOnly = []string{
	"staff", "staff_developments", "tenant_identity_providers", "imports", "import_rows", "unit_invites", "unit_claims",
	"invite_batches", "invite_files",
	"email_tokens", "mail_outbox", "jobs", "ingest_jobs",
}

// secretColumns are read by doors only.
var secretColumns = []string{"staff.password_hash", "unit_invites.token_hash", "email_tokens.token_hash"}

// ownersFunctions run with the owner's rights, each with the reason why a door's are not enough. None takes an argument.
var ownersFunctions = map[string]string{
	"take_stock_of_homes()": "only a table's owner may have Postgres gather its statistics",
}

// appendOnly tables are never changed nor emptied by a portal.
var appendOnly = []string{"audit_log"}

// exceptions makes the lists usable in the rules' SQL.
var exceptions = pgx.NamedArgs{
	"without_company":       slices.Sorted(maps.Keys(WithoutCompany)),
	"without_tenant_column": withoutTenantColumn,
	"without_foreign_keys":  withoutForeignKeys,
	"staff_only":            staffOnly,
	"secret_columns":        secretColumns,
	"append_only":           appendOnly,
	"owners_functions":      slices.Sorted(maps.Keys(ownersFunctions)),
}
