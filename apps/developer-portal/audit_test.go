package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

type auditEntry struct {
	ID, At, WhoKind, Who, Action, Text, Object, Href, Development, From, RequestID string
	ObjectID                                                                       *string
	Detail                                                                         map[string]any
}

type auditAnswer struct {
	Entries []auditEntry
	Next    *string
}

// log reads the audit log as a program does.
func (p person) log(query string) auditAnswer {
	p.s.t.Helper()
	return webtest.Decode[auditAnswer](p.s.t, p.Get("/api/audit"+query).Is(p.s.t, http.StatusOK))
}

func (a auditAnswer) texts() string {
	var list []string
	for _, e := range a.Entries {
		list = append(list, e.Text)
	}
	return strings.Join(list, " | ")
}

// note writes an entry as some program would have.
func (s *site) note(company uuid.UUID, kind string, actor *uuid.UUID, action, object string, id *uuid.UUID, ago time.Duration) {
	s.db.Exec(`insert into audit_log (tenant_id, id, at, actor_kind, actor_id, action, object, object_id, request_id)
		values ($1, gen_random_uuid(), now() - make_interval(secs => $8), $2, $3, $4, $5, $6, $7)`,
		company, kind, actor, action, object, id, "request-"+action, ago.Seconds())
}

func TestTheAuditLogSaysWhoDidWhat(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.addStaff(s.company, auth.RoleAdmin)
	ben := s.addStaff(s.company, auth.RoleDeveloper)
	s.db.Exec(`update staff set full_name = 'Ben Kelly' where id = $1`, ben.id)
	park := s.addDevelopment(s.company, "Longview Park")
	quay := s.addDevelopment(s.company, "Mill Quarter")
	home := s.addHome(s.company, park, s.addType(s.company, park, "B"), "14", "buyer@example.org")
	other := s.addCompany("Meadow Homes")
	s.note(other, "staff", &ben.id, "home.update", "unit", &home, 0)

	ben.Post("/homes/"+home.String()+"/link", url.Values{}).Is(t, http.StatusSeeOther)
	s.note(s.company, "staff", &ben.id, "home.update", "unit", ptr(uuid.New()), time.Hour)
	s.note(s.company, "staff", ptr(uuid.New()), "development.update", "development", &quay, 2*time.Hour)
	s.note(s.company, "resident", ptr(uuid.New()), "session.begin", "session", nil, 48*time.Hour)
	s.note(s.company, "operator", nil, "company.create", "tenant", &s.company, 72*time.Hour)
	s.note(s.company, "staff", nil, "staff.reset_request", "staff", &ben.id, 73*time.Hour)
	s.note(s.company, "worker", nil, "of.tomorrow", "", nil, 74*time.Hour)

	all := ada.log("")
	want := "Ben Kelly sent the buyer of home 14 a link | Ben Kelly changed a home that is gone | A former colleague changed the development Mill Quarter | " +
		"A person who was erased signed in | The operator made the company | Somebody asked for a new password for Ben Kelly | " +
		"OpenHouse did something that this page has no words for: of.tomorrow"
	if got := all.texts(); got != want || all.Next != nil {
		t.Errorf("the log says\n%s\nwant\n%s", got, want)
	}
	first := all.Entries[0]
	if first.Href != "/homes/"+home.String() || first.From != "127.0.0.1" || first.RequestID == "" || first.Development != "Longview Park" || all.Entries[1].Href != "" {
		t.Errorf("the first: %+v, the second leads to %q", first, all.Entries[1].Href)
	}
	day := func(ago time.Duration) string { return time.Now().UTC().Add(-ago).Format(time.DateOnly) }
	for query, want := range map[string]int{
		"": 7, "?who=": 7, "?who=" + ben.id.String(): 2, "?who=operator": 1, "?who=resident": 1, "?action=home.update": 1, "?action=home.link&who=" + ben.id.String(): 1,
		"?object=" + home.String(): 1, "?object=" + uuid.NewString(): 0, "?development=" + park.String(): 1, "?development=" + quay.String(): 1,
		"?development=" + uuid.NewString(): 0, "?request=request-company.create": 1, "?request=request": 0, "?until=" + day(72*time.Hour): 3,
		"?from=" + day(72*time.Hour) + "&until=" + day(48*time.Hour): 0 + countBetween(all, day(72*time.Hour), day(48*time.Hour)), "?request=%20": 7, "?who=" + other.String(): 0,
	} {
		if got := ada.log(query); len(got.Entries) != want {
			t.Errorf("%q: %d entries, want %d: %s", query, len(got.Entries), want, got.texts())
		}
	}
	page := ada.Get("/audit").Is(t, http.StatusOK).Says(t, "Ben Kelly sent the buyer of home 14 a link", `href="/homes/`+home.String(), "Longview Park", "Request "+first.RequestID[:8], "127.0.0.1", "Mill Quarter")
	if strings.Contains(page.Text, "Meadow") {
		t.Error("the page names another company")
	}
	ada.Get("/audit?action=import.undo").Is(t, http.StatusOK).Says(t, "Nothing like that on record")
	for _, query := range []string{"?who=nobody", "?action=everything", "?development=1", "?object=x", "?from=yesterday", "?until=2026-13-01", "?before=x", "?request=" + strings.Repeat("x", 201)} {
		ada.Get("/api/audit"+query).Is(t, http.StatusUnprocessableEntity)
		ada.Get("/audit"+query).Is(t, http.StatusUnprocessableEntity)
	}
	ben.Get("/audit").Is(t, http.StatusForbidden)
	ben.PostJSON("/api/audit/export", map[string]string{"format": "csv"}).Is(t, http.StatusForbidden)
	s.addStaff(s.company, auth.RoleViewer).Get("/api/audit").Is(t, http.StatusForbidden)
	if got := s.addStaff(other, auth.RoleAdmin).log("?object=" + home.String()); len(got.Entries) != 1 || strings.Contains(got.texts(), "14") || got.Entries[0].Href != "" {
		t.Errorf("the other company's log: %+v", got)
	}
}

