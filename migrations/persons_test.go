package migrations_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"openhouse.example/migrations/catalogue"
	"openhouse.example/packages/pgdev/pgtest"
)

// canary is in every word that a test plants about a person, and nowhere else.
const (
	canary        = "canary"
	canaryAddress = "canary@example.org"
)

// planting gives Anna of company a words of her own in every place that can hold some about a resident: those that a
// portal writes today, and those for which there is only the table yet.
var planting = []string{
	`update residents set email = 'canary@example.org', full_name = 'Canary', phone = 'canary', language = 'xx' where id = @anna`,
	`update sessions set from_ip = 'canary', user_agent = 'canary' where resident_id = @anna`,
	`update acknowledgements set signed_name = 'canary', from_ip = 'canary' where resident_id = @anna`,
	`update chat_messages set body = 'canary' where resident_id = @anna`,
	`update chat_citations set title = 'canary', quote = 'canary' where resident_id = @anna`,
	`update questions set body = 'canary', answer = 'canary' where resident_id = @anna`,
	`update issues set title = 'canary', description = 'canary' where resident_id = @anna`,
	`update issue_events set body = 'canary' where issue_id in (select id from issues where resident_id = @anna)`,
	`update issue_files set file_name = 'canary', mime = 'canary', sha256 = rpad('canary', 32, '!')::bytea where issue_id in (select id from issues where resident_id = @anna)`,
	`insert into email_tokens (tenant_id, id, purpose, token_hash, email, development_id, unit_id, expires_at)
	 select tenant_id, gen_random_uuid(), 'resident_link', rpad('canary-secret', 32, '!')::bytea, 'canary@example.org', development_id, id, now() + interval '1 hour' from units where id = @home`,
	`insert into mail_outbox (tenant_id, id, kind, to_email, subject, body, last_error) values
	 (@tenant, gen_random_uuid(), 'resident_link', 'canary@example.org', 'canary', 'canary-secret', 'canary'),
	 (@tenant, gen_random_uuid(), 'claim_told', 'ben.a@example.org', 'Somebody asks for your home', 'It is canary@example.org.', '')`,
	`insert into unit_claims (tenant_id, id, development_id, unit_id, email, full_name, state)
	 select tenant_id, gen_random_uuid(), development_id, id, 'canary@example.org', 'canary', 'pending' from units where id = @home`,
	`update units set purchaser_email = 'canary@example.org', purchaser_name = 'canary', purchaser_phone = 'canary' where id = @home`,
	`update imports set state = 'committed', committed_at = now(), file_name = 'canary@example.org.csv', error = 'canary-secret canary@example.org',
	 file_bytes = 'canary-secret',
	 findings = '{"columns": [{"header": "canary@example.org", "examples": ["canary-secret"]}, {"header": "Name", "examples": ["canary-secret"]}],
	              "header": ["canary@example.org"], "problems": [{"value": "canary@example.org"}], "newTypes": []}' where id = @import`,
	`update import_rows set data = '{"home": {"unit_number": "1", "purchaser_email": "canary@example.org", "purchaser_name": "canary", "purchaser_phone": "canary"},
	    "cells": ["canary"], "changes": [{"field": "purchaser_name", "old": "canary", "new": "x"}, {"field": "city", "old": "a", "new": "b"}]}',
	 before = '{"city": "a", "purchaser_email": "canary@example.org", "purchaser_name": "canary", "purchaser_phone": "canary"}' where import_id = @import`,
	`insert into import_rows (tenant_id, import_id, line_number, development_id, state, data, errors)
	 select tenant_id, import_id, 3, development_id, 'error', '{"cells": ["canary@example.org", "canary"]}', '[{"code": "x", "value": "canary"}]' from import_rows where import_id = @import`,
	// A file that nobody has read yet, in UTF-16, as a spreadsheet writes it.
	`insert into imports (tenant_id, id, development_id, file_name, file_bytes, file_sha256)
	 select tenant_id, gen_random_uuid(), development_id, 'waiting.csv',
	    '\xfffe'::bytea || (select string_agg(substr(convert_to(f, 'UTF8'), i, 1) || '\x00'::bytea, ''::bytea order by i) from generate_series(1, length(f)) i), file_sha256
	 from imports, (values ('x,Canary@Example.Org')) as file (f) where id = @import`,
	`insert into jobs (tenant_id, id, kind, payload, last_error) values (@tenant, gen_random_uuid(), 'x', '{"to": "canary@example.org"}', 'canary')`,
	`insert into idempotency_keys (tenant_id, subject_id, key, route, body_hash, answer) values
	 (@tenant, @anna, 'canary', 'canary', 'canary-secret', 'canary-secret'),
	 (@tenant, @admin, 'key', 'route', '', '{"to":"canary@example.org"}')`,
	`insert into audit_log (tenant_id, id, actor_kind, actor_id, action) values (@tenant, gen_random_uuid(), 'resident', @anna, 'session.begin')`,
}

