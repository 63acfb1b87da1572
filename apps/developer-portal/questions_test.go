package main

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
)

type askedQuestion struct {
	ID, Question, State, Answer, AnsweredBy, Name, Email string
	FaqID                                                *string
	Published                                            bool
	Home                                                 struct{ ID, Development string }
}

type questionQueue struct {
	Questions []askedQuestion
	Total     int
	Next      *string
}

type faq struct {
	ID, Question, Answer   string
	HouseTypeID            *string
	PublishedAt, UpdatedAt *time.Time
}

func (c *client) questions(query string) questionQueue {
	c.s.t.Helper()
	return webtest.Decode[questionQueue](c.s.t, c.Get("/api/questions"+query).Is(c.s.t, http.StatusOK))
}

func (c *client) faq(id string) faq {
	c.s.t.Helper()
	return webtest.Decode[faq](c.s.t, c.Get("/api/faqs/"+id).Is(c.s.t, http.StatusOK))
}

// ask has somebody who lives in a home put a question to the company, as the tenant portal writes it down.
func (s *site) ask(home uuid.UUID, email, body string) uuid.UUID {
	s.t.Helper()
	id := uuid.New()
	s.db.Exec(`with u as (select * from units where id = $1), r as (
			insert into residents (tenant_id, id, email, full_name) select tenant_id, gen_random_uuid(), $3, 'Saoirse Walsh' from u
			on conflict (tenant_id, email) do update set full_name = excluded.full_name returning *
		), o as (
			insert into occupancies (tenant_id, id, development_id, unit_id, resident_id) select u.tenant_id, gen_random_uuid(), u.development_id, u.id, r.id from u, r
			on conflict do nothing
		)
		insert into questions (tenant_id, id, development_id, unit_id, resident_id, body, created_at)
		select u.tenant_id, $2, u.development_id, u.id, r.id, $4, clock_timestamp() from u, r`, home, id, email, body)
	return id
}

// passages are the passages of published answers, by question.
func (s *site) passages() string {
	return pgtest.Value[string](s.db, `select coalesce(string_agg(title || ': ' || body || coalesce(' for ' || h.code, ''), ' / ' order by title), '')
		from document_chunks c left join house_types h on h.id = c.house_type_id where c.faq_id is not null`)
}

func at(id uuid.UUID) string { return "/questions/" + id.String() }

