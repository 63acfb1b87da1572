package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

// TestApproveWhileThePersonEnters: staff approve a request in the moment in which the person comes in by a link, since
// the sales record has their address by now. Whoever is first: the person is in, staff read that it is done, and in the
// home lives one person, once.
func TestApproveWhileThePersonEnters(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	staff := signIn(t, s, company.Email)
	development := createDevelopment(t, staff, "Longview Park")
	const rounds = 8
	file := "unit,address,type,buyer,email\n"
	email := func(i int) string { return fmt.Sprintf("buyer%d@example.org", i) }
	for i := range rounds {
		file += fmt.Sprintf("%d,%d Longview Park,B,Rosa Example,%s\n", i, i, email(i))
	}
	address, _ := preview(t, staff, development, "homes.csv", []byte(file))
	commit(t, staff, address)
	ids, _ := homesOf(t, staff, development)

	answers := map[int]int{}
	for i := range rounds {
		home := "/homes/" + ids[fmt.Sprint(i)]
		id := request(t, s.DB, home, "Rosa Example", email(i))
		staff.Form(staff.Get(home), "/link").Send().Want(200)
		link := linkInOutbox(t, staff, email(i))
		entered, approved := approveWhile(t, s, company, link, id, time.Duration(i%3)*time.Millisecond)
		if entered != http.StatusOK || approved != http.StatusOK && approved != http.StatusConflict {
			t.Errorf("home %d: entering is answered %d, approving %d", i, entered, approved)
		}
		answers[approved]++
		if got := pgtest.Value[string](s.DB, `select c.state || ' ' || (select count(*) from occupancies o join residents r on r.id = o.resident_id
			where o.unit_id = c.unit_id and o.ended_at is null and r.email = c.email) from unit_claims c where c.id = $1`, id); got != "verified 1" {
			t.Errorf("home %d: the request and the people are %q", i, got)
		}
	}
	t.Logf("approving was answered %v", answers)
}

// approveWhile opens a link and approves a request, both at once but for a head start of staff, and returns the statuses.
func approveWhile(t *testing.T, s *stack.Stack, c stack.Company, link, request string, start time.Duration) (entered, approved int) {
	t.Helper()
	resident, staff := visit.New(t, s.Tenant.URL), program(t, s, c)
	begin := make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() {
		<-begin
		time.Sleep(start)
		entered = resident.JSON(http.MethodPost, link, nil).Status
	})
	both.Go(func() {
		<-begin
		approved = staff.JSON(http.MethodPost, "/api/requests/"+request+"/approve", map[string]string{"kind": "owner"}).Status
	})
	close(begin)
	both.Wait()
	return entered, approved
}
