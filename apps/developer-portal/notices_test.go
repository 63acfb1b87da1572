package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
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

type noticeAnswer struct {
	ID, Title, Body, State, Scope, TimeZone string
	StartsAt                                time.Time
	EndsAt, EndedAt, PublishedAt            *time.Time
	UpdatedAt                               string
	Homes, Seen                             int
}

// noticeForm is a notice to a development as a form sends it, with changes.
func noticeForm(development uuid.UUID, changes ...string) url.Values {
	form := url.Values{
		"title": {"Water off"}, "body": {"On **Tuesday**."}, "audience": {"development:" + development.String()}, "category": {"utilities"},
		"priority": {"normal"}, "timeZone": {"Europe/Dublin"}, "startsAt": {""}, "endsAt": {""},
	}
	for i := 0; i+1 < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
	}
	return form
}

// writeNotice makes a draft by the form and returns its address.
func writeNotice(t *testing.T, p person, form url.Values) string {
	t.Helper()
	return p.Post("/notices", form).Is(t, http.StatusSeeOther).Header.Get("Location")
}

func notice(t *testing.T, p person, path string) noticeAnswer {
	t.Helper()
	return webtest.Decode[noticeAnswer](t, p.Get("/api"+path).Is(t, http.StatusOK))
}

// turn publishes a notice, or does with it what else there is, as its page would.
func turn(t *testing.T, p person, path, what string) webtest.Answer {
	t.Helper()
	return p.Post(path+"/"+what, url.Values{"version": {notice(t, p, path).UpdatedAt}})
}

func TestANoticeFromDraftToOverAndBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.addStaff(s.company, auth.RoleDeveloper)
	d := s.addDevelopment(s.company, "Longview Park")
	p.Get("/notices").Is(t, http.StatusOK).Says(t, "No notices yet", `href="/notices/new"`)
	p.Get("/notices/new").Is(t, http.StatusOK).Says(t, "Longview Park: all homes", "Everybody in the company", "Europe/Dublin")

	p.Post("/notices", noticeForm(d, "title", " ", "timeZone", "", "endsAt", "soon")).
		Is(t, http.StatusUnprocessableEntity).Says(t, "Fill this in", "On **Tuesday**.")
	p.Post("/notices", noticeForm(d, "startsAt", "2030-01-01T10:00", "endsAt", "2030-01-01T09:00")).
		Is(t, http.StatusUnprocessableEntity).Says(t, "after the start", `value="2030-01-01T09:00"`)
	preview := p.Post("/notices/preview", noticeForm(d)).Is(t, http.StatusOK)
	preview.Says(t, "<p>On <strong>Tuesday</strong>.</p>", "Nothing is stored yet", "On **Tuesday**.")
	if n := pgtest.Value[int](s.db, `select count(*) from notices`); n != 0 {
		t.Fatalf("%d notices were stored by mistakes and a preview", n)
	}

	path := writeNotice(t, p, noticeForm(d))
	p.Get(path).Is(t, http.StatusOK).Says(t, "Draft", "The draft is stored", "<strong>Tuesday</strong>", path+"/publish", "Longview Park")
	p.Get("/notices/new").Is(t, http.StatusOK).Says(t, `<option value="Europe/Dublin" selected`)
	for _, step := range []struct{ what, state, offers string }{
		{"publish", "live", "/end"},
		{"end", "over", "/resume"},
		{"resume", "live", "/unpublish"},
		{"unpublish", "draft", "/publish"},
		{"publish", "live", "/end"},
		{"end", "over", "/unpublish"},
		{"unpublish", "draft", "/publish"},
	} {
		if to := turn(t, p, path, step.what).Is(t, http.StatusSeeOther).Header.Get("Location"); to != path {
			t.Errorf("%s leads to %s", step.what, to)
		}
		p.Get(path).Is(t, http.StatusOK).Says(t, path+step.offers)
		if got := notice(t, p, path); got.State != step.state {
			t.Errorf("after %s it is %s, want %s", step.what, got.State, step.state)
		}
	}
	// What its state doesn't allow is refused, and changes nothing.
	for _, what := range []string{"unpublish", "end", "resume"} {
		turn(t, p, path, what).Is(t, http.StatusConflict)
	}
	turn(t, p, path, "publish").Is(t, http.StatusSeeOther)
	turn(t, p, path, "publish").Is(t, http.StatusConflict)
	p.Post(path+"/publish", nil).Is(t, http.StatusUnprocessableEntity)
	p.Get("/notices").Is(t, http.StatusOK).Says(t, "Water off", "Live")
	p.Get("/notices?state=draft").Is(t, http.StatusOK).Says(t, "No notice is in this state")
	p.Get("/notices?state=sold").Is(t, http.StatusUnprocessableEntity)

	const noted = `select string_agg(action, ' ' order by at) from audit_log where object = 'notice' and actor_id = $1`
	want := "notice.create notice.publish notice.end notice.resume notice.unpublish notice.publish notice.end notice.unpublish notice.publish"
	if got := pgtest.Value[string](s.db, noted, p.id); got != want {
		t.Errorf("the audit log says\n%s\nwant\n%s", got, want)
	}
	admin := s.addStaff(s.company, auth.RoleAdmin)
	admin.Get("/audit").Is(t, http.StatusOK).Says(t, "published the notice “Water off”", `href="`+path+`"`)
}

