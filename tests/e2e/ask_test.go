package e2e

import (
	"net/http"
	"path"
	"strings"
	"testing"

	"openhouse.example/tests/e2e/visit"
)

// chatAnswer is what POST /api/chat says, as far as it is looked at.
type chatAnswer struct {
	ID, Outcome, Answer string
	Citations           []struct{ Kind, Title string }
}

// TestFromAQuestionToItsNextAsker: nobody's papers say when bin day is. One resident asks the company, staff answer and
// publish, the asker is told by mail and on the page, and the next one gets the answer quoted; a home of another type
// doesn't. All of it through the pages, without a line of JavaScript.
func TestFromAQuestionToItsNextAsker(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	staff := signIn(t, s, company.Email)
	development := createDevelopment(t, staff, "Longview Park")
	address, _ := preview(t, staff, development, "three.csv", []byte("unit,address,type,buyer,email\n"+
		"14,14 Longview Park,B,Rosa Example,rosa@example.org\n15,15 Longview Park,B,Tom Example,tom@example.org\n16,16 Longview Park,A,Ana Example,ana@example.org\n"))
	commit(t, staff, address)
	ids, _ := homesOf(t, staff, development)
	in := func(number, email string) *visit.Visitor {
		staff.Form(staff.Get("/homes/"+ids[number]), "/link").Send().Want(200)
		return enterHome(t, s, linkInOutbox(t, staff, email))
	}
	rosa, tom, ana := in("14", "rosa@example.org"), in("15", "tom@example.org"), in("16", "ana@example.org")
	ask := func(v *visit.Visitor, question string) *visit.Answer {
		return v.Form(v.Get("/ask").Want(200), "/ask").Set("question", question).Send().Want(200)
	}

	page := ask(rosa, "When is bin day?").Says("This is not in your documents.", "Ask Harbour Homes")
	rosa.Form(page, "/company").Send().Want(200).Says("Harbour Homes has your question")
	wantNone(t, tom.Get("/ask").Want(200).Text(), "bin day")

	queue := staff.Get("/questions").Want(200).Says("When is bin day?", "14 Longview Park")
	wantNone(t, queue.Text(), "rosa@example.org")
	question := staff.Get(queue.Link("When is bin day?")).Want(200).Says("Rosa Example")
	answered := staff.Form(question, "/answer").Set("answer", "Bin day is every second Tuesday. <b>Green</b> bins first.").Send().Want(200).Says("The question is answered", "<b>Green</b>")
	staff.Get("/questions").Want(200).Says("No open questions")

	rosa.Get("/ask").Want(200).Says("Harbour Homes answered on", "every second Tuesday", "<b>Green</b>")
	mail := lookUp[string](t, s.DB, "select subject || ' ' || body from mail_outbox where to_email = 'rosa@example.org' and kind = 'question_answered'")
	for _, says := range []string{"Harbour Homes answered your question", "When is bin day?", "every second Tuesday", s.Tenant.URL + "/ask"} {
		if !strings.Contains(mail, says) {
			t.Errorf("the mail lacks %q:\n%s", says, mail)
		}
	}
	ask(tom, "When is bin day?").Says("This is not in your documents.") // answered, but to one person only

	typeB := lookUp[string](t, s.DB, "select house_type_id::text from units where id::text = $1", ids["14"])
	staff.Form(answered, "/publish").Set("question", "When is bin day?").Set("houseType", typeB).Send().Want(200).Says("The answer is published")
	ask(tom, "What day is bin day?").Says("every second Tuesday", "Answer of Harbour Homes")
	for v, want := range map[*visit.Visitor]string{tom: "answered", rosa: "answered", ana: "not_found"} {
		var got chatAnswer
		v.JSON(http.MethodPost, "/api/chat", map[string]string{"question": "When is bin day?"}).Want(200).Decode(&got)
		if got.Outcome != want || want == "answered" && (len(got.Citations) != 1 || got.Citations[0].Kind != "answer") {
			t.Errorf("%+v", got)
		}
	}

	published := staff.Get(staff.Get("/faqs").Want(200).Link("When is bin day?")).Want(200)
	staff.Form(published, "/"+path.Base(published.URL.Path)).Set("answer", "Bin day is every Monday.").Send().Want(200).Says("The answer is saved")
	ask(tom, "When is bin day?").Says("every Monday", "has changed this answer since")
	staff.Form(staff.Get(published.URL.Path), "/withdraw").Send().Want(200).Says("The answer is withdrawn")
	ask(tom, "When is bin day?").Says("This is not in your documents.", "no longer among what you can open")
}