func TestTheQueueOfQuestions(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	o.Get("/questions").Is(t, http.StatusOK).Says(t, "No open questions")
	quay := o.addDevelopment(o.person.company, "Mill Quarter")
	other := o.addHome(o.person.company, quay, o.addType(o.person.company, quay, "C"), "3", "")
	first := o.ask(home, "saoirse@example.org", "When is bin day?")
	o.ask(other, "tom@example.org", "Which paint is on the walls? <b>")
	q := o.questions("")
	if q.Total != 2 || q.Questions[0].ID != first.String() || q.Questions[0].Email != "" || q.Questions[0].State != "open" {
		t.Fatalf("%+v", q)
	}
	if some := o.questions("?development=" + quay.String()); some.Total != 1 || some.Questions[0].Home.Development != "Mill Quarter" {
		t.Errorf("%+v", some)
	}
	page := o.Get("/questions").Is(t, http.StatusOK).Says(t, "When is bin day?", "14 Longview Park", "Mill Quarter", "&lt;b&gt;")
	if strings.Contains(page.Text, "saoirse@") {
		t.Error("the queue says who asks")
	}
	o.Get(at(first)).Is(t, http.StatusOK).Says(t, "When is bin day?", "Saoirse Walsh", "saoirse@", "Send the answer")
	o.Get("/developments/"+o.development.String()).Is(t, http.StatusOK).Says(t, "/questions?state=open&amp;development="+o.development.String())
	for _, path := range []string{"?state=closed", "?page=0"} {
		o.Get("/questions"+path).Is(t, http.StatusUnprocessableEntity)
	}
	o.Get("/questions?development="+uuid.NewString()).Is(t, http.StatusNotFound)
	o.Get("/questions/x").Is(t, http.StatusNotFound)
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	id := o.ask(home, "saoirse@example.org", "When is bin day?")
	o.Post(at(id)+"/answer", url.Values{"answer": {"  "}}).Is(t, http.StatusUnprocessableEntity).Says(t, "When is bin day?", `aria-invalid="true"`)
	o.PostJSON("/api"+at(id)+"/answer", map[string]string{"answer": strings.Repeat("a", 5001)}).Is(t, http.StatusUnprocessableEntity)
	key := uuid.NewString()
	for range 2 { // the same form twice is one answer
		a := o.Post(at(id)+"/answer", url.Values{"answer": {"Every second Tuesday.\r\n<i>Green</i> bins first."}, "idempotency_key": {key}}).Is(t, http.StatusSeeOther)
		if to := a.Header.Get("Location"); to != at(id) {
			t.Errorf("it leads to %s", to)
		}
	}
	o.Get(at(id)).Is(t, http.StatusOK).Says(t, "The question is answered", "Nora Byrne", "&lt;i&gt;Green&lt;/i&gt;", "Publish as an answer for everybody")
	mails := o.mails("question_answered", "saoirse@example.org")
	if len(mails) != 1 || !strings.Contains(mails[0], "When is bin day?") || !strings.Contains(mails[0], "<i>Green</i> bins first.") ||
		!strings.Contains(mails[0], residents+"/ask") || strings.Contains(mails[0], "Nora") {
		t.Errorf("%d mails: %q", len(mails), mails)
	}
	if got := pgtest.Value[string](o.db, `select state || ' ' || (answered_by = $2)::text from questions where id = $1`, id, o.person.id); got != "answered true" {
		t.Errorf("%q", got)
	}
	if n := pgtest.Value[int](o.db, `select count(*) from audit_log where action = 'question.answer' and object_id = $1 and detail::text !~ '@|Tuesday'`, id); n != 1 {
		t.Errorf("%d audit entries", n)
	}
	if q := o.questions("?state=answered"); q.Total != 1 || o.questions("").Total != 0 {
		t.Errorf("%+v", q)
	}
	a := o.Post(at(id)+"/answer", url.Values{"answer": {"On Mondays."}}).Is(t, http.StatusConflict).Says(t, "Nora Byrne answered this question on", "On Mondays.")
	if strings.Contains(a.Text, "Send the answer") {
		t.Error("it can be answered once more")
	}

	// Whoever moved out is not written to, and somebody who was erased is nobody.
	gone := o.ask(home, "gone@example.org", "Is there a shed?")
	o.db.Exec(`update occupancies set ended_at = now() where resident_id = (select id from residents where email = 'gone@example.org')`)
	o.Get(at(gone)).Is(t, http.StatusOK).Says(t, "live there any more")
	o.PostJSON("/api"+at(gone)+"/answer", map[string]string{"answer": "No."}).Is(t, http.StatusOK)
	if mails := o.mails("question_answered", "gone@example.org"); len(mails) != 0 {
		t.Errorf("%q", mails)
	}
	o.db.Exec(`update questions set resident_id = null where id = $1`, gone)
	o.Get(at(gone)).Is(t, http.StatusOK).Says(t, "Somebody who was erased since")
}

