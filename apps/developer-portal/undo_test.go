package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

// undoPlan is what a program is told before, and after, an undo.
type undoPlan struct {
	Possible                             bool
	Removed, Restored, HouseTypes, Codes int
	Code, Message, LaterImportID         string
	HomesInTheWay                        int
	Homes                                []struct {
		Line               int
		UnitNumber, Reason string
	}
}

func (o office) undoPlan(t testing.TB, id string) undoPlan {
	t.Helper()
	return webtest.Decode[undoPlan](t, o.Get("/api/imports/"+id+"/undo").Is(t, http.StatusOK))
}

func (o office) undo(t testing.TB, id string) undoPlan {
	t.Helper()
	return webtest.Decode[undoPlan](t, o.PostJSON("/api/imports/"+id+"/undo", map[string]string{}).Is(t, http.StatusOK))
}

// contents are the homes and house types as they are, in an order of their own. The first time makes them, so what two
// times can't share is left out: ids and moments.
func (o office) contents(t testing.TB, without ...string) string {
	t.Helper()
	const homes = `select coalesce(string_agg((to_jsonb(u) - $1::text[] || jsonb_build_object('type', t.code))::text, E'\n' order by u.unit_number), '')
		from units u join house_types t on t.tenant_id = u.tenant_id and t.id = u.house_type_id`
	const types = `select coalesce(string_agg((to_jsonb(t) - $1::text[])::text, E'\n' order by t.code), '') from house_types t`
	if without == nil {
		without = []string{}
	}
	return pgtest.Value[string](o.db, homes, without) + "\n--\n" + pgtest.Value[string](o.db, types, without)
}

// print gives homes printed codes.
func (o office) print(homes string) {
	batch := uuid.New()
	o.db.Exec(`insert into invite_batches (tenant_id, id, development_id, reach, state, ready_at) values ($1, $2, $3, 'development', 'ready', now())`,
		o.person.company, batch, o.development)
	o.db.Exec(`insert into unit_invites (tenant_id, id, development_id, unit_id, batch_id, token_hash)
		select tenant_id, gen_random_uuid(), development_id, id, $1, sha256(id::text::bytea) from units where `+homes, batch)
}

var madeAnew = []string{"id", "house_type_id", "created_at", "updated_at"}

func TestUndoTakesBackWhatAnImportMade(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	file := sample(t, "longview-park-75-with-3-bad.csv")
	nothing := o.contents(t)
	i := o.preview(t, "seventy-five.csv", file)
	o.commit(t, i)
	first := o.contents(t, madeAnew...)
	o.print(`unit_number in ('1', '2', '3')`)
	o.db.Exec(`update unit_invites set revoked_at = now() where unit_id = (select id from units where unit_number = '3')`)
	o.db.Exec(`insert into email_tokens (tenant_id, id, purpose, token_hash, email, development_id, unit_id, expires_at)
		select tenant_id, gen_random_uuid(), 'resident_link', sha256(id::text::bytea), 'a@example.org', development_id, id, now() + interval '1 hour' from units`)
	o.db.Exec(`insert into unit_claims (tenant_id, id, development_id, unit_id, email, state, decided_at)
		select tenant_id, gen_random_uuid(), development_id, id, 'stranger@example.org', 'rejected', now() from units where unit_number = '4'`)

	want := undoPlan{Possible: true, Removed: 72, HouseTypes: 4, Codes: 2}
	if diff := cmp.Diff(want, o.undoPlan(t, i.ID)); diff != "" {
		t.Errorf("what will happen (-want +got):\n%s", diff)
	}
	o.Get("/imports/"+i.ID).Is(t, http.StatusOK).Says(t, "Undo this import", "/imports/"+i.ID+"/undo")
	o.Get("/imports/"+i.ID+"/undo").Is(t, http.StatusOK).Says(t, "Undo this import?", "72 homes that it made are removed",
		"4 house types that it made are removed", "2 printed codes stop working", "Longview Park")
	if got := pgtest.Value[int](o.db, `select count(*) from units`); got != 72 {
		t.Fatalf("looking has left %d homes", got)
	}

	if a := o.Post("/imports/"+i.ID+"/undo", url.Values{}).Is(t, http.StatusSeeOther); a.Header.Get("Location") != "/imports/"+i.ID {
		t.Errorf("sent to %s", a.Header.Get("Location"))
	}
	if diff := cmp.Diff(nothing, o.contents(t)); diff != "" {
		t.Errorf("after the undo (-before the import +after):\n%s", diff)
	}
	for _, table := range []string{"unit_invites", "email_tokens", "unit_claims"} {
		if n := pgtest.Value[int](o.db, `select count(*) from `+table); n != 0 {
			t.Errorf("%d rows of %s are left", n, table)
		}
	}
	o.Get("/imports/"+i.ID).Is(t, http.StatusOK).Says(t, "The import was undone.", "This import was undone", "Undone")
	if now := o.imported(i.ID, ""); now.State != "undone" {
		t.Errorf("state %s", now.State)
	}
	detail := pgtest.Value[string](o.db, `select detail::text from audit_log where action = 'import.undo' and object_id = $1 and actor_id = $2`, i.ID, o.person.id)
	for _, part := range []string{`"removed": 72`, `"restored": 0`, `"house_types": 4`, `"codes": 2`} {
		if !strings.Contains(detail, part) {
			t.Errorf("the audit log doesn't say %s: %s", part, detail)
		}
	}

	again := o.preview(t, "seventy-five.csv", file)
	if diff := cmp.Diff(i.counts(), again.counts()); diff != "" {
		t.Errorf("the same file after the undo (-first time +now):\n%s", diff)
	}
	o.commit(t, again)
	if diff := cmp.Diff(first, o.contents(t, madeAnew...)); diff != "" {
		t.Errorf("imported again (-first time +now):\n%s", diff)
	}
}

