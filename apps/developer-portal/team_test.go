package main

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

type teamMember struct {
	ID, Name, Email, Role, Status, UpdatedAt string
	Limited                                  bool
	LastSignInAt                             *string
}

type oneMember struct {
	teamMember
	Developments []struct{ ID, Name string }
}

// member reads a member of the team as a program does.
func (p person) member(id uuid.UUID) oneMember {
	p.s.t.Helper()
	return webtest.Decode[oneMember](p.s.t, p.Get("/api/team/"+id.String()).Is(p.s.t, http.StatusOK))
}

// join takes the newest invitation to an address and signs in with it.
func (s *site) join(email string) *client {
	s.t.Helper()
	c := s.client()
	c.Post(s.linkIn(s.mails("staff_invite", email)[0]), url.Values{"password": {newPassword}, "repeat": {newPassword}}).Is(s.t, http.StatusSeeOther)
	c.Post("/sign-in", url.Values{"email": {email}, "password": {newPassword}}).Is(s.t, http.StatusSeeOther)
	return c
}

func TestAnInvitationByForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.addStaff(s.company, auth.RoleAdmin)
	park, quay := s.addDevelopment(s.company, "Longview Park"), s.addDevelopment(s.company, "Mill Quarter")
	ada.Get("/developments").Is(t, http.StatusOK).Says(t, `href="/team"`)
	ada.Get("/team").Is(t, http.StatusOK).Says(t, "Nora Byrne", "Administrator", `href="/team/new"`)
	ada.Get("/team/new").Is(t, http.StatusOK).Says(t, "Longview Park", "Mill Quarter", "72 hours")

	a := ada.Post("/team", url.Values{"email": {"bea at example"}, "name": {"Bea Kelly"}, "role": {"developer"}, "limited": {"true"}})
	a.Is(t, http.StatusUnprocessableEntity).Says(t, "Enter one e-mail address", "Choose at least one development", `value="bea at example"`, `value="Bea Kelly"`)
	ada.Post("/team", url.Values{"email": {"bea@example.org"}, "role": {"admin"}, "limited": {"true"}, "developments": {park.String()}}).
		Is(t, http.StatusUnprocessableEntity).Says(t, "Administrators see all developments")
	ada.Post("/team", url.Values{"email": {"bea@example.org"}, "role": {"owner"}, "limited": {"false"}}).Is(t, http.StatusUnprocessableEntity)
	if n := pgtest.Value[int](s.db, `select count(*) from staff`); n != 1 {
		t.Fatalf("%d people after refused invitations", n)
	}

	form := url.Values{
		"email": {" Bea@Example.org "}, "name": {"Bea  Kelly"}, "role": {"developer"}, "limited": {"true"}, "developments": {park.String()},
		"idempotency_key": {uuid.NewString()},
	}
	for range 2 { // the button pressed twice
		ada.Post("/team", form).Is(t, http.StatusSeeOther)
	}
	ada.Get("/team").Is(t, http.StatusOK).Says(t, "Bea Kelly", "Invited", "Longview Park", "The invitation is on its way")
	if n := len(s.mails("staff_invite", "bea@example.org")); n != 1 {
		t.Fatalf("%d invitations", n)
	}
	link := s.linkIn(s.mails("staff_invite", "bea@example.org")[0])
	for range 3 { // a mail scanner
		s.client().Get(link).Is(t, http.StatusOK).Says(t, "Welcome to Harbour Homes", "bea@example.org", "within 72 hours")
	}
	bea := s.join("bea@example.org")
	list := bea.Get("/developments").Is(t, http.StatusOK).Says(t, "Longview Park")
	if strings.Contains(list.Text, "Mill Quarter") || strings.Contains(list.Text, `href="/team"`) {
		t.Error("a limited colleague sees more than the one development")
	}
	bea.Get("/developments/"+quay.String()).Is(t, http.StatusNotFound)
	bea.Get("/team").Is(t, http.StatusForbidden)
	if told := s.mails("password_changed", "bea@example.org"); len(told) != 0 {
		t.Error("the first password is told as a change")
	}
	ada.Get("/team").Is(t, http.StatusOK).Says(t, "Active")

	want := "staff.invite " + ada.id.String() + ", staff.join "
	got := pgtest.Value[string](s.db, `select string_agg(action || ' ' || actor_id, ', ' order by at) from audit_log where object = 'staff' and from_ip = '127.0.0.1'`)
	if !strings.HasPrefix(got, want) {
		t.Errorf("the audit log says %q, want %q", got, want)
	}
}