// TestPublish: from the question to the passage that the next person gets quoted, and back.
func TestPublish(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	o.Get("/faqs").Is(t, http.StatusOK).Says(t, "Nothing published yet")
	houseType := pgtest.Value[string](o.db, `select id::text from house_types`)
	foreign := o.addType(o.person.company, o.addDevelopment(o.person.company, "Mill Quarter"), "C")
	id := o.ask(home, "saoirse@example.org", "When is bin day at Saoirse’s?")
	o.PostJSON("/api"+at(id)+"/publish", map[string]string{"question": "Q?", "answer": "A."}).Is(t, http.StatusConflict).Says(t, `"not_published"`)
	o.PostJSON("/api"+at(id)+"/answer", map[string]string{"answer": "Every second Tuesday."}).Is(t, http.StatusOK)
	o.Post(at(id)+"/publish", url.Values{"question": {""}, "answer": {"Every second Tuesday."}}).Is(t, http.StatusUnprocessableEntity).Says(t, "Every second Tuesday.")
	o.Post(at(id)+"/publish", url.Values{"question": {"Q?"}, "answer": {"A."}, "houseType": {foreign.String()}}).Is(t, http.StatusUnprocessableEntity)
	if got := o.passages(); got != "" {
		t.Errorf("published: %q", got)
	}
	a := o.Post(at(id)+"/publish", url.Values{"question": {"When is bin day?"}, "answer": {"Every second Tuesday."}}).Is(t, http.StatusSeeOther)
	path := a.Header.Get("Location")
	made := strings.TrimPrefix(path, "/faqs/")
	if got := o.passages(); got != "When is bin day?: Every second Tuesday." {
		t.Errorf("%q", got)
	}
	o.Get(path).Is(t, http.StatusOK).Says(t, "The answer is published", "When is bin day?", "Longview Park", "Withdraw")
	o.Get("/faqs").Is(t, http.StatusOK).Says(t, "When is bin day?", "Published")
	o.Get(at(id)).Is(t, http.StatusOK).Says(t, "See the published answer")
	o.Post(at(id)+"/publish", url.Values{"question": {"Q?"}, "answer": {"A."}}).Is(t, http.StatusConflict).Says(t, "published already")

	// Changed for one house type; what was seen before counts no more.
	seen := o.faq(made)
	o.PostJSON("/api"+path, map[string]string{"answer": "On Mondays.", "houseType": houseType}).Is(t, http.StatusOK).Says(t, "On Mondays.", "When is bin day?")
	if got := o.passages(); got != "When is bin day?: On Mondays. for B" {
		t.Errorf("%q", got)
	}
	stale := url.Values{"question": {"When is bin day?"}, "answer": {"On Fridays."}, "version": {seen.UpdatedAt.Format(time.RFC3339Nano)}}
	o.Post(path, stale).Is(t, http.StatusConflict).Says(t, "On Mondays.", "On Fridays.")
	o.Post(path+"/withdraw", url.Values{"version": stale["version"]}).Is(t, http.StatusConflict)
	o.PostJSON("/api"+path+"/withdraw", map[string]string{}).Is(t, http.StatusUnprocessableEntity)

	turn := func(what string, status int) {
		t.Helper()
		o.PostJSON("/api"+path+"/"+what, map[string]string{"version": o.faq(made).UpdatedAt.Format(time.RFC3339Nano)}).Is(t, status)
	}
	turn("publish", http.StatusConflict)
	turn("withdraw", http.StatusOK)
	if got := o.passages(); got != "" {
		t.Errorf("withdrawn: %q", got)
	}
	turn("withdraw", http.StatusConflict)
	o.Get(path).Is(t, http.StatusOK).Says(t, "Withdrawn", "Publish again")
	turn("publish", http.StatusOK)
	if got := o.passages(); got != "When is bin day?: On Mondays. for B" {
		t.Errorf("%q", got)
	}
	if got := pgtest.Value[string](o.db, `select string_agg(action, ' ' order by at, id) from audit_log where action like 'faq%'`); got != "faq.publish faq.update faq.withdraw faq.publish" {
		t.Errorf("%q", got)
	}
	o.addStaff(o.person.company, auth.RoleAdmin).Get("/audit").Is(t, http.StatusOK).Says(t, "published an answer for everybody")
}