func plant(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	things := pgx.NamedArgs{
		"anna": id("a", "anna"), "home": id("a", "home-1"), "tenant": id("a", "tenant"), "import": id("a", "import-park"), "admin": id("a", "admin"),
	}
	for _, sql := range planting {
		if tag := exec(t, conn, sql, things); tag.RowsAffected() == 0 {
			t.Fatalf("plants nothing: %s", sql)
		}
	}
}

// wordColumns are all columns of the database's tables, as "table.column": a canary is looked for in every one.
func wordColumns(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	return column[string](t, conn, `
		select c.relname || '.' || a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
		where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped order by 1`)
}

// singing are the columns in which a canary is found; bytes are read as text.
func singing(t *testing.T, conn *pgx.Conn, word string) (found []string) {
	t.Helper()
	for _, name := range wordColumns(t, conn) {
		table, col, _ := strings.Cut(name, ".")
		n := one[int](t, conn, fmt.Sprintf(`select count(*)::int from %s where position($1 in lower(replace(%[2]s::text, '\x00', ''))) > 0 or position($2 in replace(%[2]s::text, '00', '')) > 0`,
			pgx.Identifier{table}.Sanitize(), pgx.Identifier{col}.Sanitize()), word, hex.EncodeToString([]byte(word)))
		if n > 0 {
			found = append(found, name)
		}
	}
	return found
}

// unplantable are declared columns that can't hold a word: what they may say is limited. Their rows go.
var unplantable = []string{"residents.language"}

