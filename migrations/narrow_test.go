package migrations_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// everything in a company of testdata/company.sql that a narrower scope may or may not see, by table.
var everything = []struct {
	table, column string
	names         []string
}{
	{"developments", "id", []string{"park", "quay"}},
	{"house_types", "id", []string{"type-a", "type-b", "type-q"}},
	{"room_dimensions", "house_type_id", []string{"type-a", "type-b", "type-q"}},
	{"units", "id", []string{"home-1", "home-2", "home-3"}},
	{"residents", "id", []string{"anna", "ben", "cleo", "dara", "eve"}},
	{"occupancies", "resident_id", []string{"anna", "ben", "cleo", "dara", "eve"}},
	{"sessions", "id", []string{"session-admin", "session-anna", "session-dara"}},
	{"unit_invites", "unit_id", []string{"home-1", "home-3"}},
	{"unit_claims", "unit_id", []string{"home-1", "home-3"}},
	{"invite_batches", "id", []string{"batch-park", "batch-quay"}},
	{"invite_files", "batch_id", []string{"batch-park", "batch-quay"}},
	{"imports", "development_id", []string{"park", "quay"}},
	{"import_rows", "import_id", []string{"import-park", "import-quay"}},
	{"documents", "id", []string{"doc-manual", "doc-old", "doc-plan-a", "doc-plan-b", "doc-letter-1", "doc-letter-2", "doc-quay"}},
	{"document_versions", "document_id", []string{"doc-manual", "doc-old", "doc-plan-a", "doc-plan-b", "doc-letter-1", "doc-letter-2", "doc-quay"}},
	{"ingest_jobs", "document_id", []string{"doc-manual", "doc-quay"}},
	{"must_read_releases", "id", []string{"release-one", "release-two", "release-quay"}},
	{"must_read_items", "document_id", []string{"doc-manual", "doc-plan-b", "doc-quay"}},
	{"acknowledgements", "resident_id", []string{"anna", "cleo", "dara"}},
	{"notices", "id", []string{"notice-all", "notice-park", "notice-quay", "notice-type-a", "notice-type-b", "notice-draft", "notice-tomorrow", "notice-over"}},
	{"notice_reads", "resident_id", []string{"anna", "cleo", "dara"}},
	{"questions", "resident_id", []string{"anna", "cleo", "dara"}},
	{"faqs", "id", []string{"faq-park", "faq-type-b", "faq-draft", "faq-quay"}},
	{"chat_messages", "resident_id", []string{"anna", "ben", "dara"}},
	{"chat_citations", "id", []string{"citation"}},
	{"issues", "resident_id", []string{"anna", "eve", "dara"}},
	{"issue_files", "issue_id", []string{"issue-anna", "issue-eve", "issue-dara"}},
	{"idempotency_keys", "subject_id", []string{"admin", "anna", "ben"}},
	{"staff", "id", []string{"admin", "developer", "limited"}},
	{"audit_log", "id", []string{"audit"}},
}

func names(list ...string) []string { return list }