func TestTheSameNoticeTwiceIsOne(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.addStaff(s.company, auth.RoleDeveloper)
	d := s.addDevelopment(s.company, "Longview Park")
	form := noticeForm(d, "idempotency_key", uuid.NewString())
	if first, second := writeNotice(t, p, form), writeNotice(t, p, form); first != second {
		t.Errorf("%s, then %s", first, second)
	}
	body := map[string]string{"title": "T", "body": "B", "audience": "company", "timeZone": "UTC"}
	key := []string{"Idempotency-Key", uuid.NewString()}
	one := webtest.Decode[noticeAnswer](t, p.PostJSON("/api/notices", body, key...).Is(t, http.StatusCreated))
	two := webtest.Decode[noticeAnswer](t, p.PostJSON("/api/notices", body, key...).Is(t, http.StatusCreated))
	if one.ID != two.ID || one.State != "draft" || one.Scope != "company" {
		t.Errorf("%+v, then %+v", one, two)
	}
	if n := pgtest.Value[int](s.db, `select count(*) from notices`); n != 2 {
		t.Errorf("%d notices", n)
	}
}

// What people type is the time on a clock at the homes, whatever clock the servers have.
func TestLocalTimes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.addStaff(s.company, auth.RoleDeveloper)
	d := s.addDevelopment(s.company, "Longview Park")
	for _, c := range []struct{ zone, typed, want string }{
		{"Europe/Dublin", "2027-01-15T09:00", "2027-01-15T09:00:00Z"},
		{"Europe/Dublin", "2027-07-15T09:00", "2027-07-15T08:00:00Z"},
		{"Europe/Dublin", "2027-07-15T09:00:07", "2027-07-15T08:00:07Z"},
		{"Pacific/Auckland", "2027-01-15T09:00", "2027-01-14T20:00:00Z"},
		{"America/New_York", "2027-01-15T09:00", "2027-01-15T14:00:00Z"},
		{"Asia/Kathmandu", "2027-01-15T09:00", "2027-01-15T03:15:00Z"}, // not on the page's list
		{"UTC", "2027-01-15T09:00:30", "2027-01-15T09:00:30Z"},
		{"Europe/Dublin", "2027-07-15T09:00:00+02:00", "2027-07-15T07:00:00Z"}, // a program that knows better
		{"Europe/Dublin", "2027-03-28T00:59", "2027-03-28T00:59:00Z"},
		{"Europe/Dublin", "2027-03-28T02:00", "2027-03-28T01:00:00Z"},
		{"Europe/Dublin", "2027-10-31T01:30", "2027-10-31T00:30:00Z"}, // comes twice: the first
		{"America/New_York", "2027-11-07T01:30", "2027-11-07T05:30:00Z"},
		{"Australia/Lord_Howe", "2027-04-04T01:45", "2027-04-03T14:45:00Z"}, // back by half an hour
		{"Europe/Dublin", "2027-03-28T01:30", ""},                           // is skipped
		{"Europe/Dublin", "2027-02-30T09:00", ""},
		{"Europe/Dublin", "1999-01-01T09:00", ""},
		{"Europe/Dublin", "tomorrow", ""},
		{"Europe/Atlantis", "2027-01-15T09:00", ""},
		{"Local", "2027-01-15T09:00", ""},
		{"../../etc/passwd", "2027-01-15T09:00", ""},
		{"", "2027-01-15T09:00", ""},
	} {
		a := p.PostJSON("/api/notices", map[string]string{
			"title": "T", "body": "B", "audience": "development:" + d.String(), "timeZone": c.zone, "startsAt": c.typed,
		})
		if c.want == "" {
			if a.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%s in %s: status %d\n%s", c.typed, c.zone, a.StatusCode, a.Text)
			}
			continue
		}
		got := webtest.Decode[noticeAnswer](t, a.Is(t, http.StatusCreated))
		if stored := pgtest.Value[time.Time](s.db, `select starts_at from notices where id = $1`, got.ID); stored.UTC().Format(time.RFC3339) != c.want {
			t.Errorf("%s in %s is stored as %s, want %s", c.typed, c.zone, stored.UTC().Format(time.RFC3339), c.want)
		}
	}
}