// An address in this company's team is said to be there; one in another company's is no different from a new one.
func TestAnInvitationTellsNothingOfOtherCompanies(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.addStaff(s.company, auth.RoleAdmin)
	other := s.addCompany("Meadow Homes")
	s.addAccount(other, "bea@example.org", auth.RoleAdmin)
	invite := func(email string) webtest.Answer {
		return ada.PostJSON("/api/team", map[string]any{"email": email, "role": "viewer"})
	}
	known, unknown := invite("bea@example.org").Is(t, http.StatusCreated), invite("cyd@example.org").Is(t, http.StatusCreated)
	if a, b := webtest.Decode[created](t, known), webtest.Decode[created](t, unknown); len(known.Text) != len(unknown.Text) || a.ID == b.ID {
		t.Errorf("%s and %s", known.Text, unknown.Text)
	}
	invite("bea@example.org").Is(t, http.StatusUnprocessableEntity).Says(t, `"email"`, "in your team already")
	if n := pgtest.Value[int](s.db, `select count(*) from staff where tenant_id = $1`, other); n != 1 {
		t.Error("the other company's team has changed")
	}
	// The same person now works for both, with a password for each.
	s.join("bea@example.org").Get("/developments").Is(t, http.StatusOK).Says(t, "Harbour Homes")
	second := s.client()
	second.Post("/sign-in", url.Values{"email": {"bea@example.org"}, "password": {password}}).Is(t, http.StatusSeeOther)
	second.Get("/developments").Is(t, http.StatusOK).Says(t, "Meadow Homes")
}

func TestTheTeamForPrograms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.addStaff(s.company, auth.RoleAdmin)
	park := s.addDevelopment(s.company, "Longview Park")
	elsewhere := s.addDevelopment(s.addCompany("Meadow Homes"), "Meadow Row")
	type refusal struct {
		Error struct{ Fields map[string]string }
	}
	for field, body := range map[string]map[string]any{
		"email":        {"role": "viewer"},
		"role":         {"email": "bea@example.org"},
		"limited":      {"email": "bea@example.org", "role": "viewer", "limited": true},
		"developments": {"email": "bea@example.org", "role": "viewer", "limited": true, "developments": "all"},
		"tenantId":     {"email": "bea@example.org", "role": "viewer", "tenantId": uuid.NewString()},
	} {
		got := webtest.Decode[refusal](t, ada.PostJSON("/api/team", body).Is(t, http.StatusUnprocessableEntity))
		if got.Error.Fields[field] == "" {
			t.Errorf("%v: no word about %s but %v", body, field, got.Error.Fields)
		}
	}
	for _, foreign := range []uuid.UUID{elsewhere, uuid.New()} { // another company's is no different from none
		got := webtest.Decode[refusal](t, ada.PostJSON("/api/team", map[string]any{
			"email": "bea@example.org", "role": "viewer", "limited": true, "developments": []string{park.String(), foreign.String()},
		}).Is(t, http.StatusUnprocessableEntity))
		if got.Error.Fields["limited"] == "" {
			t.Errorf("a development of nobody: %v", got.Error.Fields)
		}
	}
	made := webtest.Decode[created](t, ada.PostJSON("/api/team", map[string]any{
		"email": "bea@example.org", "name": "Bea Kelly", "role": "viewer", "limited": true, "developments": []string{park.String()},
	}).Is(t, http.StatusCreated))
	bea := uuid.MustParse(made.ID)
	got := ada.member(bea)
	want := oneMember{teamMember: teamMember{
		ID: made.ID, Name: "Bea Kelly", Email: "bea@example.org", Role: "viewer", Status: "invited", Limited: true, UpdatedAt: got.UpdatedAt,
	}, Developments: []struct{ ID, Name string }{{park.String(), "Longview Park"}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(oneMember{})); diff != "" {
		t.Errorf("the member (-want +got):\n%s", diff)
	}
	// What is left out stays.
	ada.PostJSON("/api/team/"+made.ID, map[string]any{"name": "Beatrice Kelly"}).Is(t, http.StatusOK)
	if got := ada.member(bea); got.Name != "Beatrice Kelly" || !got.Limited || len(got.Developments) != 1 {
		t.Errorf("after a change of the name: %+v", got)
	}
	ada.PostJSON("/api/team/"+made.ID, map[string]any{"name": "Late", "version": got.UpdatedAt}).Is(t, http.StatusConflict).Says(t, "changed")
	ada.PostJSON("/api/team/"+made.ID, map[string]any{"limited": false, "developments": []string{}}).Is(t, http.StatusOK)
	if got := ada.member(bea); got.Limited || len(got.Developments) != 0 {
		t.Errorf("after the limit was lifted: %+v", got)
	}
	type list struct{ Team []teamMember }
	if got := webtest.Decode[list](t, ada.Get("/api/team").Is(t, http.StatusOK)); len(got.Team) != 2 || got.Team[0].Name != "Beatrice Kelly" {
		t.Errorf("the team by name: %+v", got)
	}
}