// TestWhoMayAnswer: viewers don't, another company finds nothing, limited staff see and answer theirs.
func TestWhoMayAnswer(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	quay := o.addDevelopment(o.person.company, "Mill Quarter")
	theirs := o.addHome(o.person.company, quay, o.addType(o.person.company, quay, "C"), "3", "")
	id, own := o.ask(home, "saoirse@example.org", "When is bin day?"), o.ask(theirs, "tom@example.org", "Is there a shed?")
	o.PostJSON("/api"+at(id)+"/answer", map[string]string{"answer": "Tuesday."}).Is(t, http.StatusOK)
	made := webtest.Decode[faq](t, o.PostJSON("/api"+at(id)+"/publish", map[string]string{"question": "When is bin day?"}).Is(t, http.StatusCreated))
	stranger, viewer, limited := o.addStaff(o.addCompany("Meadow Homes"), auth.RoleAdmin), o.addStaff(o.person.company, auth.RoleViewer), o.addStaff(o.person.company, auth.RoleDeveloper)
	o.limit(limited, quay)

	for _, path := range []string{"/questions", at(id), "/faqs", "/faqs/" + made.ID} {
		viewer.Get(path).Is(t, http.StatusForbidden)
		viewer.Get("/api"+path).Is(t, http.StatusForbidden)
	}
	body := map[string]string{"answer": "No."}
	for _, path := range []string{at(id) + "/answer", at(id) + "/publish", "/faqs/" + made.ID, "/faqs/" + made.ID + "/withdraw", "/faqs/" + made.ID + "/publish"} {
		viewer.PostJSON("/api"+path, body).Is(t, http.StatusForbidden)
		for _, p := range []person{stranger, limited} {
			got := p.PostJSON("/api"+path, body).Is(t, http.StatusNotFound)
			never := strings.NewReplacer(id.String(), uuid.NewString(), made.ID, uuid.NewString()).Replace(path)
			if want := p.PostJSON("/api"+never, body).Is(t, http.StatusNotFound); got.Text != want.Text {
				t.Errorf("what is another's is told from what never was:\n%s\n%s", got.Text, want.Text)
			}
		}
	}
	for _, p := range []person{stranger, limited} {
		p.Get(at(id)).Is(t, http.StatusNotFound)
		p.Get("/faqs/"+made.ID).Is(t, http.StatusNotFound)
		p.Get("/faqs").Is(t, http.StatusOK).Says(t, "Nothing published yet")
	}
	if q := stranger.questions(""); q.Total != 0 {
		t.Errorf("%+v", q)
	}
	if q := limited.questions(""); q.Total != 1 || q.Questions[0].ID != own.String() {
		t.Errorf("%+v", q)
	}
	limited.Get("/questions?development="+o.development.String()).Is(t, http.StatusNotFound)
	limited.PostJSON("/api"+at(own)+"/answer", body).Is(t, http.StatusOK)
	limited.PostJSON("/api"+at(own)+"/publish", map[string]string{"question": "Is there a shed?"}).Is(t, http.StatusCreated)
}

// TestTwoAnswerAtOnce: one answer counts, one mail goes out, everybody else learns whose it was.
func TestTwoAnswerAtOnce(t *testing.T) {
	t.Parallel()
	o, home := firstHome(t)
	colleagues := make([]person, 6)
	for i := range colleagues {
		colleagues[i] = o.addStaff(o.person.company, auth.RoleDeveloper)
	}
	id := o.ask(home, "saoirse@example.org", "When is bin day?")
	together := func(path string, body map[string]string, won int) {
		t.Helper()
		answers := make([]webtest.Answer, len(colleagues))
		var all sync.WaitGroup
		for i, p := range colleagues {
			all.Go(func() { answers[i] = p.PostJSON("/api"+path, body) })
		}
		all.Wait()
		got := 0
		for _, a := range answers {
			if a.StatusCode == won {
				got++
			} else if a.StatusCode != http.StatusConflict {
				t.Errorf("%d %s", a.StatusCode, a.Text)
			}
		}
		if got != 1 {
			t.Errorf("%s: %d won", path, got)
		}
	}
	together(at(id)+"/answer", map[string]string{"answer": "Tuesday."}, http.StatusOK)
	if mails := o.mails("question_answered", "saoirse@example.org"); len(mails) != 1 {
		t.Errorf("%d mails", len(mails))
	}
	together(at(id)+"/publish", map[string]string{"question": "When is bin day?"}, http.StatusCreated)
	if got := o.passages(); got != "When is bin day?: Tuesday." {
		t.Errorf("%q", got)
	}
}