// A form that is sent back as it was filled changes no moment: not its seconds, nor which of two equal hours it was.
func TestAnUntouchedTimeStaysAsItIs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.addStaff(s.company, auth.RoleDeveloper)
	path := writeNotice(t, p, noticeForm(s.addDevelopment(s.company, "Longview Park")))
	for _, moment := range []string{"2027-10-31T01:30:00Z", "2027-10-31T00:30:00Z", "2027-10-31T01:30:07.25Z"} {
		s.db.Exec(`update notices set starts_at = $1::timestamptz`, moment)
		page := p.Get(path+"/edit").Is(t, http.StatusOK)
		page.Says(t, `value="2027-10-31T01:30`)
		form := noticeForm(uuid.Nil, "audience", "company", "version", notice(t, p, path).UpdatedAt, "title", "Changed "+moment)
		form.Set("startsAt", "2027-10-31T01:30")
		if strings.Contains(moment, ":07") {
			form.Set("startsAt", "2027-10-31T01:30:07")
		}
		p.Post(path, form).Is(t, http.StatusSeeOther)
		if same := pgtest.Value[bool](s.db, `select starts_at = $1::timestamptz from notices`, moment); !same {
			t.Errorf("%s was moved by a change of the title", moment)
		}
	}
}

func TestStatesFollowTheDatabasesClock(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.addStaff(s.company, auth.RoleViewer)
	for _, c := range []struct{ published, starts, ends, ended, want string }{
		{"null", "-1 day", "null", "null", "draft"},
		{"null", "-2 days", "'-1 day'", "null", "draft"},
		{"'-1 hour'", "1 second", "null", "null", "live"}, // by the time that anybody can ask; see below
		{"'-1 hour'", "1 day", "null", "null", "scheduled"},
		{"'-1 hour'", "-1 day", "null", "null", "live"},
		{"'-1 hour'", "-1 day", "'1 day'", "null", "live"},
		{"'-2 days'", "-2 days", "'-1 day'", "null", "over"},
		{"'-2 days'", "-2 days", "'1 day'", "'-1 day'", "over"},
	} {
		s.db.Exec(fmt.Sprintf(`insert into notices (tenant_id, id, scope, title, body, starts_at, ends_at, published_at, ended_at) values
			('%s', gen_random_uuid(), 'company', '%s', 'B', now() + interval '%s', now() + %s::interval, now() + %s::interval, now() + %s::interval)`,
			s.company, c.want, c.starts, c.ends, c.published, c.ended))
	}
	webtest.Wait(t, "the start of the third", func() bool {
		return pgtest.Value[bool](s.db, `select count(*) = 1 from notices where published_at is not null and starts_at > now()`)
	})
	type list struct{ Notices []noticeAnswer }
	for state, want := range map[string]int{"": 8, "draft": 2, "scheduled": 1, "live": 3, "over": 2} {
		got := webtest.Decode[list](t, p.Get("/api/notices?state="+state).Is(t, http.StatusOK)).Notices
		if len(got) != want {
			t.Errorf("%d notices are %q, want %d", len(got), state, want)
		}
		for _, n := range got {
			if n.State != n.Title {
				t.Errorf("%s is said to be %s", n.Title, n.State)
			}
		}
	}
}

// A notice whose end has passed can't be published, nor shown again.
func TestWhatIsPastStaysPast(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.addStaff(s.company, auth.RoleDeveloper)
	path := writeNotice(t, p, noticeForm(s.addDevelopment(s.company, "Longview Park")))
	s.db.Exec(`update notices set starts_at = now() - interval '2 days', ends_at = now() - interval '1 day'`)
	p.Get(path).Is(t, http.StatusOK).Says(t, "Its end has passed")
	turn(t, p, path, "publish").Is(t, http.StatusConflict)
	s.db.Exec(`update notices set published_at = now() - interval '2 days', ended_at = now() - interval '36 hours'`)
	turn(t, p, path, "resume").Is(t, http.StatusConflict)
	if got := notice(t, p, path); got.State != "over" {
		t.Errorf("it is %s", got.State)
	}
}

