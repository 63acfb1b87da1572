package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/webtest"
)

// told is a notice for the tests: published a day ago to the whole company and still going on, but for what is set.
type told struct {
	title, body                  string
	company                      uuid.UUID // Nil: the site's
	development, houseType       uuid.UUID // Nil: to all
	priority                     string
	published, starts, ends, end string // intervals from now; "never" for published: a draft; "" for the ends: none
}

func (s *site) tell(n told) uuid.UUID {
	s.t.Helper()
	id := uuid.New()
	or := func(v, other string) string {
		if v == "" {
			return other
		}
		return v
	}
	scope := "company"
	switch {
	case n.houseType != uuid.Nil:
		scope = "house_type"
	case n.development != uuid.Nil:
		scope = "development"
	}
	if n.company == uuid.Nil {
		n.company = s.company
	}
	s.db.Exec(`insert into notices (tenant_id, id, scope, development_id, house_type_id, title, body, priority, published_at, starts_at, ends_at, ended_at)
		values ($1, $2, $3, nullif($4, $12::uuid), nullif($5, $12::uuid), $6, $7, $8,
			now() + nullif($9, 'never')::interval, now() + $10::interval, now() + nullif($11, '')::interval, now() + nullif($13, '')::interval)`,
		n.company, id, scope, n.development, n.houseType, n.title, or(n.body, "Text"), or(n.priority, "normal"),
		or(n.published, "-1 day"), or(n.starts, "-1 day"), n.ends, uuid.Nil, n.end)
	return id
}

type noticeList struct {
	Notices []struct {
		ID, Title, Priority string
		Read                bool
	}
	Next *string
}

func titles(t *testing.T, c *webtest.Client, path string) []string {
	t.Helper()
	list := []string{}
	for _, n := range webtest.Decode[noticeList](t, c.Get(path).Is(t, http.StatusOK)).Notices {
		list = append(list, n.Title)
	}
	return list
}

// Each resident sees what is for all, for their development and for their house type, and nothing else: in the list, on
// the first page and by the address.
func TestWhoSeesWhichNotice(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "anna@example.org")
	cleo := s.addHome("15", "cleo@example.org")
	dara := s.addHome("16", "dara@example.org")
	typeC, quay, typeQ := uuid.New(), uuid.New(), uuid.New()
	s.db.Exec(`insert into house_types (tenant_id, id, development_id, code) values ($1, $2, $3, 'C')`, s.company, typeC, s.development)
	s.db.Exec(`insert into developments (tenant_id, id, slug, name) values ($1, $2, 'quay', 'Mill Quay')`, s.company, quay)
	s.db.Exec(`insert into house_types (tenant_id, id, development_id, code) values ($1, $2, $3, 'B')`, s.company, typeQ, quay)
	s.db.Exec(`update units set house_type_id = $2 where id = $1`, cleo, typeC)
	s.db.Exec(`update units set development_id = $2, house_type_id = $3 where id = $1`, dara, quay, typeQ)
	meadow, field, typeF := s.addCompany("Meadow Homes", "meadow"), uuid.New(), uuid.New()
	s.addDevelopment(meadow, field, typeF, "Field")

	ids := map[string]uuid.UUID{}
	for title, n := range map[string]told{
		"all": {}, "park": {development: s.development}, "quay": {development: quay},
		"park B": {development: s.development, houseType: s.houseType}, "park C": {development: s.development, houseType: typeC}, "quay B": {development: quay, houseType: typeQ},
		"meadow all": {company: meadow}, "meadow field": {company: meadow, development: field}, "meadow type": {company: meadow, development: field, houseType: typeF},
	} {
		n.title = title
		ids[title] = s.tell(n)
	}
	for who, sees := range map[string][]string{
		"anna@example.org": {"all", "park", "park B"}, "cleo@example.org": {"all", "park", "park C"}, "dara@example.org": {"all", "quay", "quay B"},
	} {
		c := s.enter(who)
		got := map[string]bool{}
		for _, title := range titles(t, c, "/api/notices") {
			got[title] = true
		}
		want := map[string]bool{}
		for _, title := range sees {
			want[title] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", who, diff)
		}
		home, page := c.Get("/").Is(t, http.StatusOK).Text, c.Get("/notices").Is(t, http.StatusOK).Text
		for title, id := range ids {
			for name, text := range map[string]string{"home": home, "list": page} {
				if strings.Contains(text, id.String()) != want[title] {
					t.Errorf("%s of %s: %q is there: %v", name, who, title, !want[title])
				}
			}
			status := http.StatusNotFound
			if want[title] {
				status = http.StatusOK
			}
			c.Get("/notices/"+id.String()).Is(t, status)
			c.Get("/api/notices/"+id.String()).Is(t, status)
		}
	}
	for _, title := range []string{"quay", "meadow all", "meadow type"} {
		if n := pgtest.Value[int](s.db, `select count(*) from notice_reads where notice_id = $1 and tenant_id <> $2`, ids[title], s.company); n != 0 {
			t.Errorf("%q is marked as read by somebody who can't see it", title)
		}
	}
	// What isn't theirs looks as if it had never been.
	c := s.enter("anna@example.org")
	for _, accept := range []string{"text/html", "application/json"} {
		theirs := c.Get("/notices/"+ids["quay"].String(), "Accept", accept)
		never := c.Get("/notices/"+uuid.NewString(), "Accept", accept)
		if theirs.Text != never.Text {
			t.Errorf("a neighbour's notice differs from none:\n%s\n%s", theirs.Text, never.Text)
		}
	}
	c.Get("/notices/1").Is(t, http.StatusNotFound)
}

