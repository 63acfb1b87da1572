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

// StaffOnly are the tables that a resident's role can't even name.
func StaffOnly() []string { return slices.Clone(staffOnly) }

// secretColumns are read by doors only.
var secretColumns = []string{"staff.password_hash", "unit_invites.token_hash", "email_tokens.token_hash"}

// ownersFunctions run with the owner's rights, each with the reason why a door's are not enough. They take no argument,
// or look themselves who asks and find only what is the scope's company's.
var ownersFunctions = map[string]string{
	"person_export(uuid)":        "it reads every table that holds something about people; a door's role that could is one more way to all of it",
	"person_erase(uuid,boolean)": "it changes all of these tables, for the company's administrators",
	"planted_sweep()":            "it takes whole companies away, which no door may, and only those that the self-check has planted and whose time is over",
	"retention_sweep()":          "it deletes from tables of which no door may delete a row, and only what has had its time",
	"take_stock_of_homes()":      "only a table's owner may have Postgres gather its statistics",
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
	"declared_words":        columns(resident, secret, kept, staff, nobody),
}