func countBetween(all auditAnswer, from, until string) (n int) {
	for _, e := range all.Entries {
		if d := e.At[:len(time.DateOnly)]; d >= from && d <= until {
			n++
		}
	}
	return n
}

func ptr[T any](v T) *T { return &v }

// Pages follow each other without a gap or a repetition, also where entries have the same moment, and while new ones
// come in.
func TestTheAuditLogPageByPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.addStaff(s.company, auth.RoleAdmin)
	s.db.Exec(`insert into audit_log (tenant_id, id, at, actor_kind, actor_id, action, object)
		select $1, gen_random_uuid(), now() - make_interval(secs => i / 3), 'staff', $2, 'development.update', 'development' from generate_series(1, 125) i`, s.company, ada.id)
	seen := map[string]bool{}
	pagesRead, next := 0, "/api/audit?action=development.update"
	for next != "" {
		got := webtest.Decode[auditAnswer](t, ada.Get(next).Is(t, http.StatusOK))
		for _, e := range got.Entries {
			if seen[e.ID] {
				t.Fatalf("%s comes twice", e.ID)
			}
			seen[e.ID] = true
		}
		pagesRead, next = pagesRead+1, ""
		if got.Next != nil {
			next = *got.Next
		}
		s.note(s.company, "staff", &ada.id, "development.update", "development", nil, -time.Minute)
	}
	if pagesRead != 3 || len(seen) != 125 {
		t.Errorf("%d entries on %d pages", len(seen), pagesRead)
	}
	first := ada.Get("/audit?action=development.update").Is(t, http.StatusOK)
	link := regexp.MustCompile(`href="(/audit\?[^"]*before=[^"]*)"`).FindStringSubmatch(first.Text)
	if link == nil {
		t.Fatal("the first page has no link to the next")
	}
	ada.Get(strings.ReplaceAll(link[1], "&amp;", "&")).Is(t, http.StatusOK).Says(t, "Back to the newest")
}

