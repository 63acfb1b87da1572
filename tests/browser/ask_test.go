package browser

import (
	"net/http"
	"path"
	"strings"

	"openhouse.example/packages/ui/uitest"
	"openhouse.example/tests/e2e/visit"
)

// asking is what the scenes about questions look at.
type asking struct {
	cookies         []*http.Cookie // of a resident who has asked a lot
	empty           []*http.Cookie // of one who hasn't
	open, answered  string         // "/questions/…"
	published, gone string         // "/faqs/…", and one that was withdrawn
	development     string         // "/developments/…" without questions
}

// furnishAsking has two people ask, and staff answer.
func (w *world) furnishAsking() {
	w.t.Helper()
	const file = "unit_number,address_line_1,house_type,purchaser_name,purchaser_email\n" +
		"1,1 Kiln Row,B,Caoimhe Ní Bhriain,caoimhe@example.org\n2,2 Kiln Row,B,Per Andersson,per@example.org\n"
	row := w.newDevelopment("Kiln Row")
	w.staff.JSON(http.MethodPost, "/api"+row, map[string]string{"emergencyPhone": "+353 1 555 0199"}).Want(200)
	w.staff.Form(w.staff.Get(w.importFile(row, "kiln-row.csv", []byte(file))).Want(200), "/commit").Send().Want(200)
	w.addPaper(row, "Boiler and heating manual for the home", "To reset the boiler, press and hold the reset button below the display for five seconds until the light turns green. "+
		"If the light stays red, wait for two minutes and try once more.")
	w.asking = asking{cookies: w.enter("caoimhe@example.org"), empty: w.enter("per@example.org"), development: w.vacant}

	me := visit.New(w.t, w.Tenant.URL)
	me.Token = token(w.asking.cookies)
	ask := func(question string, put bool) string {
		var e struct{ ID string }
		me.JSON(http.MethodPost, "/api/chat", map[string]string{"question": question}).Want(200).Decode(&e)
		if put {
			me.JSON(http.MethodPost, "/api/chat/"+e.ID+"/company", nil).Want(http.StatusNoContent)
		}
		return e.ID
	}
	queued := func(question string) string {
		var q struct {
			Questions []struct{ ID, Question string }
		}
		w.staff.JSON(http.MethodGet, "/api/questions", nil).Want(200).Decode(&q)
		for _, x := range q.Questions {
			if x.Question == question {
				return "/questions/" + x.ID
			}
		}
		w.t.Fatalf("%q is not in the queue", question)
		return ""
	}
	answer := func(question, says string) string {
		at := queued(question)
		w.staff.JSON(http.MethodPost, "/api"+at+"/answer", map[string]string{"answer": says}).Want(200)
		return at
	}
	publish := func(at, question string) string {
		return strings.TrimPrefix(w.staff.JSON(http.MethodPost, "/api"+at+"/publish", map[string]string{"question": question}).Want(http.StatusCreated).Header.Get("Location"), "/api")
	}
	for _, question := range []string{"When is bin day?", "Is there a shed?", "May I paint the front door, and if so, in which of the colours that were agreed with the management company at the time?", "Who cuts the hedge?"} {
		ask(question, true)
	}
	w.asking.published = publish(answer("When is bin day?", "Bin day is every second Tuesday.\nGreen bins in even weeks."), "When is bin day?")
	w.asking.gone = publish(answer("Is there a shed?", "No shed."), "Is there a shed?")
	var f struct{ UpdatedAt string }
	w.staff.JSON(http.MethodGet, "/api"+w.asking.gone, nil).Want(200).Decode(&f)
	w.staff.JSON(http.MethodPost, "/api"+w.asking.gone+"/withdraw", map[string]string{"version": f.UpdatedAt}).Want(200)
	w.asking.answered = answer("Who cuts the hedge?", "A gardener, in spring and in autumn.\nTell us if a branch is in the way.")
	w.asking.open = queued("May I paint the front door, and if so, in which of the colours that were agreed with the management company at the time?")
	ask("How do I reset the boiler?", false)
	w.addVersion("Boiler and heating manual for the home", "To reset the boiler, press the reset button twice.")
	ask("When is bin day?", false)
	ask("I smell gas in the kitchen, what now?", false)
}

func token(cookies []*http.Cookie) string {
	for _, c := range cookies {
		if c.Name == "oh_resident" {
			return c.Value
		}
	}
	return ""
}

// addPaper adds a document that was read already.
func (w *world) addPaper(development, title, says string) {
	w.t.Helper()
	w.DB.Exec(`insert into documents (tenant_id, id, development_id, scope, title, category) select tenant_id, gen_random_uuid(), id, 'development', $2, 'manual' from developments where id = $1`, path.Base(development), title)
	w.addVersion(title, says)
}

func (w *world) addVersion(title, says string) {
	w.t.Helper()
	w.DB.Exec(`with d as (select * from documents where title = $1), v as (
			insert into document_versions (tenant_id, id, development_id, document_id, number, sha256, file_name, mime, size_bytes, pages, text_state)
			select d.tenant_id, gen_random_uuid(), d.development_id, d.id, 1 + (select count(*) from document_versions o where o.document_id = d.id),
				decode(repeat('00', 32), 'hex'), 'manual.pdf', 'application/pdf', 1, 9, 'ready' from d returning *
		)
		insert into document_chunks (tenant_id, id, development_id, document_id, version_id, ordinal, page_from, page_to, language, title, body)
		select v.tenant_id, gen_random_uuid(), v.development_id, v.document_id, v.id, 0, 4, 4, 'en', '', $2 from v`, title, says)
	w.DB.Exec(`update documents d set current_version_id = (select v.id from document_versions v where v.document_id = d.id order by v.number desc limit 1) where d.title = $1`, title)
}

// askingScenes are the pages about questions, on both sides.
func (w *world) askingScenes() []scene {
	in, q, t := w.staffCookies, w.asking, w.Tenant.URL
	return []scene{
		{name: "ask", portal: t, path: "/ask", cookies: q.cookies, says: "Smell of gas?"},
		{name: "ask-nothing-yet", portal: t, path: "/ask", cookies: q.empty, says: "Your question"},
		{name: "ask-missing", portal: t, path: "/ask", cookies: q.empty, status: 422, says: "There is a problem", act: func(p *uitest.Page) { p.Submit("main form[action='/ask'] button[type=submit]") }},
		{name: "ask-beyond", portal: t, path: "/ask?page=9", cookies: q.empty, says: "begins after this page"},
		{name: "questions", path: "/questions", cookies: in, says: "May I paint"},
		{name: "questions-answered", path: "/questions?state=answered", cookies: in, says: "Who cuts the hedge?"},
		{name: "questions-none", path: "/questions", cookies: w.emptyCookies, says: "No open questions"},
		{name: "questions-none-of-one", path: "/questions?state=open&development=" + path.Base(q.development), cookies: in, says: "No such questions in Mill Quarter"},
		{name: "question", path: q.open, cookies: in, says: "Send the answer"},
		{name: "question-answer-missing", path: q.open, cookies: in, status: 422, says: "There is a problem", act: func(p *uitest.Page) { p.Submit("main form button[type=submit]") }},
		{name: "question-answered", path: q.answered, cookies: in, says: "Publish as an answer for everybody"},
		{name: "faqs", path: "/faqs", cookies: in, says: "Withdrawn"},
		{name: "faqs-none", path: "/faqs", cookies: w.emptyCookies, says: "Nothing published yet"},
		{name: "faq", path: q.published, cookies: in, says: "Published"},
		{name: "faq-withdrawn", path: q.gone, cookies: in, says: "Publish again"},
	}
}