// Of people who change the same notice at once one comes first, and the others learn of it.
func TestOneOfManyChangesWins(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	d := s.addDevelopment(s.company, "Longview Park")
	p := s.addStaff(s.company, auth.RoleDeveloper)
	path := writeNotice(t, p, noticeForm(d))
	for round := range 3 {
		version := notice(t, p, path).UpdatedAt
		what := "publish"
		if round == 1 {
			what = "unpublish" // what the last round leaves is published, or changed
		}
		var (
			all  sync.WaitGroup
			mu   sync.Mutex
			went []int
		)
		for i := range 6 {
			other := s.addStaff(s.company, auth.RoleDeveloper)
			all.Go(func() {
				var a webtest.Answer
				if i%2 == 0 {
					a = other.Post(path, noticeForm(d, "title", fmt.Sprintf("Title %d of %d", i, round), "version", version))
				} else {
					a = other.Post(path+"/"+what, url.Values{"version": {version}})
				}
				mu.Lock()
				defer mu.Unlock()
				went = append(went, a.StatusCode)
			})
		}
		all.Wait()
		slices.Sort(went)
		won := slices.Index(append(went, http.StatusConflict), http.StatusConflict)
		if won > 1 || slices.ContainsFunc(went, func(status int) bool { return status != http.StatusSeeOther && status != http.StatusConflict }) {
			t.Errorf("round %d: answers %v, want at most one 303 and else 409", round, went)
		}
	}
}

// Nothing that was typed is lost to somebody else's change.
func TestAConflictShowsBoth(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.addStaff(s.company, auth.RoleDeveloper)
	d := s.addDevelopment(s.company, "Longview Park")
	path := writeNotice(t, p, noticeForm(d))
	old := notice(t, p, path).UpdatedAt
	p.Post(path, noticeForm(d, "title", "Water on", "version", old)).Is(t, http.StatusSeeOther)
	p.Post(path, noticeForm(d, "body", "Mine", "version", old)).Is(t, http.StatusConflict).Says(t, "Somebody else has saved", "Water on", ">Mine</textarea>")
	p.Post(path+"/publish", url.Values{"version": {old}}).Is(t, http.StatusConflict).Says(t, "Water on", "Nothing was done")
	p.PostJSON("/api"+path, map[string]string{"title": "X", "version": old}).Is(t, http.StatusConflict).Says(t, `"changed"`)
	p.PostJSON("/api"+path+"/publish", map[string]string{"version": old}).Is(t, http.StatusConflict).Says(t, `"changed"`)
	if got := notice(t, p, path); got.Title != "Water on" || got.State != "draft" {
		t.Errorf("it is %+v", got)
	}
	// A program that names no version takes the one that is there, and keeps what it doesn't name.
	p.PostJSON("/api"+path, map[string]string{"title": "Again"}).Is(t, http.StatusOK).Says(t, "On **Tuesday**.")
}

