package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/webtest"
)

// citation and exchange are what programs read.
type citation struct {
	Kind, Title, Quote, URL string
	Version, Page           *int
	Date                    *time.Time
	Current, Available      bool
}

type exchange struct {
	ID, Question, Outcome, Answer string
	Emergency                     *struct{ Kind, Phone string }
	Citations                     []citation
	Company                       *struct {
		AskedAt, AnsweredAt *time.Time
		Answer              string
	}
}

type conversation struct {
	Exchanges []exchange
	Next      *string
}

// paper is a document with one version of one page.
type paper struct{ document, version uuid.UUID }

// addPaper adds a document for the development, or for a house type or a home of it, that says something.
func (s *site) addPaper(title, says string, houseType, home uuid.UUID) paper {
	s.t.Helper()
	p := paper{document: uuid.New()}
	scope := "development"
	switch {
	case home != uuid.Nil:
		scope = "unit"
	case houseType != uuid.Nil:
		scope = "house_type"
	}
	const none = "00000000-0000-0000-0000-000000000000"
	s.db.Exec(`insert into documents (tenant_id, id, development_id, scope, house_type_id, unit_id, title, category)
		values ($1, $2, $3, $4, nullif($5, '`+none+`'::uuid), nullif($6, '`+none+`'::uuid), $7, 'manual')`, s.company, p.document, s.development, scope, houseType, home, title)
	return s.addVersion(p, says)
}

// addVersion adds a paper's next version, makes it current, and has it read.
func (s *site) addVersion(p paper, says string) paper {
	s.t.Helper()
	p.version = uuid.New()
	s.db.Exec(`insert into document_versions (tenant_id, id, development_id, document_id, number, sha256, file_name, mime, size_bytes, pages, text_state)
		select $1, $2, $3, $4, 1 + count(*), decode(repeat('00', 32), 'hex'), 'paper.pdf', 'application/pdf', 1, 9, 'ready'
		from document_versions where tenant_id = $1 and document_id = $4`, s.company, p.version, s.development, p.document)
	s.db.Exec(`update documents set current_version_id = $3 where tenant_id = $1 and id = $2`, s.company, p.document, p.version)
	s.db.Exec(`insert into document_chunks (tenant_id, id, development_id, house_type_id, unit_id, document_id, version_id, ordinal, page_from, page_to, language, title, body)
		select d.tenant_id, gen_random_uuid(), d.development_id, d.house_type_id, d.unit_id, d.id, $3, 0, 4, 4, 'en', '', $4
		from documents d where d.tenant_id = $1 and d.id = $2`, s.company, p.document, p.version, says)
	return p
}

// addAnswer publishes an answer of the company for the development, with its passage.
func (s *site) addAnswer(question, answer string) uuid.UUID {
	s.t.Helper()
	id := uuid.New()
	s.db.Exec(`insert into faqs (tenant_id, id, development_id, question, answer, published_at) values ($1, $2, $3, $4, $5, now())`, s.company, id, s.development, question, answer)
	s.db.Exec(`insert into document_chunks (tenant_id, id, development_id, faq_id, ordinal, language, title, body)
		values ($1, gen_random_uuid(), $2, $3, 0, 'en', $4, $5)`, s.company, s.development, id, question, answer)
	return id
}

func chat(t testing.TB, c *webtest.Client, question string) exchange {
	t.Helper()
	return webtest.Decode[exchange](t, c.PostJSON("/api/chat", map[string]string{"question": question}).Is(t, http.StatusOK))
}

func history(t testing.TB, c *webtest.Client, query string) conversation {
	t.Helper()
	return webtest.Decode[conversation](t, c.Get("/api/chat"+query).Is(t, http.StatusOK))
}

const (
	stopcock = "The stopcock is under the kitchen sink, behind the left door. Turn it clockwise to shut the water off."
	boiler   = "To reset the boiler, hold the reset button for five seconds until the light turns green."
)