// The declaration, the export and the erasure are held together here: whatever is declared is planted, is exported
// unless it is secret, and is gone afterwards, whatever else the database has.
func TestAPersonIsExportedAndErasedWhole(t *testing.T) {
	t.Parallel()
	db := world(t)
	owner, staff := connect(t, db.OwnerURL()), connect(t, db.StaffURL())
	plant(t, owner)
	before := singing(t, owner, canary)
	for _, name := range catalogue.Erased() {
		if !slices.Contains(before, name) && !slices.Contains(unplantable, name) {
			t.Errorf("nothing is planted in %s, which is declared to say something about residents", name)
		}
	}
	for _, name := range before {
		if !slices.Contains(catalogue.Erased(), name) {
			t.Errorf("%s is planted, but not declared", name)
		}
	}

	exported := map[string]string{}
	begin(t, staff, staffOf("a", "admin"), func(tx pgx.Tx) {
		rows, err := tx.Query(t.Context(), "select source, data::text from person_export($1)", id("a", "anna"))
		if err != nil {
			t.Fatal(err)
		}
		var source, data string
		if _, err := pgx.ForEachRow(rows, []any{&source, &data}, func() error {
			exported[source] += data + "\n"
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
	for _, name := range catalogue.Exported() {
		table, col, _ := strings.Cut(name, ".")
		if !strings.Contains(exported[table], `"`+col+`": `) {
			t.Errorf("the export lacks %s", name)
		}
	}
	for table, data := range exported {
		if table != "jobs" && table != "imports" && !strings.Contains(strings.ToLower(data), canary) && !slices.Contains([]string{"occupancies", "notice_reads", "audit_log"}, table) {
			t.Errorf("the export of %s says nothing about the person: %s", table, data)
		}
		if secret := "canary-secret"; strings.Contains(data, secret) || strings.Contains(data, hex.EncodeToString([]byte(secret))) {
			t.Errorf("the export of %s holds a secret: %s", table, data)
		}
	}
	if exported["audit_log"] == "" || exported["occupancies"] == "" || exported["notice_reads"] == "" {
		t.Error("the export lacks where the person lived, what they read or what they did")
	}

	others := counts(t, owner, "b")
	begin(t, staff, staffOf("a", "admin"), func(tx pgx.Tx) {
		if got := one[string](t, tx, "select person_erase($1, true)::text", id("a", "anna")); !strings.Contains(got, `"residents": 1`) {
			t.Errorf("erased: %s", got)
		}
		if got := one[*string](t, tx, "select person_erase($1, true)::text", id("a", "anna")); got != nil {
			t.Errorf("erased again: %s", *got)
		}
	})
	if found := singing(t, owner, canary); len(found) != 0 {
		t.Errorf("something is left in %v", found)
	}
	if now := counts(t, owner, "b"); now != others {
		t.Errorf("another company has changed: %s, was %s", now, others)
	}
	// What isn't about Anna alone has lost what is about her, and no more.
	for sql, want := range map[string]string{
		`select string_agg(full_name, ' ' order by full_name) from residents where tenant_id = $1`:                                               "ben cleo dara eve",
		`select count(*)::text from acknowledgements where tenant_id = $1`:                                                                       "3",
		`select string_agg(distinct title, ' ' order by title) from issues where tenant_id = $1`:                                                 "A crack —",
		`select data::text || before::text from import_rows where tenant_id = $1 and import_id = md5('a:import-park')::uuid and line_number = 2`: `{"home": {"unit_number": "1"}, "changes": [{"new": "b", "old": "a", "field": "city"}]}{"city": "a", "purchaser_name": "", "purchaser_email": "", "purchaser_phone": ""}`,
		`select count(*)::text from audit_log where tenant_id = $1 and actor_id = md5('a:anna')::uuid`:                                           "1",
	} {
		if got := one[string](t, owner, sql, id("a", "tenant")); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
}

// counts is how many rows each table has of a company, and what they say.
func counts(t *testing.T, conn *pgx.Conn, company string) string {
	t.Helper()
	var all []string
	for _, table := range column[string](t, conn, `
		select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
		where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1`) {
		all = append(all, table+" "+one[string](t, conn, fmt.Sprintf(
			`select count(*) || ' ' || coalesce(md5(string_agg(x::text, '' order by x::text)), '') from %s x where tenant_id = $1`, pgx.Identifier{table}.Sanitize()),
			id(company, "tenant")))
	}
	return strings.Join(all, "\n")
}

// begin is inside, but commits.
func begin(t *testing.T, conn *pgx.Conn, s scope, fn func(tx pgx.Tx)) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
		exec(t, tx.Conn(), "select set_config('role', $1, true)", s.role)
		for name, value := range s.settings {
			exec(t, tx.Conn(), "select set_config($1, $2, true)", name, value)
		}
		fn(tx)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOnlyAdministratorsReachAPerson(t *testing.T) {
	t.Parallel()
	db := world(t)
	anna := id("a", "anna")
	for name, tc := range map[string]struct {
		url  string
		who  scope
		code string
	}{
		"a developer":                {db.StaffURL(), staffOf("a", "developer"), "42501"},
		"a limited developer":        {db.StaffURL(), staffOf("a", "limited"), "42501"},
		"nobody of the company":      {db.StaffURL(), scope{"openhouse_staff", map[string]string{"app.tenant_id": id("a", "tenant").String(), "app.staff_id": id("b", "admin").String()}}, "42501"},
		"another company's admin":    {db.StaffURL(), staffOf("b", "admin"), ""},
		"a person without a company": {db.StaffURL(), scope{"openhouse_staff", nil}, "42704"},
		"the person herself":         {db.ResidentURL(), residentOf("a", "anna", "home-1"), "42501"},
		"the worker":                 {db.WorkerURL(), workerOf("a"), "42501"},
	} {
		for _, sql := range []string{"select count(*)::int from person_export($1)", "select count(x)::int from person_erase($1, true) x"} {
			inside(t, connect(t, tc.url), tc.who, func(tx pgx.Tx) {
				var n int
				err := tx.QueryRow(t.Context(), sql, anna).Scan(&n)
				if code(err) != tc.code || n != 0 {
					t.Errorf("%s: %s answers %d, %v", name, sql, n, err)
				}
			})
		}
		for _, sql := range []string{"select person_forget($1, 'anna.a@example.org', true)", "select person_data($1, 'anna.a@example.org')", "select person_files($1, '')"} {
			inside(t, connect(t, tc.url), tc.who, func(tx pgx.Tx) {
				if _, err := tx.Exec(t.Context(), sql, id("a", "tenant")); code(err) != "42501" {
					t.Errorf("%s: %s: %v", name, sql, err)
				}
			})
		}
	}
}

func TestWhereAnAddressIsMentioned(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.New(t).OwnerURL())
	for text, want := range map[string]bool{
		"ada@example.org": true, "Ada@Example.ORG": true, `{"to":"ada@example.org"}`: true, "Write to ada@example.org.": true, "(ada@example.org)": true,
		"a,ada@example.org\n": true, "nada@example.org": false, "ada@example.org.uk": false, "ada@example.orgs": false, "x.ada@example.org": false,
		"ada@exampleXorg": false, "ada@example": false, "": false,
	} {
		if got := one[bool](t, conn, "select person_mentioned($1, 'ada@example.org')", text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
	if !one[bool](t, conn, "select person_mentioned('x o''neil+home[1]@example.org y', 'o''neil+home[1]@example.org')") {
		t.Error("an address with odd letters isn't found")
	}
}

// A file that is being written into the homes can't be stopped in the middle; the erasure asks to be done again.
func TestErasureWaitsForAFileThatIsBeingCommitted(t *testing.T) {
	t.Parallel()
	db := world(t)
	db.Exec(`update imports set state = 'committing', file_bytes = 'anna.a@example.org' where id = $1`, id("a", "import-park"))
	inside(t, connect(t, db.StaffURL()), staffOf("a", "admin"), func(tx pgx.Tx) {
		if _, err := tx.Exec(t.Context(), "select person_erase($1, true)", id("a", "anna")); code(err) != "55P03" {
			t.Errorf("%v", err)
		}
	})
}

// Somebody enters by a link while they are erased: one waits for the other, and nothing is left.
func TestErasedWhileEntering(t *testing.T) {
	t.Parallel()
	db := world(t)
	db.Exec(`update units set purchaser_email = 'anna.a@example.org' where id = $1`, id("a", "home-1"))
	db.Exec(`insert into email_tokens (tenant_id, id, purpose, token_hash, email, development_id, unit_id, expires_at)
		values ($1, gen_random_uuid(), 'resident_link', sha256('link'), 'anna.a@example.org', $2, $3, now() + interval '1 hour')`,
		id("a", "tenant"), id("a", "park"), id("a", "home-1"))
	entering, erasing := connect(t, db.OwnerURL()), connect(t, db.StaffURL())
	tx, err := entering.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if n := one[int](t, tx, `select count(*)::int from resident_enter(sha256('link'), gen_random_uuid(), now() + interval '1 day', '', '')`); n != 1 {
		t.Fatal("the link opens nothing")
	}
	done := make(chan string, 1)
	go func() {
		var got *string
		err := pgx.BeginFunc(context.Background(), erasing, func(e pgx.Tx) error {
			for name, value := range staffOf("a", "admin").settings {
				if _, err := e.Exec(context.Background(), "select set_config($1, $2, true)", name, value); err != nil {
					return err
				}
			}
			if _, err := e.Exec(context.Background(), "set local role openhouse_staff"); err != nil {
				return err
			}
			return e.QueryRow(context.Background(), "select person_erase($1, true)::text", id("a", "anna")).Scan(&got)
		})
		switch {
		case err != nil:
			done <- err.Error()
		case got == nil:
			done <- "nobody"
		default:
			done <- *got
		}
	}()
	for end := time.Now().Add(30 * time.Second); one[int64](t, connect(t, db.AdminURL()), "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the erasure doesn't wait for who is entering")
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := <-done; !strings.Contains(got, `"residents": 1`) {
		t.Errorf("erased: %s", got)
	}
	if found := singing(t, connect(t, db.OwnerURL()), "anna.a@example.org"); len(found) != 0 {
		t.Errorf("left in %v", found)
	}
}