// Staff who see some developments write to those; what goes to all they read.
func TestLimitedStaff(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	all := s.addStaff(s.company, auth.RoleDeveloper)
	mine, other := s.addDevelopment(s.company, "Mill Quarter"), s.addDevelopment(s.company, "Longview Park")
	typeOfMine, typeOfOther := s.addType(s.company, mine, "B"), s.addType(s.company, other, "C")
	limited := s.addStaff(s.company, auth.RoleDeveloper)
	s.limit(limited, mine)

	everybody, theirs := writeNotice(t, all, noticeForm(other, "audience", "company", "title", "To all")), writeNotice(t, all, noticeForm(other, "title", "Not mine"))
	list := limited.Get("/notices").Is(t, http.StatusOK).Says(t, "To all")
	if strings.Contains(list.Text, "Not mine") {
		t.Error("the list has another development's notice")
	}
	page := limited.Get(everybody).Is(t, http.StatusOK)
	if strings.Contains(page.Text, everybody+"/publish") || strings.Contains(page.Text, everybody+"/edit") {
		t.Error("the page offers what would be refused")
	}
	limited.Get(everybody+"/edit").Is(t, http.StatusForbidden)
	turn(t, limited, everybody, "publish").Is(t, http.StatusForbidden)
	version := notice(t, limited, everybody).UpdatedAt
	limited.Post(everybody, noticeForm(mine, "version", version)).Is(t, http.StatusForbidden)
	limited.Get(theirs).Is(t, http.StatusNotFound)
	limited.Post(theirs+"/publish", url.Values{"version": {version}}).Is(t, http.StatusNotFound)

	form := limited.Get("/notices/new").Is(t, http.StatusOK)
	if strings.Contains(form.Text, "Longview Park") || strings.Contains(form.Text, `value="company"`) {
		t.Error("the form offers an audience that would be refused")
	}
	for to, status := range map[string]int{
		"company":                                    http.StatusForbidden,
		"development:" + mine.String():               http.StatusSeeOther,
		"type:" + typeOfMine.String():                http.StatusSeeOther,
		"development:" + other.String():              http.StatusUnprocessableEntity,
		"type:" + typeOfOther.String():               http.StatusUnprocessableEntity,
		"development:" + uuid.NewString():            http.StatusUnprocessableEntity,
		"development:" + typeOfMine.String():         http.StatusUnprocessableEntity,
		"development":                                http.StatusUnprocessableEntity,
		"home:" + mine.String():                      http.StatusUnprocessableEntity,
		"company:" + mine.String():                   http.StatusUnprocessableEntity,
		"type:" + strings.Repeat("x", 36):            http.StatusUnprocessableEntity,
		"development:" + mine.String() + " or 1 = 1": http.StatusUnprocessableEntity,
	} {
		limited.Post("/notices", noticeForm(mine, "audience", to)).Is(t, status)
	}
	// Nor can a notice of one's own be sent on to others.
	own := writeNotice(t, limited, noticeForm(mine))
	for to, status := range map[string]int{"company": http.StatusForbidden, "development:" + other.String(): http.StatusUnprocessableEntity} {
		limited.Post(own, noticeForm(mine, "audience", to, "version", notice(t, limited, own).UpdatedAt)).Is(t, status)
	}
	turn(t, limited, own, "publish").Is(t, http.StatusSeeOther)
	if got := pgtest.Value[int](s.db, `select count(*) from notices where scope = 'company' or development_id = $1`, other); got != 2 {
		t.Errorf("%d notices beyond the limit, want the 2 of colleagues", got)
	}
}

func TestForeignNoticesAreNotThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p, viewer := s.addStaff(s.company, auth.RoleDeveloper), s.addStaff(s.company, auth.RoleViewer)
	d := s.addDevelopment(s.company, "Longview Park")
	path := writeNotice(t, p, noticeForm(d))
	stranger := s.addStaff(s.addCompany("Meadow Homes"), auth.RoleAdmin)
	never := "/notices/" + uuid.NewString()
	for _, ask := range []struct{ method, after string }{
		{"GET", ""}, {"GET", "/edit"}, {"POST", ""}, {"POST", "/publish"}, {"POST", "/unpublish"}, {"POST", "/end"}, {"POST", "/resume"},
	} {
		for _, accept := range []string{"text/html", "application/json"} {
			theirs := stranger.Send(ask.method, path+ask.after, "", nil, "Accept", accept)
			none := stranger.Send(ask.method, never+ask.after, "", nil, "Accept", accept)
			if theirs.StatusCode != http.StatusNotFound || theirs.Text != none.Text || none.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s as %s: %d and %d", ask.method, ask.after, accept, theirs.StatusCode, none.StatusCode)
			}
		}
	}
	stranger.Post("/notices/preview", url.Values{"notice": {strings.TrimPrefix(path, "/notices/")}}).Is(t, http.StatusNotFound)
	stranger.Post("/notices", noticeForm(d)).Is(t, http.StatusUnprocessableEntity)
	if got := stranger.Get("/notices").Is(t, http.StatusOK); strings.Contains(got.Text, "Water off") {
		t.Error("the list shows another company's notice")
	}

	page := viewer.Get(path).Is(t, http.StatusOK)
	if strings.Contains(page.Text, "/publish") || strings.Contains(page.Text, path+"/edit") {
		t.Error("a viewer is offered what would be refused")
	}
	for _, after := range []string{"", "/publish", "/unpublish", "/end", "/resume"} {
		viewer.Post(path+after, url.Values{"version": {notice(t, viewer, path).UpdatedAt}}).Is(t, http.StatusForbidden)
	}
	viewer.Get("/notices/new").Is(t, http.StatusForbidden)
	viewer.Get(path+"/edit").Is(t, http.StatusForbidden)
	viewer.Post("/notices", noticeForm(d)).Is(t, http.StatusForbidden)
	viewer.Post("/notices/preview", noticeForm(d)).Is(t, http.StatusForbidden)
}