// TestAQuestionIsAnsweredWithQuotes: as JSON, on the page, and in the conversation.
func TestAQuestionIsAnsweredWithQuotes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	manual := s.addPaper("Home manual", stopcock, uuid.Nil, uuid.Nil)
	c := s.enter("buyer14@example.org")
	c.Get("/ask").Is(t, http.StatusOK).Says(t, "Your question", "Look it up")

	e := chat(t, c, "Where is the stopcock?")
	if e.Outcome != "answered" || len(e.Citations) != 1 || e.Emergency != nil || e.Company != nil {
		t.Fatalf("%+v", e)
	}
	got := e.Citations[0]
	if got.Kind != "document" || got.Title != "Home manual" || *got.Version != 1 || *got.Page != 4 || !got.Current || !got.Available ||
		got.URL != fmt.Sprintf("/documents/%s/versions/1#page=4", manual.document) || !strings.Contains(stopcock, got.Quote) || !strings.Contains(e.Answer, "under the kitchen sink") {
		t.Errorf("%+v", got)
	}

	// The page is sent back to, so that loading it again asks nothing; the answer stands there.
	key := uuid.NewString()
	for range 2 {
		a := c.Post("/ask", url.Values{"question": {"Where is the stopcock?"}, "idempotency_key": {key}}).Is(t, http.StatusSeeOther)
		if to := a.Header.Get("Location"); !strings.HasPrefix(to, "/ask#q-") {
			t.Errorf("it leads to %s", to)
		}
	}
	c.Get("/ask").Is(t, http.StatusOK).Says(t, "under the kitchen sink", "Home manual, version 1, page 4", got.URL, "Ask Harbour Homes")

	none := chat(t, c, "When is bin day?")
	if none.Outcome != "not_found" || len(none.Citations) != 0 || none.Answer != "This is not in your documents." {
		t.Errorf("%+v", none)
	}
	c.Get("/ask").Is(t, http.StatusOK).Says(t, "This is not in your documents.")
	list := history(t, c, "").Exchanges
	if len(list) != 3 || list[0].Question != "When is bin day?" || list[2].ID != e.ID || list[2].Citations[0].URL != got.URL {
		t.Errorf("%+v", list)
	}
	// What people ask is theirs: nothing of it is in the log that staff read.
	if n := pgtest.Value[int](s.db, `select count(*) from audit_log where action like 'chat%' or detail::text like '%stopcock%'`); n != 0 {
		t.Errorf("%d entries in the audit log", n)
	}
}

// TestNothingFromOutsideTheScope: a type's papers are for its homes, a letter for one home, another company's for nobody.
func TestNothingFromOutsideTheScope(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "b14@example.org")
	other := s.addHome("15", "b15@example.org")
	typeA, homeA := uuid.New(), s.addHome("16", "a16@example.org")
	s.db.Exec(`insert into house_types (tenant_id, id, development_id, code) values ($1, $2, $3, 'A')`, s.company, typeA, s.development)
	s.db.Exec(`update units set house_type_id = $1 where id = $2`, typeA, homeA)
	s.addPaper("Boiler of type A", boiler, typeA, uuid.Nil)
	s.addPaper("Letter about parking", "Your parking space is number 37 beside the gate.", uuid.Nil, other)
	withdrawn := s.addAnswer("When is bin day?", "Bin day is every second Tuesday.")
	s.db.Exec(`update faqs set published_at = null where id = $1`, withdrawn)

	b, neighbour, a := s.enter("b14@example.org"), s.enter("b15@example.org"), s.enter("a16@example.org")
	for question, may := range map[string]*webtest.Client{"How do I reset the boiler?": a, "Where is my parking space?": neighbour} {
		for _, c := range []*webtest.Client{a, b, neighbour} {
			e := chat(t, c, question)
			if found := len(e.Citations) > 0; found != (c == may) {
				t.Errorf("%q: found is %t: %+v", question, found, e)
			}
		}
	}
	if e := chat(t, b, "When is bin day?"); len(e.Citations) != 0 {
		t.Errorf("a withdrawn answer is cited: %+v", e)
	}
	// What was said to one is not in another's conversation.
	for _, e := range history(t, b, "").Exchanges {
		if strings.Contains(e.Answer, "37") || strings.Contains(e.Answer, "reset button") {
			t.Errorf("%+v", e)
		}
	}
	// Somebody else's message can't be put to the company, and is told from none.
	theirs := history(t, neighbour, "").Exchanges[0].ID
	got, want := b.PostJSON("/api/chat/"+theirs+"/company", nil).Is(t, http.StatusNotFound), b.PostJSON("/api/chat/"+uuid.NewString()+"/company", nil).Is(t, http.StatusNotFound)
	if got.Text != want.Text {
		t.Errorf("%s\n%s", got.Text, want.Text)
	}
	if n := pgtest.Value[int](s.db, `select count(*) from questions`); n != 0 {
		t.Errorf("%d questions", n)
	}
}