const secondFile = "unit_number,address_line_1,house_type_code,purchaser_email,purchaser_name,bedrooms,floor_area_m2,handover_date\n" +
	"1,1 Longview Park,c,new.buyer@example.org,,,,2027-02-02\n" +
	"2,2 Longview Lane,B,,,,,\n" +
	"20,20 Longview Park,Z,,Ada Example,7,321.5,\n" +
	"21,21 Longview Park,Z,,,7,,\n"

func TestUndoGivesChangedHomesBackWhatTheySaid(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := o.preview(t, "twenty.csv", sample(t, "longview-park-20.csv"))
	o.commit(t, first)
	// A home that is for sale, say, which no file can change.
	o.db.Exec(`update units set status = 'for_sale' where unit_number = '2'`)
	before := o.contents(t)
	second := o.preview(t, "changes.csv", []byte(secondFile))
	if diff := cmp.Diff(counts{New: 1, Changed: 3}, second.counts()); diff != "" {
		t.Fatalf("preview (-want +got):\n%s", diff)
	}
	o.commit(t, second)

	// The first can't be undone while the second stands on it.
	plan := o.undoPlan(t, first.ID)
	if plan.Possible || plan.Code != "later_import" || plan.LaterImportID != second.ID || !strings.Contains(plan.Message, "Undo that import first") {
		t.Errorf("the first import: %+v", plan)
	}
	o.PostJSON("/api/imports/"+first.ID+"/undo", map[string]string{}).Is(t, http.StatusConflict).Says(t, "later_import")
	o.Post("/imports/"+first.ID+"/undo", url.Values{}).Is(t, http.StatusConflict).Says(t, "Undo that import first", "/imports/"+second.ID)

	o.Get("/imports/"+second.ID+"/undo").Is(t, http.StatusOK).Says(t, "1 home that it made is removed", "3 homes that it changed are again as they were before",
		"1 house type that it made is removed")
	if diff := cmp.Diff(undoPlan{Removed: 1, Restored: 3, HouseTypes: 1}, o.undo(t, second.ID)); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	// Every column, with ids and moments: a form that was opened before the import can still be saved.
	if diff := cmp.Diff(before, o.contents(t)); diff != "" {
		t.Errorf("homes (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(undoPlan{Removed: 20, HouseTypes: 4}, o.undo(t, first.ID)); diff != "" {
		t.Errorf("and then the first (-want +got):\n%s", diff)
	}
	if got := strings.Trim(o.contents(t), "-\n"); got != "" {
		t.Errorf("left:\n%s", got)
	}
}

func TestUndoIsRefusedWithItsReasons(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.commit(t, o.preview(t, "twenty.csv", sample(t, "longview-park-20.csv")))
	i := o.preview(t, "changes.csv", []byte(secondFile))
	o.commit(t, i)

	home := func(number string) (id string) {
		return pgtest.Value[string](o.db, `select id::text from units where unit_number = $1`, number)
	}
	edit := func() {
		version := pgtest.Value[time.Time](o.db, `select updated_at from units where unit_number = '1'`)
		o.PostJSON("/api/homes/"+home("1"), map[string]string{"city": "Ballyhale", "version": version.UTC().Format(time.RFC3339Nano)}).Is(t, http.StatusOK)
	}
	resident := uuid.New()
	occupy := func(number string) {
		o.db.Exec(`insert into residents (tenant_id, id, email) values ($1, $2, 'somebody@example.org') on conflict do nothing`, o.person.company, resident)
		o.db.Exec(`insert into occupancies (tenant_id, id, development_id, unit_id, resident_id, started_at, ended_at)
			select tenant_id, gen_random_uuid(), development_id, id, $2, now() - interval '2 days', now() - interval '1 day' from units where unit_number = $1`, number, resident)
	}
	for _, step := range []struct {
		do     func()
		homes  string
		reason string
	}{
		{edit, "[{2 1 edited}]", "It was edited after the import"},
		{func() {
			o.db.Exec(`insert into documents (tenant_id, id, development_id, scope, unit_id, title, category)
				select tenant_id, gen_random_uuid(), development_id, 'unit', id, 'Alarm letter', 'general' from units where unit_number in ('2', '21')`)
		}, "[{2 1 edited} {5 21 papers}]", "It has documents of its own"}, // those of a home that was there before stay
		{func() {
			o.db.Exec(`insert into unit_claims (tenant_id, id, development_id, unit_id, email, state)
				select tenant_id, gen_random_uuid(), development_id, id, 'stranger@example.org', 'pending' from units where unit_number = '20'`)
		}, "[{2 1 edited} {4 20 claimed} {5 21 papers}]", "waits for your answer"},
		{func() { occupy("21"); occupy("2") }, "[{2 1 edited} {3 2 lived_in} {4 20 claimed} {5 21 lived_in}]", "Somebody lives here, or has lived here"},
	} {
		step.do()
		before := o.contents(t)
		plan := o.undoPlan(t, i.ID)
		if got := fmt.Sprint(plan.Homes); plan.Possible || plan.Code != "homes_in_the_way" || got != step.homes {
			t.Errorf("in the way: %s, want %s (%+v)", got, step.homes, plan)
		}
		for _, a := range []webtest.Answer{
			o.Get("/imports/"+i.ID+"/undo").Is(t, http.StatusOK), o.Post("/imports/"+i.ID+"/undo", url.Values{}).Is(t, http.StatusConflict),
		} {
			a.Says(t, "This import can’t be undone", step.reason, home("1"), "Home 1")
		}
		o.PostJSON("/api/imports/"+i.ID+"/undo", map[string]string{}).Is(t, http.StatusConflict).Says(t, "homes_in_the_way")
		if diff := cmp.Diff(before, o.contents(t)); diff != "" {
			t.Fatalf("a refused undo has changed something (-before +after):\n%s", diff)
		}
	}
	if n := pgtest.Value[int](o.db, `select count(*) from audit_log where action = 'import.undo'`); n != 0 {
		t.Errorf("%d undos in the audit log", n)
	}
}

func TestUndoIsForImportsThatAreSaved(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.preview(t, "twenty.csv", sample(t, "longview-park-20.csv"))
	if plan := o.undoPlan(t, i.ID); plan.Possible || plan.Code != "changed" {
		t.Errorf("a preview: %+v", plan)
	}
	o.Post("/imports/"+i.ID+"/undo", url.Values{}).Is(t, http.StatusConflict).Says(t, "Only an import that is saved can be undone")
	o.commit(t, i)
	other := o.preview(t, "other.csv", []byte("unit_number,address_line_1,house_type_code\n99,99 Mill Road,Z\n"))
	o.db.Exec(`update imports set state = 'committing' where id = $1`, other.ID)
	o.PostJSON("/api/imports/"+i.ID+"/undo", map[string]string{}).Is(t, http.StatusConflict).Says(t, "other_import")

	strangers := o.addStaff(o.addCompany("Mill Homes"), auth.RoleAdmin)
	viewer := o.addStaff(o.person.company, auth.RoleViewer)
	limited := o.addStaff(o.person.company, auth.RoleDeveloper)
	o.limit(limited, o.addDevelopment(o.person.company, "Elsewhere"))
	for name, c := range map[string]struct {
		person
		status int
	}{"another company": {strangers, http.StatusNotFound}, "a viewer": {viewer, http.StatusForbidden}, "another development": {limited, http.StatusNotFound}} {
		for _, status := range []int{
			c.Get("/api/imports/" + i.ID + "/undo").StatusCode, c.PostJSON("/api/imports/"+i.ID+"/undo", map[string]string{}).StatusCode,
		} {
			if status != c.status {
				t.Errorf("%s is answered %d, want %d", name, status, c.status)
			}
		}
	}
	if n := pgtest.Value[int](o.db, `select count(*) from units`); n != 20 {
		t.Errorf("%d homes", n)
	}
}

// TestUndoKeepsHouseTypesThatAreUsed: what else people have hung on a type in the meantime is theirs.
func TestUndoKeepsHouseTypesThatAreUsed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	file := "unit_number,address_line_1,house_type_code\n1,1 Mill Road,A\n2,2 Mill Road,B\n3,3 Mill Road,C\n4,4 Mill Road,D\n5,5 Mill Road,E\n6,6 Mill Road,F\n7,7 Mill Road,G\n"
	i := o.preview(t, "types.csv", []byte(file))
	o.commit(t, i)
	typeID := func(code string) uuid.UUID {
		return pgtest.Value[uuid.UUID](o.db, `select id from house_types where code = $1`, code)
	}
	company, development := o.person.company, o.development
	o.addHome(company, development, typeID("A"), "100", "")
	o.db.Exec(`insert into room_dimensions (tenant_id, id, development_id, house_type_id, name, length_mm, width_mm) values ($1, $2, $3, $4, 'Kitchen', 1, 1)`,
		company, uuid.New(), development, typeID("B"))
	o.db.Exec(`insert into documents (tenant_id, id, development_id, scope, house_type_id, title, category) values ($1, $2, $3, 'house_type', $4, 'Plan', 'floor_plan')`,
		company, uuid.New(), development, typeID("C"))
	o.db.Exec(`insert into notices (tenant_id, id, scope, development_id, house_type_id, title, body) values ($1, $2, 'house_type', $3, $4, 'Bins', 'On Monday')`,
		company, uuid.New(), development, typeID("D"))
	o.db.Exec(`insert into faqs (tenant_id, id, development_id, house_type_id, question, answer) values ($1, $2, $3, $4, 'Where?', 'There.')`,
		company, uuid.New(), development, typeID("E"))
	o.db.Exec(`update house_types set name = 'The large one', updated_at = clock_timestamp() where code = 'F'`)
	if diff := cmp.Diff(undoPlan{Removed: 7, HouseTypes: 1}, o.undo(t, i.ID)); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if got := pgtest.Value[string](o.db, `select string_agg(code, '' order by code) from house_types`); got != "ABCDEF" {
		t.Errorf("types %s are left", got)
	}
}