func TestWhatEachScopeSees(t *testing.T) {
	t.Parallel()
	db := world(t)
	all := map[string][]string{}
	for _, e := range everything {
		all[e.table] = e.names
	}
	without := func(tables ...string) map[string][]string {
		m := map[string][]string{}
		for table, list := range all {
			m[table] = list
		}
		for _, table := range tables {
			delete(m, table)
		}
		return m
	}

	admin := without("chat_messages", "chat_citations") // never a resident's conversation
	admin["idempotency_keys"] = names("admin")

	developer := without("chat_messages", "chat_citations")
	developer["audit_log"], developer["idempotency_keys"] = nil, nil

	limited := map[string][]string{
		"developments": names("quay"), "house_types": names("type-q"), "room_dimensions": names("type-q"), "units": names("home-3"),
		"residents": names("dara"), "occupancies": names("dara"), "sessions": names("session-admin", "session-dara"),
		"unit_invites": names("home-3"), "unit_claims": names("home-3"), "invite_batches": names("batch-quay"), "invite_files": names("batch-quay"), "imports": names("quay"), "import_rows": names("import-quay"),
		"documents": names("doc-quay"), "document_versions": names("doc-quay"), "ingest_jobs": names("doc-quay"),
		"must_read_releases": names("release-quay"), "must_read_items": names("doc-quay"), "acknowledgements": names("dara"),
		"notices": names("notice-all", "notice-quay"), "notice_reads": names("dara"), "questions": names("dara"), "faqs": names("faq-quay"),
		"issues": names("dara"), "issue_files": names("issue-dara"), "idempotency_keys": nil,
		"staff": names("admin", "developer", "limited"), "audit_log": nil,
	}

	anna := map[string][]string{
		"developments": names("park"), "house_types": names("type-a"), "room_dimensions": names("type-a"), "units": names("home-1"),
		"residents": names("anna"), "occupancies": names("anna"), "sessions": names("session-anna"),
		"documents":          names("doc-manual", "doc-plan-a", "doc-letter-1"),
		"document_versions":  names("doc-manual", "doc-plan-a", "doc-letter-1"),
		"must_read_releases": names("release-one"), "must_read_items": names("doc-manual"), "acknowledgements": names("anna"),
		"notices": names("notice-all", "notice-park", "notice-type-a"), "notice_reads": names("anna"),
		"questions": names("anna"), "faqs": names("faq-park"), "chat_messages": names("anna"), "chat_citations": names("citation"),
		"issues": names("anna"), "issue_files": names("issue-anna"), "idempotency_keys": names("anna"),
	}
	cleo := map[string][]string{
		"developments": names("park"), "house_types": names("type-b"), "room_dimensions": names("type-b"), "units": names("home-2"),
		"residents": names("cleo"), "occupancies": names("cleo"), "sessions": nil,
		"documents":          names("doc-manual", "doc-plan-b", "doc-letter-2"),
		"document_versions":  names("doc-manual", "doc-plan-b", "doc-letter-2"),
		"must_read_releases": names("release-one"), "must_read_items": names("doc-manual", "doc-plan-b"), "acknowledgements": names("cleo"),
		"notices": names("notice-all", "notice-park", "notice-type-b"), "notice_reads": names("cleo"),
		"questions": names("cleo"), "faqs": names("faq-park", "faq-type-b"), "chat_messages": nil, "chat_citations": nil,
		"issues": nil, "issue_files": nil, "idempotency_keys": nil,
	}
	// Somebody in a home that is not theirs, or not any more, sees at most what is the company's and their own.
	outside := func(who string) map[string][]string {
		m := map[string][]string{}
		for table := range anna {
			m[table] = nil
		}
		m["residents"], m["occupancies"], m["notices"] = names(who), names(who), names("notice-all")
		return m
	}
	strayAnna := outside("anna")
	for _, own := range []string{"sessions", "notice_reads", "chat_messages", "chat_citations", "idempotency_keys"} {
		strayAnna[own] = anna[own]
	}
	strayAnna["notice_reads"] = names("anna")

	for _, tc := range []struct {
		name, login string
		scope       scope
		want        map[string][]string // a table that is missing must be refused
	}{
		{"admin", db.StaffURL(), staffOf("a", "admin"), admin},
		{"developer", db.StaffURL(), staffOf("a", "developer"), developer},
		{"limited", db.StaffURL(), staffOf("a", "limited"), limited},
		{"anna in home 1", db.ResidentURL(), residentOf("a", "anna", "home-1"), anna},
		{"cleo in home 2", db.ResidentURL(), residentOf("a", "cleo", "home-2"), cleo},
		{"anna in cleo's home", db.ResidentURL(), residentOf("a", "anna", "home-2"), strayAnna},
		{"eve, who moved out", db.ResidentURL(), residentOf("a", "eve", "home-1"), outside("eve")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conn := connect(t, tc.login)
			for _, e := range everything {
				inside(t, conn, tc.scope, func(tx pgx.Tx) {
					want, may := tc.want[e.table]
					if !may {
						if _, err := tx.Exec(t.Context(), "select from "+e.table); code(err) != "42501" {
							t.Errorf("%s: %v, want 42501", e.table, err)
						}
						return
					}
					if diff := cmp.Diff(want, seen(t, tx, "a", e.table, e.column, e.names)); diff != "" {
						t.Errorf("%s (-want +seen):\n%s", e.table, diff)
					}
				})
			}
		})
	}
}

// A member of staff that does not exist, or one of the other company, sees no development.
func TestAnUnknownMemberOfStaffSeesNoDevelopment(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.StaffURL())
	foreign := staffOf("a", "admin")
	foreign.settings["app.staff_id"] = id("b", "admin").String()
	for name, s := range map[string]scope{"nobody": staffOf("a", "nobody"), "of the other company": foreign} {
		inside(t, conn, s, func(tx pgx.Tx) {
			if n := one[int64](t, tx, "select count(*) from developments"); n != 0 {
				t.Errorf("%s: %d developments, want 0", name, n)
			}
		})
	}
}