// A limit holds from the next request on, by policy, in the session that is there; another role ends it.
func TestLimitsAndRolesHoldAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bea := s.addStaff(s.company, auth.RoleAdmin), s.addStaff(s.company, auth.RoleDeveloper)
	second := s.as(bea)
	park, quay := s.addDevelopment(s.company, "Longview Park"), s.addDevelopment(s.company, "Mill Quarter")
	home := s.addHome(s.company, quay, s.addType(s.company, quay, "B"), "14", "buyer@example.org")
	names := func() string {
		var out []string
		for _, d := range webtest.Decode[listed](t, bea.Get("/api/developments").Is(t, http.StatusOK)).Developments {
			out = append(out, d.Name)
		}
		return strings.Join(out, ", ")
	}
	change := func(fields map[string]any) {
		t.Helper()
		ada.PostJSON("/api/team/"+bea.id.String(), fields).Is(t, http.StatusOK)
	}
	if got := names(); got != "Longview Park, Mill Quarter" {
		t.Fatalf("sees %s", got)
	}
	change(map[string]any{"limited": true, "developments": []string{park.String()}})
	if got := names(); got != "Longview Park" {
		t.Errorf("limited, sees %s", got)
	}
	for _, path := range []string{"/api/developments/" + quay.String(), "/api/homes/" + home.String()} {
		bea.Get(path).Is(t, http.StatusNotFound)
	}
	bea.PostJSON("/api/homes/"+home.String()+"/link", map[string]string{}).Is(t, http.StatusNotFound)
	bea.PostJSON("/api/developments", map[string]string{"name": "Third"}).Is(t, http.StatusForbidden)
	change(map[string]any{"developments": []string{quay.String()}})
	if got := names(); got != "Mill Quarter" {
		t.Errorf("limited to the other one, sees %s", got)
	}
	change(map[string]any{"limited": false})
	if got := names(); got != "Longview Park, Mill Quarter" {
		t.Errorf("not limited any more, sees %s", got)
	}
	second.Get("/api/developments").Is(t, http.StatusOK)

	change(map[string]any{"role": "viewer"})
	bea.Get("/api/developments").Is(t, http.StatusUnauthorized)
	second.Get("/api/developments").Is(t, http.StatusUnauthorized)
	if n := pgtest.Value[int](s.db, `select count(*) from sessions where staff_id = $1 and revoked_at is null`, bea.id); n != 0 {
		t.Error("the session lives on")
	}
	change(map[string]any{"role": "developer"})
	bea.Get("/api/developments").Is(t, http.StatusUnauthorized) // the old role again opens no old session
	got := pgtest.Value[string](s.db, `select string_agg((detail ->> 'role_before') || '>' || (detail ->> 'role'), ' ' order by at) from audit_log where action = 'staff.update' and object_id = $1`, bea.id)
	if !strings.HasSuffix(got, "developer>viewer viewer>developer") {
		t.Errorf("the audit log says %s", got)
	}
}

func TestDisablingShutsOutEverywhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	beside := newSiteBeside(t, s)
	ada, bea := s.addStaff(s.company, auth.RoleAdmin), s.addStaff(s.company, auth.RoleDeveloper)
	path := "/team/" + bea.id.String()
	beside.as(bea).Get("/api/developments").Is(t, http.StatusOK)
	ada.Get(path).Is(t, http.StatusOK).Says(t, path+"/disable")
	for range 2 { // twice is as good as once
		ada.Post(path+"/disable", nil).Is(t, http.StatusSeeOther)
	}
	bea.Get("/api/developments").Is(t, http.StatusUnauthorized)
	beside.as(bea).Get("/api/developments").Is(t, http.StatusUnauthorized)
	ada.Get(path).Is(t, http.StatusOK).Says(t, "Disabled", "signed out everywhere", path+"/enable")
	for range 2 {
		ada.Post(path+"/enable", nil).Is(t, http.StatusSeeOther)
	}
	ada.Get(path).Is(t, http.StatusOK).Says(t, "enabled again")
	bea.Get("/api/developments").Is(t, http.StatusUnauthorized) // the session was ended, not put to sleep
	got := pgtest.Value[string](s.db, `select string_agg(action, ' ' order by at) from audit_log where object_id = $1 and actor_id = $2`, bea.id, ada.id)
	if got != "staff.disable staff.enable" {
		t.Errorf("the audit log says %q", got)
	}
}

func TestAnInvitationAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.addStaff(s.company, auth.RoleAdmin)
	made := webtest.Decode[created](t, ada.PostJSON("/api/team", map[string]any{"email": "bea@example.org", "role": "viewer"}).Is(t, http.StatusCreated))
	path := "/api/team/" + made.ID
	s.db.Exec(`update email_tokens set created_at = now() - interval '73 hours', expires_at = now() - interval '1 hour'`)
	s.client().Get(s.linkIn(s.mails("staff_invite", "bea@example.org")[0])).Is(t, http.StatusGone).Says(t, "too old")

	ada.PostJSON(path+"/disable", map[string]any{}).Is(t, http.StatusOK)
	ada.PostJSON(path+"/invite", map[string]any{}).Is(t, http.StatusConflict).Says(t, "not_invited")
	ada.PostJSON(path+"/enable", map[string]any{}).Is(t, http.StatusOK)
	ada.PostJSON(path+"/invite", map[string]any{}).Is(t, http.StatusOK)
	link := s.linkIn(s.mails("staff_invite", "bea@example.org")[0])
	ada.PostJSON(path+"/disable", map[string]any{}).Is(t, http.StatusOK)
	s.client().Get(link).Is(t, http.StatusNotFound) // an invitation that was withdrawn
	ada.PostJSON(path+"/enable", map[string]any{}).Is(t, http.StatusOK)
	s.client().Get(link).Is(t, http.StatusGone).Says(t, "used already") // it stays withdrawn
	s.client().Post(link, url.Values{"password": {newPassword}, "repeat": {newPassword}}).Is(t, http.StatusGone)
	ada.PostJSON(path+"/invite", map[string]any{}).Is(t, http.StatusOK)
	s.join("bea@example.org")
	ada.PostJSON(path+"/invite", map[string]any{}).Is(t, http.StatusConflict).Says(t, "not_invited")
	if got := pgtest.Value[int](s.db, `select count(*) from audit_log where action = 'staff.invite_again' and actor_id = $1`, ada.id); got != 2 {
		t.Errorf("%d entries in the audit log", got)
	}

	other := webtest.Decode[created](t, ada.PostJSON("/api/team", map[string]any{"email": "cyd@example.org", "role": "viewer"}).Is(t, http.StatusCreated))
	for i := range 6 {
		want := http.StatusOK
		if i == 5 {
			want = http.StatusTooManyRequests
		}
		ada.PostJSON("/api/team/"+other.ID+"/invite", map[string]any{}).Is(t, want)
	}
	s.db.Exec(`update rate_limits set hits = 101 where bucket like 'invites-of:%'`)
	ada.PostJSON("/api/team", map[string]any{"email": "dan@example.org", "role": "viewer"}).Is(t, http.StatusTooManyRequests)
}

// TestDisablingEndsLinksToANewPassword, and those of nobody else.
func TestDisablingEndsLinksToANewPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.addStaff(s.company, auth.RoleAdmin)
	bea := s.addAccount(s.company, "bea@example.org", auth.RoleDeveloper)
	s.addAccount(s.company, "cyd@example.org", auth.RoleDeveloper)
	ended, other := s.newReset("bea@example.org"), s.newReset("cyd@example.org")
	ada.PostJSON("/api/team/"+bea.String()+"/disable", map[string]any{}).Is(t, http.StatusOK)
	ada.PostJSON("/api/team/"+bea.String()+"/enable", map[string]any{}).Is(t, http.StatusOK)
	s.client().Get(ended).Is(t, http.StatusGone)
	s.client().Get(other).Is(t, http.StatusOK)
}

func TestNobodyLocksThemselfOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.addStaff(s.company, auth.RoleAdmin)
	path := "/team/" + ada.id.String()
	a := ada.Get(path).Is(t, http.StatusOK).Says(t, "This is your own account")
	if strings.Contains(a.Text, "/disable") || strings.Contains(a.Text, `type="radio"`) {
		t.Error("the page offers what is refused")
	}
	ada.Post(path+"/disable", nil).Is(t, http.StatusConflict)
	ada.PostJSON("/api"+path, map[string]any{"role": "viewer"}).Is(t, http.StatusConflict).Says(t, "own_account")
	ada.PostJSON("/api"+path, map[string]any{"name": "Ada Nolan"}).Is(t, http.StatusOK)
	ada.Get("/team").Is(t, http.StatusOK).Says(t, "Ada Nolan")
}

// Two administrators, each taking the role from the other, or shutting the other out, at the same moment: one remains.
func TestTheLastAdminRemains(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bea := s.addStaff(s.company, auth.RoleAdmin), s.addStaff(s.company, auth.RoleAdmin)
	for round := range 12 {
		s.db.Exec(`update staff set role = 'admin', disabled_at = null`)
		s.db.Exec(`update sessions set revoked_at = null`)
		var both sync.WaitGroup
		statuses := make([]int, 2)
		for i, pair := range [][2]person{{ada, bea}, {bea, ada}} {
			both.Go(func() {
				path := "/api/team/" + pair[1].id.String()
				if (round+i)%2 == 0 {
					statuses[i] = pair[0].PostJSON(path+"/disable", map[string]any{}).StatusCode
				} else {
					statuses[i] = pair[0].PostJSON(path, map[string]any{"role": "viewer"}).StatusCode
				}
			})
		}
		both.Wait()
		if n := pgtest.Value[int](s.db, `select count(*) from staff where role = 'admin' and disabled_at is null`); n != 1 {
			t.Fatalf("round %d: %d administrators remain, the answers were %v", round, n, statuses)
		}
	}
}

// Another company's member is as unknown as one that never was, to the byte, whatever is asked.
func TestAnotherCompanysMemberIsUnknown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.addStaff(s.company, auth.RoleAdmin)
	theirs := s.addStaff(s.addCompany("Meadow Homes"), auth.RoleAdmin)
	for _, act := range []string{"", "/invite", "/disable", "/enable"} {
		at := func(id uuid.UUID) string {
			return ada.PostJSON("/api/team/"+id.String()+act, map[string]any{}).Is(t, http.StatusNotFound).Text
		}
		strip := func(text string) string { // the reference to the log is each answer's own
			before, _, _ := strings.Cut(text, "request")
			return before
		}
		if a, b := strip(at(theirs.id)), strip(at(uuid.New())); a != b {
			t.Errorf("%s: %s and %s", act, a, b)
		}
	}
	ada.Get("/team/"+theirs.id.String()).Is(t, http.StatusNotFound)
	if list := ada.Get("/api/team").Is(t, http.StatusOK); strings.Contains(list.Text, theirs.id.String()) {
		t.Error("the list has another company's member")
	}
	theirs.Get("/api/developments").Is(t, http.StatusOK)
}

// Somebody else has saved meanwhile: nothing is lost, and nothing is put over theirs unseen.
func TestTwoChangeAMember(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bea := s.addStaff(s.company, auth.RoleAdmin), s.addStaff(s.company, auth.RoleViewer)
	path := "/team/" + bea.id.String()
	version := ada.member(bea.id).UpdatedAt
	save := func(name string) webtest.Answer {
		return ada.Post(path, url.Values{"name": {name}, "role": {"viewer"}, "limited": {"false"}, "version": {version}})
	}
	save("Bea Kelly").Is(t, http.StatusSeeOther)
	save("Beatrice").Is(t, http.StatusConflict).Says(t, "Somebody else has saved", `value="Beatrice"`)
	save("").Is(t, http.StatusConflict)
	ada.Post(path, url.Values{"name": {"X"}, "role": {"viewer"}, "limited": {"false"}}).Is(t, http.StatusUnprocessableEntity)
	if got := ada.member(bea.id).Name; got != "Bea Kelly" {
		t.Errorf("the name is %s", got)
	}
}