// TestUndoIsDoneOnce: a double click, two tabs and two people at two instances.
func TestUndoIsDoneOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	beside := newSiteBeside(t, o.site)
	colleague := beside.as(o.addStaff(o.person.company, auth.RoleAdmin))
	i := o.preview(t, "twenty.csv", sample(t, "longview-park-20.csv"))
	o.commit(t, i)
	key := url.Values{"idempotency_key": {uuid.NewString()}}
	var wg sync.WaitGroup
	for range 3 {
		for _, send := range []func() webtest.Answer{
			func() webtest.Answer { return o.Post("/imports/"+i.ID+"/undo", key) },
			func() webtest.Answer { return o.Post("/imports/"+i.ID+"/undo", url.Values{}) },
			func() webtest.Answer { return colleague.Post("/imports/"+i.ID+"/undo", url.Values{}) },
		} {
			wg.Go(func() {
				if a := send(); a.StatusCode != http.StatusSeeOther {
					t.Errorf("answered %d", a.StatusCode)
				}
			})
		}
	}
	wg.Wait()
	if n := pgtest.Value[int](o.db, `select count(*) from audit_log where action = 'import.undo'`); n != 1 {
		t.Errorf("%d undos in the audit log", n)
	}
	if n := pgtest.Value[int](o.db, `select count(*) from units`); n != 0 {
		t.Errorf("%d homes are left", n)
	}
}

