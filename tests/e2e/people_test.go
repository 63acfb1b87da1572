package e2e

import (
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

// request has somebody wait for staff's answer about a home.
func request(t testing.TB, db *pgtest.DB, home, name, email string) (id string) {
	t.Helper()
	id = uuid.NewString()
	db.Exec(`insert into unit_claims (tenant_id, id, development_id, unit_id, email, full_name, state)
		select tenant_id, $2, development_id, id, $4, $3, 'pending' from units where id = $1`, path.Base(home), id, name, email)
	return id
}

// enterHome brings a resident in by a link that staff have sent.
func enterHome(t testing.TB, s *stack.Stack, link string) *visit.Visitor {
	t.Helper()
	v := visit.New(t, s.Tenant.URL)
	v.Form(v.Get(link).Want(200), path.Base(link)).Send().Want(200)
	if v.Cookie("oh_resident") == "" {
		t.Fatal("the link gave no session")
	}
	return v
}

// TestFromRequestToMovedOut: a couple's second person asks, is approved, comes in, moves out and is let back in.
func TestFromRequestToMovedOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	staff := signIn(t, s, company.Email)
	_, home := oneHome(t, staff, "rosa@example.org")
	const email = "ana@example.org"
	id := request(t, s.DB, home, "Ana Quirke", email)

	queue := staff.Get("/requests").Want(200).Says("Ana Quirke", email, "1 Longview Park", "Another name than the buyer, Rosa Example")
	staff.Form(queue, id+"/approve").Set("kind", "occupier").Send().Want(200).Says("Nobody is waiting", "A link into the home is on its way")
	ana := enterHome(t, s, linkInOutbox(t, staff, email))
	ana.Get("/").Want(200).Says("1 Longview Park")
	page := staff.Get(home).Want(200).Says("Ana Quirke", "Occupier", "Last here on")

	// The link of a second device is on its way when Ana moves out.
	ana2 := visit.New(t, s.Tenant.URL)
	ana2.Form(ana2.Get("/sign-in"), "/sign-in").Set("email", email).Send().Want(200)
	var second string
	first := linkInOutbox(t, staff, email)
	waitFor(t, "the mail", func() bool { second = linkInOutbox(t, staff, email); return second != first })

	question := staff.Get(page.LinkTo("/moved-out")).Want(200).Says("Has Ana Quirke moved out?")
	moved := time.Now()
	staff.Form(question, "/moved-out").Send().Want(200).Says("Used to live here")
	if to := ana.DoOnce(ana.Request(http.MethodGet, "/", nil)); to.Status != http.StatusSeeOther || !strings.HasPrefix(to.Header.Get("Location"), "/sign-in") {
		t.Errorf("after %s the home still answers %d: %.200s", time.Since(moved), to.Status, to.Body)
	}
	ana.JSON(http.MethodGet, "/api/home", nil).Want(http.StatusUnauthorized)
	wantNone(t, visit.New(t, s.Tenant.URL).Get(second).Text(), "1 Longview Park")
	if again := ana2.JSON(http.MethodPost, second, nil); again.Status != http.StatusGone {
		t.Errorf("the unused link is answered %d", again.Status)
	}

	staff.Form(staff.Get(home).Want(200), "/back").Send().Want(200).Says("They live here again")
	ana.JSON(http.MethodGet, "/api/home", nil).Want(http.StatusUnauthorized)
	back := visit.New(t, s.Tenant.URL)
	back.Form(back.Get("/sign-in"), "/sign-in").Set("email", email).Send().Want(200)
	var third string
	waitFor(t, "the mail", func() bool { third = linkInOutbox(t, staff, email); return third != second })
	enterHome(t, s, third).Get("/").Want(200).Says("1 Longview Park")
}