// Drafts, what is still to come and what is over is not there, whatever else.
func TestWhenANoticeIsSeen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	c := s.enter("buyer14@example.org")
	for _, n := range []struct {
		told
		seen bool
	}{
		{told{title: "older than the account", published: "-1 year", starts: "-1 year"}, true},
		{told{title: "going on", ends: "1 day"}, true},
		{told{title: "draft", published: "never"}, false},
		{told{title: "tomorrow", starts: "1 day"}, false},
		{told{title: "over", starts: "-2 days", published: "-2 days", ends: "-1 second"}, false},
		{told{title: "ended by hand", ends: "1 day", end: "-1 second"}, false},
		{told{title: "ended by hand, without an end", end: "-1 second"}, false},
		{told{title: "draft of the past", published: "never", starts: "-2 days", ends: "-1 day"}, false},
	} {
		id := s.tell(n.told)
		status := http.StatusNotFound
		if n.seen {
			status = http.StatusOK
		}
		c.Get("/notices/"+id.String()).Is(t, status)
		if list := c.Get("/notices").Is(t, http.StatusOK).Text; strings.Contains(list, id.String()) != n.seen {
			t.Errorf("%q is in the list: %v", n.title, !n.seen)
		}
	}
	if n := pgtest.Value[int](s.db, `select count(*) from notice_reads`); n != 2 {
		t.Errorf("%d marks, want those of the two that were seen", n)
	}
	// Its end takes it away from who has it open.
	s.db.Exec(`update notices set ended_at = now() where title = 'going on'`)
	if got := titles(t, c, "/api/notices"); len(got) != 1 {
		t.Errorf("after the end: %v", got)
	}
}