// TestUndoOfTenThousandHomes stays within the limits of a login's statements and of a request.
func TestUndoOfTenThousandHomes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	file := sample(t, "ten-thousand.csv")
	first := o.preview(t, "ten-thousand.csv", file)
	o.commit(t, first)
	before := o.contents(t)
	o.print(`true`)
	moved := o.preview(t, "moved.csv", bytes.ReplaceAll(file, []byte("Mill Road"), []byte("Mill Lane")))
	o.commit(t, moved)
	began := time.Now()
	o.undoPlan(t, moved.ID)
	planned := time.Since(began)
	began = time.Now()
	if done := o.undo(t, moved.ID); done.Restored != 10_000 {
		t.Errorf("%+v", done)
	}
	t.Logf("looked in %v, 10,000 homes restored in %v", planned, time.Since(began))
	if before != o.contents(t) {
		t.Error("homes are not as they were before")
	}
	began = time.Now()
	if done := o.undo(t, first.ID); done.Removed != 10_000 || done.Codes != 10_000 {
		t.Errorf("%+v", done)
	}
	t.Logf("10,000 homes and their codes removed in %v", time.Since(began))
	if n := pgtest.Value[int](o.db, `select (select count(*) from units) + (select count(*) from house_types)`); n != 0 {
		t.Errorf("%d homes and types are left", n)
	}
}