// TestFromResaleToTheNewBuyer: the old buyer is out for good, the new one comes in by the sales record.
func TestFromResaleToTheNewBuyer(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	staff := signIn(t, s, company.Email)
	const rosa, tom = "rosa@example.org", "tom.kelly@example.org"
	_, home := oneHome(t, staff, rosa)
	staff.Form(staff.Get(home), "/link").Send().Want(200)
	old := enterHome(t, s, linkInOutbox(t, staff, rosa))
	request(t, s.DB, home, "Bea", "bea@example.org")

	form := staff.Form(staff.Get(home+"/resale").Want(200).Says("Rosa Example", "1 person who lives here", "1 open request is rejected"), "/resale")
	stale := staff.Form(staff.Get(home+"/resale").Want(200), "/resale")
	form.Set("name", "Tom Kelly").Set("email", tom).Send().Want(200).Says("The new buyer is on record", "Print a code", "Tom Kelly", "Used to live here")
	stale.Set("name", "Somebody Else").Send().Want(http.StatusConflict).Says("Somebody else has changed this home meanwhile")

	old.JSON(http.MethodGet, "/api/home", nil).Want(http.StatusUnauthorized)
	visitor := visit.New(t, s.Tenant.URL)
	visitor.Form(visitor.Get("/sign-in"), "/sign-in").Set("email", rosa).Send().Want(200)
	staff.Form(staff.Get(home), "/link").Send().Want(200)
	enterHome(t, s, linkInOutbox(t, staff, tom)).Get("/").Want(200).Says("1 Longview Park", tom)
	if n := lookUp[int](t, s.DB, "select count(*) from mail_outbox where to_email = $1", rosa); n != 1 {
		t.Errorf("the old buyer has %d mails with links, one of them from after the sale", n)
	}
	staff.Get(home).Want(200).Says("Tom Kelly", "Rosa Example")
}

// TestWhoDecidesAboutAHome: two at once, limited staff, viewers and another company.
func TestWhoDecidesAboutAHome(t *testing.T) {
	t.Parallel()
	s := start(t)
	company, other := s.NewCompany("Harbour Homes"), s.NewCompany("Moss Lane Builders")
	staff := signIn(t, s, company.Email)
	_, home := oneHome(t, staff, "rosa@example.org")
	elsewhere := createDevelopment(t, staff, "Mill Quarter")
	limited := s.NewStaff(company, auth.RoleDeveloper)
	s.DB.Exec("update staff set limited = true where id = $1", limited.ID)
	s.DB.Exec("insert into staff_developments (tenant_id, staff_id, development_id) values ($1, $2, $3)", company.ID, limited.ID, path.Base(elsewhere))
	id := request(t, s.DB, home, "Ana Quirke", "ana@example.org")

	theirs := visit.New(t, s.Developer.URL)
	theirs.Token = s.Token(t, other)
	some := visit.New(t, s.Developer.URL)
	some.Token = s.TokenFor(t, company, limited)
	for _, v := range []*visit.Visitor{theirs, some} {
		v.Get("/requests").Want(200).Says("Nobody is waiting")
		for _, decision := range []string{"/approve", "/reject"} {
			body := map[string]string{"kind": "owner"}
			if decision == "/reject" {
				body = nil
			}
			sameAnswer(t, decision+" of another's request", v.JSON(http.MethodPost, "/api/requests/"+id+decision, body),
				v.JSON(http.MethodPost, "/api/requests/"+uuid.NewString()+decision, body).Want(http.StatusNotFound))
		}
	}
	viewer := signIn(t, s, s.NewStaff(company, auth.RoleViewer).Email)
	wantNone(t, string(viewer.Get("/requests").Want(200).Says("Somebody asks for this home").Body), "Ana Quirke", "rosa@example.org", "/approve")
	viewer.JSON(http.MethodPost, "/api/requests/"+id+"/approve", map[string]string{"kind": "owner"}).Want(http.StatusForbidden)

	const rivals = 8
	outcomes := make(chan int, rivals)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for range rivals {
		v := visit.New(t, s.Developer.URL)
		v.Token = s.TokenFor(t, company, s.NewStaff(company, auth.RoleDeveloper))
		all.Go(func() {
			<-begin
			outcomes <- v.JSON(http.MethodPost, "/api/requests/"+id+"/approve", map[string]string{"kind": "owner"}).Status
		})
	}
	close(begin)
	all.Wait()
	close(outcomes)
	seen := map[int]int{}
	for status := range outcomes {
		seen[status]++
	}
	if seen[http.StatusOK] != 1 || seen[http.StatusConflict] != rivals-1 {
		t.Errorf("the statuses were %v, want one 200 and %d times 409", seen, rivals-1)
	}
	if n := lookUp[int](t, s.DB, "select count(*) from mail_outbox where to_email = 'ana@example.org'"); n != 1 {
		t.Errorf("%d mails", n)
	}
}