// A resident asks the company, and can't write what it answers, nor when it was asked.
func TestAResidentWritesNoAnswer(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.ResidentURL())
	const ask = "insert into questions (tenant_id, id, development_id, unit_id, resident_id, body%s) values ($1, gen_random_uuid(), $2, $3, $4, 'May I keep bees?'%s)"
	for column, value := range map[string]string{
		"": "", "answer": "'Yes.'", "answered_by": "null", "answered_at": "now()", "state": "'open'", "created_at": "now()",
	} {
		want := "42501"
		if column == "" {
			want = ""
		} else {
			column, value = ", "+column, ", "+value
		}
		inside(t, conn, residentOf("a", "anna", "home-1"), func(tx pgx.Tx) {
			_, err := tx.Exec(t.Context(), fmt.Sprintf(ask, column, value), id("a", "tenant"), id("a", "park"), id("a", "home-1"), id("a", "anna"))
			if code(err) != want {
				t.Errorf("with%s: %v, want %q", column, err, want)
			}
		})
	}
}

// The links of staff are seen, and can be ended, by administrators of the company only.
func TestOnlyAdministratorsEndLinksOfStaff(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.StaffURL())
	for who, want := range map[string]int64{"admin": 1, "developer": 0, "limited": 0} {
		inside(t, conn, staffOf("a", who), func(tx pgx.Tx) {
			done, err := tx.Exec(t.Context(), "update email_tokens set used_at = now() where staff_id is not null")
			if err != nil || done.RowsAffected() != want {
				t.Errorf("%s ends %d links of staff, want %d: %v", who, done.RowsAffected(), want, err)
			}
		})
	}
}

// An update or delete that names no row reaches no more than the same scope sees.
func TestABlanketChangeStaysInsideWhatIsSeen(t *testing.T) {
	t.Parallel()
	db := world(t)
	owner := connect(t, db.OwnerURL())
	for name, who := range map[string]struct {
		login string
		scope scope
	}{
		"limited staff": {db.StaffURL(), staffOf("a", "limited")},
		"admin":         {db.StaffURL(), staffOf("a", "admin")},
		"resident":      {db.ResidentURL(), residentOf("a", "anna", "home-1")},
		"worker":        {db.WorkerURL(), workerOf("a")},
	} {
		conn := connect(t, who.login)
		changes := map[string]string{}
		for table, columns := range allowed(t, owner, who.scope.role, "update") {
			changes[table+" (update)"] = "update " + table + " set " + pgx.Identifier{columns[len(columns)-1]}.Sanitize() + " = default"
		}
		for _, table := range column[string](t, owner, companyTables) {
			if one[bool](t, owner, "select has_table_privilege($1, $2, 'delete')", who.scope.role, table) {
				changes[table+" (delete)"] = "delete from " + table
			}
		}
		for change, sql := range changes {
			table, _, _ := strings.Cut(change, " ")
			inside(t, conn, who.scope, func(tx pgx.Tx) {
				visible := one[int64](t, tx, "select count(*) from "+table)
				tag, err := tx.Exec(t.Context(), sql)
				if err != nil && code(err)[:2] != "23" { // a constraint may refuse; a policy would hide
					t.Errorf("%s: %s: %v", name, change, err)
				}
				if tag.RowsAffected() > visible {
					t.Errorf("%s: %s reached %d rows, sees %d", name, change, tag.RowsAffected(), visible)
				}
			})
		}
	}
}

func TestSearchableTextFollowsItsPaper(t *testing.T) {
	t.Parallel()
	db := world(t)
	const found = `select count(*) from document_chunks where words @@ plainto_tsquery('openhouse_english', $1)`
	for _, tc := range []struct {
		scope scope
		login string
		word  string
		want  int64
	}{
		{residentOf("a", "anna", "home-1"), db.ResidentURL(), "sean released", 3}, // accents folded, words stemmed; manual, plan-a, letter-1
		{residentOf("a", "anna", "home-1"), db.ResidentURL(), "bins", 1},          // the development's published answer
		{residentOf("a", "cleo", "home-2"), db.ResidentURL(), "bin", 2},           // and that of type B
		{staffOf("a", "limited"), db.StaffURL(), "seán", 1},
		{staffOf("a", "admin"), db.StaffURL(), "seán", 7},
	} {
		inside(t, connect(t, tc.login), tc.scope, func(tx pgx.Tx) {
			if n := one[int64](t, tx, found, tc.word); n != tc.want {
				t.Errorf("%s %v: %d passages with %q, want %d", tc.scope.role, tc.scope.settings, n, tc.word, tc.want)
			}
		})
	}
}