// TestAnswersGrowOld: what was quoted from an older version says so, still opens, and what is gone says that.
func TestAnswersGrowOld(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	manual := s.addPaper("Home manual", stopcock, uuid.Nil, uuid.Nil)
	answer := s.addAnswer("When is bin day?", "Bin day is every second Tuesday.")
	c := s.enter("buyer14@example.org")
	chat(t, c, "Where is the stopcock?")
	bins := chat(t, c, "When is bin day?")
	if len(bins.Citations) != 1 || bins.Citations[0].Kind != "answer" || bins.Citations[0].Date == nil || bins.Citations[0].URL != "" {
		t.Fatalf("%+v", bins)
	}
	c.Get("/ask").Is(t, http.StatusOK).Says(t, "Answer of Harbour Homes", "When is bin day?", "every second Tuesday")

	s.addVersion(manual, "The stopcock is in the hall cupboard.")
	s.db.Exec(`update faqs set answer = 'Bin day is Monday.', updated_at = clock_timestamp() where id = $1`, answer)
	old := history(t, c, "").Exchanges
	if cited := old[1].Citations[0]; cited.Current || !cited.Available || !strings.HasSuffix(cited.URL, "/versions/1#page=4") {
		t.Errorf("%+v", cited)
	}
	if cited := old[0].Citations[0]; cited.Current || !cited.Available || !strings.Contains(cited.Quote, "Tuesday") {
		t.Errorf("%+v", cited)
	}
	c.Get("/ask").Is(t, http.StatusOK).Says(t, "from an older version of the document", "has changed this answer since")
	if e := chat(t, c, "Where is the stopcock?"); !strings.Contains(e.Answer, "hall cupboard") || *e.Citations[0].Version != 2 || !e.Citations[0].Current {
		t.Errorf("%+v", e)
	}

	s.db.Exec(`update documents set archived_at = now()`)
	s.db.Exec(`update faqs set published_at = null`)
	for _, e := range history(t, c, "").Exchanges {
		if cited := e.Citations[0]; cited.Available || cited.URL != "" || cited.Quote == "" {
			t.Errorf("%+v", cited)
		}
	}
	c.Get("/ask").Is(t, http.StatusOK).Says(t, "no longer among what you can open")
}

// TestEmergencyComesFirst: in English and in Polish, also where the papers say something.
func TestEmergencyComesFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	s.addPaper("Gas safety", "If you smell gas, open the windows, leave the home and turn the gas meter valve off.", uuid.Nil, uuid.Nil)
	c := s.enter("buyer14@example.org")
	for question, kind := range map[string]string{"I smell gas, what now?": "gas", "Czuję zapach gazu": "gas", "The kitchen is on fire": "fire", "Water is pouring through the ceiling": "flood"} {
		e := chat(t, c, question)
		if e.Outcome != "emergency" || e.Emergency == nil || e.Emergency.Kind != kind || e.Emergency.Phone != "+353 1 555 0999" {
			t.Errorf("%q: %+v", question, e)
		}
	}
	c.Post("/ask", url.Values{"question": {"I smell gas, where do I turn the gas off?"}}).Is(t, http.StatusSeeOther)
	page := c.Get("/ask").Is(t, http.StatusOK).Text
	card, quote := strings.Index(page, "Smell of gas?"), strings.Index(page, "open the windows")
	if number := strings.Index(page, `href="tel:+35315550999"`); card < 0 || number < card || quote < number {
		t.Errorf("card at %d, number at %d, quote at %d", card, number, quote)
	}
	s.db.Exec(`update developments set emergency_phone = ''`)
	c.Get("/ask").Is(t, http.StatusOK).Says(t, "Smell of gas?", "call 112 first")
}