// The list begins with what is urgent, then with what is new; the first page has the first few of it.
func TestTheOrderOfNotices(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	c := s.enter("buyer14@example.org")
	empty := c.Get("/").Is(t, http.StatusOK).Text
	c.Get("/notices").Is(t, http.StatusOK).Says(t, "No notices at the moment")
	s.tell(told{title: "old", starts: "-30 days", published: "-30 days"})
	s.tell(told{title: "newer", starts: "-3 days", published: "-3 days"})
	s.tell(told{title: "published late", starts: "-30 days", published: "-2 days"})
	s.tell(told{title: "old and important", starts: "-40 days", published: "-40 days", priority: "important"})
	s.tell(told{title: "old and urgent", starts: "-50 days", published: "-50 days", priority: "urgent"})
	want := []string{"old and urgent", "old and important", "published late", "newer", "old"}
	if diff := cmp.Diff(want, titles(t, c, "/api/notices")); diff != "" {
		t.Errorf("the list (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[:3], titles(t, c, "/api/home")); diff != "" {
		t.Errorf("at home (-want +got):\n%s", diff)
	}
	home := c.Get("/").Is(t, http.StatusOK).Says(t, "old and urgent", "Urgent", "Important", "All notices", "New").Text
	if strings.Contains(home, ">newer<") || strings.Contains(empty, "All notices") {
		t.Error("the first page has more than the first few, or a list where there is none")
	}
	for i := range 20 {
		s.tell(told{title: fmt.Sprint("more ", i)})
	}
	first := webtest.Decode[noticeList](t, c.Get("/api/notices").Is(t, http.StatusOK))
	if len(first.Notices) != 20 || first.Next == nil {
		t.Fatalf("%d notices on the first page, next %v", len(first.Notices), first.Next)
	}
	if second := webtest.Decode[noticeList](t, c.Get(*first.Next).Is(t, http.StatusOK)); len(second.Notices) != 5 || second.Next != nil {
		t.Errorf("%d notices on the second page, next %v", len(second.Notices), second.Next)
	}
	c.Get("/notices").Is(t, http.StatusOK).Says(t, "/notices?page=2")
	c.Get("/notices?page=3").Is(t, http.StatusOK).Says(t, "The list ends before this page")
	c.Get("/api/notices?page=0").Is(t, http.StatusUnprocessableEntity)
}

// Opening a notice marks it as read, once for each person, however they open it.
func TestReadMarks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	home := s.addHome("14", "anna@example.org")
	first, second := s.tell(told{title: "First"}), s.tell(told{title: "Second"})
	c := s.enter("anna@example.org")
	c.Get("/").Is(t, http.StatusOK)
	c.Get("/notices").Is(t, http.StatusOK)
	marks := func() []string {
		return pgtest.Value[[]string](s.db, `select coalesce(array_agg(n.title || ' by ' || p.email order by n.title, p.email), '{}')
			from notice_reads r join notices n on n.id = r.notice_id join residents p on p.id = r.resident_id`)
	}
	if got := marks(); len(got) != 0 {
		t.Errorf("lists mark %v", got)
	}
	var all sync.WaitGroup
	for i := range 8 {
		again := s.again(c)
		path := []string{"/notices/", "/api/notices/"}[i%2]
		all.Go(func() { again.Get(path+first.String()).Is(t, http.StatusOK) })
	}
	all.Wait()
	if diff := cmp.Diff([]string{"First by anna@example.org"}, marks()); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
	at := pgtest.Value[string](s.db, `select read_at::text from notice_reads`)
	c.Get("/notices/"+first.String()).Is(t, http.StatusOK)
	if now := pgtest.Value[string](s.db, `select read_at::text from notice_reads`); now != at {
		t.Errorf("the mark was moved from %s to %s", at, now)
	}
	for _, n := range webtest.Decode[noticeList](t, c.Get("/api/notices")).Notices {
		if n.Read != (n.ID == first.String()) {
			t.Errorf("%s is read: %v", n.Title, n.Read)
		}
	}

	// Who lives there too has not read it.
	s.db.Exec(`update units set purchaser_email = 'ben@example.org' where id = $1`, home)
	ben := s.enter("ben@example.org")
	for _, n := range webtest.Decode[noticeList](t, ben.Get("/api/notices")).Notices {
		if n.Read {
			t.Errorf("%s is read by somebody who was never here", n.Title)
		}
	}
	ben.Get("/notices/"+first.String()).Is(t, http.StatusOK)
	ben.Get("/api/notices/"+second.String()).Is(t, http.StatusOK)
	if diff := cmp.Diff([]string{"First by anna@example.org", "First by ben@example.org", "Second by ben@example.org"}, marks()); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}

// A mark that can't be written keeps nobody from reading.
func TestAMarkThatFails(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	id := s.tell(told{title: "Fire drill", body: "At **ten**."})
	c := s.enter("buyer14@example.org")
	s.db.Exec(`create function no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`)
	s.db.Exec(`create trigger no before insert on notice_reads for each row execute function no()`)
	c.Get("/notices/"+id.String()).Is(t, http.StatusOK).Says(t, "Fire drill", "<strong>ten</strong>")
	s.db.Exec(`drop trigger no on notice_reads`)
	c.Get("/notices/"+id.String()).Is(t, http.StatusOK)
	if n := pgtest.Value[int](s.db, `select count(*) from notice_reads`); n != 1 {
		t.Errorf("%d marks after the next visit", n)
	}
}

// Whatever stands in a notice, nothing of it is code on a page of residents, and nothing is loaded from elsewhere.
func TestANoticeOfCode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	id := s.tell(told{
		title: `<script>alert("title")</script>`, priority: "urgent",
		body: "# Part\n\n<script>alert('body')</script>\n\n<img src=x onerror=alert(1)>\n\n[x](javascript:alert(1)) ![y](https://example.org/pixel.png) [z](https://example.org)",
	})
	c := s.enter("buyer14@example.org")
	for _, path := range []string{"/", "/notices", "/notices/" + id.String()} {
		page := c.Get(path).Is(t, http.StatusOK)
		for _, code := range []string{"<script>alert", "<img src=x", `href="javascript:`, `src="https://example.org`} {
			if strings.Contains(page.Text, code) {
				t.Errorf("%s has %s", path, code)
			}
		}
	}
	c.Get("/notices/"+id.String()).Says(t, "<h2>Part</h2>", `<a href="https://example.org" rel="nofollow noopener noreferrer">z</a>`)
}