func TestTheAuditLogAsAFile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.addStaff(s.company, auth.RoleAdmin)
	s.db.Exec(`update staff set full_name = '=HYPERLINK("https://example.org")' where id = $1`, ada.id)
	s.db.Exec(`insert into audit_log (tenant_id, id, at, actor_kind, actor_id, action, object)
		select $1, gen_random_uuid(), now() - make_interval(mins => i), 'staff', $2, 'development.update', 'development' from generate_series(1, 2500) i`, s.company, ada.id)
	s.note(s.addCompany("Meadow Homes"), "staff", &ada.id, "development.update", "development", nil, 0)

	a := ada.Post("/audit/export", url.Values{"format": {"csv"}}).Is(t, http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.Text, "\uFEFF"))).ReadAll()
	if err != nil || len(rows) != 1+2500+1 || !strings.HasPrefix(a.Text, "\uFEFF") {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if newest := rows[1]; newest[5] != "audit.export" || !strings.Contains(a.Header.Get("Content-Disposition"), ".csv") {
		t.Errorf("the newest: %q, %v", newest, a.Header)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.HasPrefix(cell, "=") {
				t.Fatalf("a spreadsheet calculates %q", cell)
			}
		}
	}
	if !strings.Contains(rows[2][4], "HYPERLINK") || rows[2][1][0] != '\'' {
		t.Errorf("a row: %q", rows[2])
	}
	filtered := ada.PostJSON("/api/audit/export", map[string]string{"format": "json", "action": "audit.export"}).Is(t, http.StatusOK)
	var file struct{ Entries []auditEntry }
	if err := json.Unmarshal([]byte(filtered.Text), &file); err != nil || len(file.Entries) != 2 || file.Entries[0].Detail["format"] != "json" || file.Entries[0].Detail["action"] != "audit.export" {
		t.Errorf("%v: %+v", err, file)
	}
	form := url.Values{"format": {"json"}, "who": {"operator"}, "idempotency_key": {uuid.NewString()}}
	for range 2 { // each copy is noted, also of a button pressed twice
		if got := ada.Post("/audit/export", form).Is(t, http.StatusOK); !json.Valid([]byte(got.Text)) || strings.Contains(got.Text, "action") {
			t.Errorf("no entries: %s", got.Text)
		}
	}
	if n := pgtest.Value[int](s.db, `select count(*) from audit_log where action = 'audit.export' and tenant_id = $1`, s.company); n != 4 {
		t.Errorf("%d exports are noted, want 4", n)
	}
	for _, body := range []map[string]string{{}, {"format": "xlsx"}, {"format": "csv", "who": "x"}, {"format": "csv", "tenantId": uuid.NewString()}} {
		ada.PostJSON("/api/audit/export", body).Is(t, http.StatusUnprocessableEntity)
	}
	// Whoever is shut out has no more of it.
	s.db.Exec(`update sessions set revoked_at = now() where id = $1`, ada.session)
	ada.PostJSON("/api/audit/export", map[string]string{"format": "csv"}).Is(t, http.StatusUnauthorized)
}

// Every sentence of the log is whole, with each thing that an entry may be about.
func TestTheSentencesOfTheLog(t *testing.T) {
	t.Parallel()
	for _, action := range pages.AuditActions() {
		for _, object := range []string{"", "development", "unit", "staff", "resident", "import", "invite_batch", "session"} {
			for _, there := range []bool{false, true} {
				e := store.AuditEntry{ActorKind: "staff", Actor: "Ada Nowak", Action: action, Object: object, ObjectThere: there, ObjectName: "Thing", HomeName: "14"}
				if got := pages.AuditSentence(t.Context(), e); strings.Contains(got, "%!") || strings.Contains(got, "audit.") || len(got) < 10 {
					t.Errorf("%s of %q: %q", action, object, got)
				}
			}
		}
		if got := pages.AuditSentence(t.Context(), store.AuditEntry{ActorKind: "staff", Actor: "Ada", Action: action}); strings.Contains(got, "%!") {
			t.Errorf("%s: %q", action, got)
		}
	}
}

// The log of a company with 300,000 entries: a page is found by an index whatever is filtered, in one statement, which
// a plan that Postgres keeps does as well.
func TestAPageOfALongLogIsFoundByAnIndex(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var statements []string
	s := newSiteWith(t, seams{observer: func(_ context.Context, o db.Observation) {
		if o.Step == db.StepStatement && strings.Contains(o.SQL, "audit_log a") {
			mu.Lock()
			defer mu.Unlock()
			statements = append(statements, o.SQL)
		}
	}})
	ada := s.addStaff(s.company, auth.RoleAdmin)
	s.db.Exec(`insert into audit_log (tenant_id, id, at, actor_kind, actor_id, action, object, object_id, request_id)
		select $1, gen_random_uuid(), now() - make_interval(secs => i), 'staff', md5((i % 200)::text)::uuid, 'import.' || translate((i % 30)::text, '0123456789', 'abcdefghij'), 'unit',
		       md5((i % 5000)::text || 'object')::uuid, md5(i::text) from generate_series(1, 300000) i`, s.company)
	s.db.Exec(`analyze audit_log`)
	for query, index := range map[string]string{
		"": "newest", "?before=2025-01-01T00:00:00Z," + uuid.NewString(): "newest", "?who=" + uuid.NewString(): "actor", "?action=home.update": "action",
		"?object=" + uuid.NewString(): "object", "?request=unknown": "request", "?request=unknown&action=home.update": "request",
		// No index knows the development, or who is no single person: the entries are looked through, the newest first.
		"?development=" + uuid.NewString(): "newest", "?who=operator": "newest",
	} {
		began := time.Now()
		ada.log(query)
		took := time.Since(began)
		mu.Lock()
		asked := statements
		statements = nil
		mu.Unlock()
		if len(asked) != 1 {
			t.Fatalf("%q: %d statements", query, len(asked))
		}
		plan := s.auditPlan(asked[0])
		if !strings.Contains(plan, "Scan using audit_log_"+index+" on audit_log") || strings.Contains(plan, "Seq Scan on audit_log") {
			t.Errorf("%q is planned as\n%s", query, plan)
		}
		t.Logf("%-60q %v", query, took.Round(time.Millisecond))
	}
}