// TestAskTheCompany: once, however often; the answer stands in the conversation.
func TestAskTheCompany(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	home := s.addHome("14", "buyer14@example.org")
	c := s.enter("buyer14@example.org")
	e := chat(t, c, "When is bin day?")
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			c.Post("/ask/"+e.ID+"/company", url.Values{"idempotency_key": {uuid.NewString()}}).Is(t, http.StatusSeeOther)
		})
	}
	all.Wait()
	c.PostJSON("/api/chat/"+e.ID+"/company", nil).Is(t, http.StatusNoContent)
	row := pgtest.Value[string](s.db, `select body || ' ' || state || ' ' || (unit_id = $1)::text || ' ' || count(*) over () from questions`, home)
	if row != "When is bin day? open true 1" {
		t.Errorf("%q", row)
	}
	if n := pgtest.Value[int](s.db, `select count(*) from audit_log where action = 'question.ask' and detail::text not like '%bin day%'`); n != 1 {
		t.Errorf("%d audit entries", n)
	}
	c.Get("/ask").Is(t, http.StatusOK).Says(t, "Harbour Homes has your question")
	s.db.Exec(`update questions set state = 'answered', answered_at = now(), answer = E'Every second Tuesday.\n<b>Green</b> bins first.'`)
	page := c.Get("/ask").Is(t, http.StatusOK)
	page.Says(t, "Harbour Homes answered on", "Every second Tuesday.", "&lt;b&gt;Green&lt;/b&gt;")
	if got := history(t, c, "").Exchanges[0].Company; got == nil || got.AnsweredAt == nil || !strings.HasPrefix(got.Answer, "Every second") {
		t.Errorf("%+v", got)
	}
}

// TestBadQuestions: what is wrong is said beside the field, and what is hostile is shown as it was typed.
func TestBadQuestions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	c := s.enter("buyer14@example.org")
	for _, question := range []string{"", "   ", strings.Repeat("a", 501), "a\x00b"} {
		c.Post("/ask", url.Values{"question": {question}}).Is(t, http.StatusUnprocessableEntity).Says(t, `aria-invalid="true"`)
		c.PostJSON("/api/chat", map[string]string{"question": question}).Is(t, http.StatusUnprocessableEntity)
	}
	c.PostJSON("/api/chat", map[string]string{"question": "a", "unit": uuid.NewString()}).Is(t, http.StatusUnprocessableEntity)
	if n := pgtest.Value[int](s.db, `select count(*) from chat_messages`); n != 0 {
		t.Errorf("%d messages were kept", n)
	}
	const hostile = `<script>alert(1)</script> " onload="x ' or 1=1; -- %s`
	c.Post("/ask", url.Values{"question": {hostile}}).Is(t, http.StatusSeeOther)
	if page := c.Get("/ask").Is(t, http.StatusOK).Text; strings.Contains(page, "<script>alert") || !strings.Contains(page, "&lt;script&gt;alert(1)") {
		t.Error("the page runs what somebody typed")
	}
	if got := history(t, c, "").Exchanges[0].Question; got != hostile {
		t.Errorf("%q", got)
	}
	c.Get("/ask?page=0").Is(t, http.StatusUnprocessableEntity)
	c.Get("/ask?page=7").Is(t, http.StatusOK).Says(t, "begins after this page")
}

func TestALongConversationIsPaged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	c := s.enter("buyer14@example.org")
	for n := range 12 {
		chat(t, c, fmt.Sprintf("Question number %d?", n))
	}
	first := history(t, c, "")
	if len(first.Exchanges) != 10 || first.Next == nil || first.Exchanges[0].Question != "Question number 11?" {
		t.Fatalf("%+v", first)
	}
	if rest := webtest.Decode[conversation](t, c.Get(*first.Next)); len(rest.Exchanges) != 2 || rest.Next != nil || rest.Exchanges[1].Question != "Question number 0?" {
		t.Errorf("%+v", rest)
	}
	c.Get("/ask?page=2").Is(t, http.StatusOK).Says(t, "Question number 0?", `href="/ask?page=1"`)
}

