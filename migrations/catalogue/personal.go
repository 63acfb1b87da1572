package catalogue

import "strings"

// What a column that can hold words has to do with people.
type about int

const (
	// resident: it may say something about a person who lives in a home, or has bought one or asked for one. It is in the
	// export of such a person and is gone or emptied when they are erased: person_data and person_forget in
	// migrations/00021_persons.sql.
	resident about = iota
	// secret: as resident, but not in the export: whoever has it could come in as the person, or it is about others, too.
	secret
	// kept: about a resident, and it stays. docs/SECURITY.md says why.
	kept
	// staff: about people who work for the company.
	staff
	// nobody: what we or a company write, about no person.
	nobody
)

// words lists every column of company data that can hold words, each once. A new one belongs here, and if it says
// something about residents, into both functions: tests of the catalogue and of the two find what is missing.
var words = []struct {
	table   string
	about   about
	columns string
}{
	{"acknowledgements", resident, "signed_name from_ip"},
	{"acknowledgements", nobody, "content_sha256"},
	{"audit_log", kept, "detail from_ip"}, // ids and figures only; a test looks for names and addresses
	{"audit_log", nobody, "actor_kind action object request_id"},
	{"chat_citations", resident, "title quote"},
	{"chat_messages", resident, "body"},
	{"chat_messages", nobody, "author outcome"},
	{"developments", nobody, "slug name address status"},
	{"developments", staff, "contact_name contact_email contact_phone emergency_phone"},
	{"document_chunks", nobody, "language title body words"},
	{"document_versions", nobody, "sha256 file_name mime note text_state text_reason"},
	{"documents", nobody, "scope title category"},
	{"email_tokens", resident, "email"},
	{"email_tokens", secret, "token_hash"},
	{"email_tokens", nobody, "purpose"},
	{"faqs", nobody, "question answer"},
	{"feature_flags", nobody, "name"},
	{"house_types", nobody, "code name"},
	{"idempotency_keys", secret, "answer body_hash"},
	{"idempotency_keys", resident, "key route"},
	{"import_rows", resident, "data errors before"},
	{"import_rows", nobody, "state block unit_number"},
	{"imports", resident, "file_name"},
	{"imports", secret, "file_bytes findings error"}, // the whole file, in which others stand as well
	{"imports", nobody, "state file_sha256 encoding delimiter date_order header_map"},
	{"ingest_jobs", nobody, "state last_error"},
	{"invite_batches", nobody, "reach state error unprintable link_origin language"},
	{"invite_files", nobody, "kind content"},
	{"issue_events", resident, "body"},
	{"issue_events", nobody, "kind author_kind state"},
	{"issue_files", resident, "file_name sha256 mime"},
	{"issues", resident, "title description"},
	{"issues", nobody, "category state"},
	{"jobs", resident, "payload last_error"},
	{"jobs", nobody, "kind state"},
	{"mail_outbox", resident, "to_email subject last_error"},
	{"mail_outbox", secret, "body"},
	{"mail_outbox", nobody, "kind state"},
	{"must_read_items", nobody, "sha256"},
	{"must_read_releases", nobody, "title statement state"},
	{"notices", nobody, "scope title body category priority time_zone"},
	{"occupancies", nobody, "kind"},
	{"questions", resident, "body answer"},
	{"questions", nobody, "state"},
	{"residents", resident, "email full_name phone language"},
	{"room_dimensions", nobody, "floor name"},
	{"sessions", resident, "from_ip user_agent"},
	{"sessions", nobody, "kind"},
	{"staff", staff, "email full_name role password_hash"},
	{"tenant_identity_providers", nobody, "issuer audience jwks_url algorithms"},
	{"tenant_themes", nobody, "accent logo_sha256 logo_mime"},
	{"tenants", nobody, "name slug"},
	{"unit_claims", resident, "email full_name"},
	{"unit_claims", nobody, "state decided_through"},
	{"unit_invites", nobody, "token_hash"},
	{"units", resident, "purchaser_name purchaser_email purchaser_phone"},
	{"units", nobody, "block unit_number address_line_1 address_line_2 city postcode status"},
}

// columns are "table.column" of the given kinds.
func columns(kinds ...about) []string {
	var list []string
	for _, w := range words {
		for _, k := range kinds {
			if w.about != k {
				continue
			}
			for _, column := range strings.Fields(w.columns) {
				list = append(list, w.table+"."+column)
			}
		}
	}
	return list
}

// Erased are the columns, as "table.column", in which nothing about a resident is left once they are erased.
func Erased() []string { return columns(resident, secret) }

// Exported are those of them that are in the export of what is stored about a resident.
func Exported() []string { return columns(resident) }

// personalRules: what is stored about people can be had and taken away, so it must be known where it stands.
var personalRules = []rule{
	{"personal-undeclared", `
select t.name || '.' || a.attname, 'can hold words, and migrations/catalogue/personal.go does not say what it has to do with people'
from company t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped join pg_type y on y.oid = a.atttypid
where (y.typcategory in ('S', 'I') or y.typname in ('bytea', 'json', 'jsonb', 'tsvector', 'xml', '_bytea', '_inet', '_jsonb', '_text', '_varchar'))
  and t.name || '.' || a.attname <> all (@declared_words::text[])`},

	{"personal-gone", `
select d.name, 'is declared in migrations/catalogue/personal.go, but there is no such column'
from unnest(@declared_words::text[]) d (name)
where not exists (
    select 1 from company t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    where t.name || '.' || a.attname = d.name)`},
}