// auditPlan is the plan that Postgres keeps for a statement of the log, for an administrator.
func (s *site) auditPlan(sql string) string {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.db.AdminURL())
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close(s.t.Context()) }()
	tx, err := conn.Begin(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, step := range []string{
		"prepare log as " + sql, "set local plan_cache_mode = force_generic_plan", "set local role openhouse_staff",
		fmt.Sprintf("select set_config('app.tenant_id', '%s', true), set_config('app.staff_id', '%s', true)", s.company, uuid.New()),
	} {
		if _, err := tx.Exec(s.t.Context(), step, pgx.QueryExecModeSimpleProtocol); err != nil {
			s.t.Fatal(err)
		}
	}
	rows, err := tx.Query(s.t.Context(), "explain execute log("+strings.TrimSuffix(strings.Repeat("null,", 12), ",")+")", pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		s.t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// TestTheAuditLogNamesTheFields that somebody has changed, and never what stood in them: who enters an address, which is
// the key to a home, and sets it back, has left two entries that say so.
func TestTheAuditLogNamesTheFields(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.addStaff(s.company, auth.RoleAdmin)
	ben := s.addStaff(s.company, auth.RoleDeveloper)
	park := s.addDevelopment(s.company, "Longview Park")
	home := s.addHome(s.company, park, s.addType(s.company, park, "B"), "14", "buyer@example.org")
	save := func(path string, changes map[string]any) {
		t.Helper()
		changes["version"] = webtest.Decode[struct{ UpdatedAt string }](t, ada.Get(path).Is(t, http.StatusOK)).UpdatedAt
		ada.PostJSON(path, changes).Is(t, http.StatusOK)
	}
	atHome, atPark, atBen := "/api/homes/"+home.String(), "/api/developments/"+park.String(), "/api/team/"+ben.id.String()
	save(atHome, map[string]any{"purchaserEmail": "mallory@example.org"})
	save(atHome, map[string]any{"purchaserEmail": "buyer@example.org"})
	save(atHome, map[string]any{"bedrooms": 4, "handoverDate": "2027-02-14"})
	save(atHome, map[string]any{})
	save(atPark, map[string]any{"emergencyPhone": "+353 1 555 0100"})
	save(atBen, map[string]any{"name": "Ben Kelly"})
	save(atBen, map[string]any{"limited": true, "developments": []string{park.String()}})

	var got []string
	for _, e := range ada.log("").Entries {
		if list, ok := e.Detail["changed"]; ok {
			got = append(got, e.Action+fmt.Sprint(list))
		}
	}
	want := []string{
		"staff.update[developments limited]", "staff.update[name]", "development.update[emergencyPhone]", "home.update[]",
		"home.update[bedrooms handoverDate]", "home.update[purchaserEmail]", "home.update[purchaserEmail]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	ada.Get("/audit").Is(t, http.StatusOK).Says(t, "Changed: buyer’s e-mail", "Changed: bedrooms, handover", "Saved as it was", "Changed: emergency number",
		"Changed: which developments are seen, whether all developments are seen")
	if n := pgtest.Value[int](s.db, `select count(*) from audit_log where detail::text like '%mallory%' or detail::text like '%555%' or detail::text like '%Kelly%'`); n != 0 {
		t.Errorf("%d entries say what was entered", n)
	}
}

// TestEveryFieldHasWords that an entry of the log may name.
func TestEveryFieldHasWords(t *testing.T) {
	t.Parallel()
	for object, fields := range map[string]any{"unit": store.HomeFields{}, "development": store.DevelopmentFields{}, "staff": store.MemberFields{}} {
		var names map[string]any
		if err := json.Unmarshal([]byte(mustJSON(t, fields)), &names); err != nil || len(names) < 4 {
			t.Fatal(err, names)
		}
		for name := range names {
			e := store.AuditEntry{Object: object, Detail: json.RawMessage(mustJSON(t, map[string]any{"changed": []string{name}}))}
			if !slices.Contains(text.Keys(), "audit.field."+object+"."+name) || pages.AuditChanged(t.Context(), e) == "" {
				t.Errorf("the catalogue has no audit.field.%s.%s", object, name)
			}
		}
	}
	// Of a newer program, an older one, or of another form.
	for detail, want := range map[string]string{
		`{"changed":["colour"]}`: "Changed: colour", `{"changed":"colour"}`: "", `{}`: "", `null`: "", ``: "", `[]`: "",
	} {
		if got := pages.AuditChanged(t.Context(), store.AuditEntry{Object: "unit", Detail: json.RawMessage(detail)}); got != want {
			t.Errorf("%s is said as %q, want %q", detail, got, want)
		}
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