// A home counts once, whoever of it has read; only homes that are meant and lived in count.
func TestHowManyHomesHaveSeenIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.addStaff(s.company, auth.RoleDeveloper)
	park, quay := s.addDevelopment(s.company, "Park"), s.addDevelopment(s.company, "Quay")
	a, b, q := s.addType(s.company, park, "A"), s.addType(s.company, park, "B"), s.addType(s.company, quay, "Q")
	live := func(development, home uuid.UUID, gone bool) uuid.UUID {
		id := uuid.New()
		s.db.Exec(`insert into residents (tenant_id, id, email) values ($1, $2, $3)`, s.company, id, id.String()+"@example.org")
		s.db.Exec(`insert into occupancies (tenant_id, id, development_id, unit_id, resident_id, ended_at) values ($1, $2, $3, $4, $5, case when $6 then now() end)`,
			s.company, uuid.New(), development, home, id, gone)
		return id
	}
	one, two, three, empty := s.addHome(s.company, park, a, "1", ""), s.addHome(s.company, park, b, "2", ""), s.addHome(s.company, quay, q, "3", ""), s.addHome(s.company, park, a, "4", "")
	couple := []uuid.UUID{live(park, one, false), live(park, one, false)}
	left := live(park, empty, true)
	second, third := live(park, two, false), live(quay, three, false)
	for _, c := range []struct {
		to          string
		readers     []uuid.UUID
		homes, seen int
	}{
		{"company", nil, 3, 0},
		{"company", []uuid.UUID{couple[0], couple[1]}, 3, 1},
		{"company", []uuid.UUID{couple[1], second, third}, 3, 3},
		{"company", []uuid.UUID{left}, 3, 0},
		{"development:" + park.String(), []uuid.UUID{second, third}, 2, 1},
		{"type:" + a.String(), []uuid.UUID{couple[0], second}, 1, 1},
		{"type:" + b.String(), []uuid.UUID{couple[0]}, 1, 0},
	} {
		path := writeNotice(t, p, noticeForm(park, "audience", c.to))
		turn(t, p, path, "publish").Is(t, http.StatusSeeOther)
		for _, r := range c.readers {
			s.db.Exec(`insert into notice_reads (tenant_id, notice_id, resident_id) values ($1, $2, $3)`, s.company, strings.TrimPrefix(path, "/notices/"), r)
		}
		got := notice(t, p, path)
		if diff := cmp.Diff([]int{c.homes, c.seen}, []int{got.Homes, got.Seen}); diff != "" {
			t.Errorf("%s, read by %d: homes and seen (-want +got):\n%s", c.to, len(c.readers), diff)
		}
		says := fmt.Sprintf("%d of %d home", c.seen, c.homes)
		p.Get(path).Is(t, http.StatusOK).Says(t, says)
	}
	p.Get("/notices").Is(t, http.StatusOK).Says(t, "3 of 3", "1 of 2")
}

// Whatever stands in a notice, nothing of it is code on a page of staff.
func TestANoticeOfCode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.addStaff(s.company, auth.RoleDeveloper)
	d := s.addDevelopment(s.company, "Longview Park")
	form := noticeForm(d, "title", `<script>alert("title")</script>`,
		"body", "<script>alert('body')</script>\n\n<img src=x onerror=alert(1)>\n\n[x](javascript:alert(1)) ![y](https://example.org/pixel.png)")
	path := writeNotice(t, p, form)
	turn(t, p, path, "publish").Is(t, http.StatusSeeOther)
	for _, page := range []webtest.Answer{
		p.Post("/notices/preview", form), p.Get(path), p.Get("/notices"), p.Get(path + "/edit"),
		p.Post(path, noticeForm(d, "title", "<script>alert(2)</script>", "body", "x", "version", "2020-01-01T00:00:00Z")),
	} {
		for _, code := range []string{"<script>alert", "<img src=x", `href="javascript:`, "<img src=\"https://example.org"} {
			if strings.Contains(page.Text, code) {
				t.Errorf("a page with status %d has %s", page.StatusCode, code)
			}
		}
	}
}