// TestTooManyQuestions: a program that never stops is told to, and another person isn't.
func TestTooManyQuestions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "a@example.org")
	s.addHome("15", "b@example.org")
	a, b := s.enter("a@example.org"), s.enter("b@example.org")
	chat(t, a, "Where is the stopcock?")
	s.db.Exec(`update rate_limits set hits = 120 where bucket like 'ask:%'`)
	refused := a.PostJSON("/api/chat", map[string]string{"question": "Where is the stopcock?"}).Is(t, http.StatusTooManyRequests)
	if refused.Header.Get("Retry-After") == "" {
		t.Error("it doesn't say when to try again")
	}
	chat(t, b, "Where is the stopcock?")
}

// TestEvents: an answer as server-sent events, in their order, each whole.
func TestEvents(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	s.addPaper("Gas safety", "If you smell gas, open the windows,\nleave the home and turn the gas meter valve off.", uuid.Nil, uuid.Nil)
	c := s.enter("buyer14@example.org")
	a := c.PostJSON("/api/chat", map[string]string{"question": "I smell gas, where do I turn the gas off?"}, "Accept", "text/event-stream").Is(t, http.StatusOK)
	if kind := a.Header.Get("Content-Type"); kind != "text/event-stream; charset=utf-8" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s, %s", kind, a.Header.Get("Cache-Control"))
	}
	var names []string
	lines := bufio.NewScanner(strings.NewReader(a.Text))
	var whole exchange
	for lines.Scan() {
		name, ok := strings.CutPrefix(lines.Text(), "event: ")
		if !ok || !lines.Scan() {
			t.Fatalf("%q in\n%s", lines.Text(), a.Text)
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || !json.Valid([]byte(data)) || !lines.Scan() || lines.Text() != "" {
			t.Fatalf("%q in\n%s", data, a.Text)
		}
		if names = append(names, name); name == "done" {
			if err := json.Unmarshal([]byte(data), &whole); err != nil {
				t.Error(err)
			}
		}
	}
	if got := strings.Join(names, " "); got != "emergency quote citation done" || whole.Outcome != "emergency" || len(whole.Citations) != 1 {
		t.Errorf("%s: %+v", got, whole)
	}
	// What is wrong comes as any other answer does.
	c.PostJSON("/api/chat", map[string]string{"question": ""}, "Accept", "text/event-stream").Is(t, http.StatusUnprocessableEntity).Says(t, `"fields"`)
}

// TestAClientThatHangsUp: nothing stays behind, and what was answered is in the conversation.
func TestAClientThatHangsUp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addHome("14", "buyer14@example.org")
	s.addPaper("Home manual", stopcock, uuid.Nil, uuid.Nil)
	c := s.enter("buyer14@example.org")
	var cookie *http.Cookie
	for _, cookie = range c.Cookies() {
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for n := range 8 {
		ctx, hangUp := context.WithTimeout(t.Context(), time.Duration(n)*4*time.Millisecond)
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.http.URL+"/api/chat", strings.NewReader(`{"question":"Where is the stopcock?"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(cookie)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "text/event-stream")
		if a, err := client.Do(r); err == nil {
			_ = a.Body.Close() // without reading it
		}
		hangUp()
	}
	if e := chat(t, c, "Where is the stopcock?"); e.Outcome != "answered" {
		t.Errorf("%+v", e)
	}
	for _, e := range history(t, c, "").Exchanges {
		if len(e.Citations) != 1 {
			t.Errorf("half an answer was kept: %+v", e)
		}
	}
}

// TestManyAskAtOnce: many people on a small pool, each with an answer.
func TestManyAskAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addPaper("Home manual", stopcock, uuid.Nil, uuid.Nil)
	s.addHome("14", "buyer14@example.org")
	c := s.enter("buyer14@example.org")
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			if e := chat(t, c, "Where is the stopcock?"); len(e.Citations) != 1 {
				t.Errorf("%+v", e)
			}
		})
	}
	all.Wait()
	if n := pgtest.Value[int](s.db, `select count(*) from chat_citations`); n != 60 {
		t.Errorf("%d citations", n)
	}
}
