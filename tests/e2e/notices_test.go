package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

// A notice appears at its second and goes at its second, by the clock at the homes, whatever time zones the servers and
// the database are set to.
func TestANoticeAppearsAtItsSecond(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ servers, database string }{{"Pacific/Auckland", "America/St_Johns"}, {"UTC", "Pacific/Auckland"}} {
		t.Run(c.servers, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			name := lookUp[string](t, db, `select current_database()`)
			db.Exec(fmt.Sprintf(`alter database %s set timezone = '%s'`, pgx.Identifier{name}.Sanitize(), c.database))
			s := stack.Start(t, db, stack.Options{Env: []string{"TZ=" + c.servers}})
			if got := lookUp[string](t, db, `show timezone`); got != c.database {
				t.Fatalf("the database is at %s", got)
			}
			company := s.NewCompany("Harbour Homes")
			staff, resident := program(t, s, company), visit.New(t, s.Tenant.URL)
			resident.Token, _ = s.NewResident(t, company)
			// A busy machine may not look in time; then there is more of it.
			for lead := 3 * time.Second; ; lead *= 2 {
				if watch(t, db, staff, resident, lead) {
					return
				}
				if lead > 30*time.Second {
					t.Fatal("the notice was never looked at before and during its time")
				}
			}
		})
	}
}

// watch schedules a notice to start after lead, for as long as lead, and looks at it until it is over. It reports
// whether it has looked before, during and after its time, and fails the test if it saw what it shouldn't have.
func watch(t *testing.T, db *pgtest.DB, staff, resident *visit.Visitor, lead time.Duration) bool {
	t.Helper()
	dublin, err := time.LoadLocation("Europe/Dublin")
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, db)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	clock := func() (now time.Time) {
		if err := conn.QueryRow(t.Context(), `select clock_timestamp()`).Scan(&now); err != nil {
			t.Fatal(err)
		}
		return now
	}
	start := clock().Add(lead).Truncate(time.Second)
	end := start.Add(lead.Truncate(time.Second))
	const local = "2006-01-02T15:04:05"
	var made struct{ ID, UpdatedAt string }
	staff.JSON(http.MethodPost, "/api/notices", map[string]string{
		"title": "Fire drill", "body": "Now.", "audience": "company", "timeZone": "Europe/Dublin",
		"startsAt": start.In(dublin).Format(local), "endsAt": end.In(dublin).Format(local),
	}).Want(http.StatusCreated).Decode(&made)
	staff.JSON(http.MethodPost, "/api/notices/"+made.ID+"/publish", map[string]string{"version": made.UpdatedAt}).Want(http.StatusOK)

	var early, seen, late bool
	for !late {
		before := clock()
		page := resident.Get("/api/notices").Want(http.StatusOK)
		after := clock()
		switch shown := strings.Contains(string(page.Body), made.ID); {
		case shown && (after.Before(start) || !before.Before(end)):
			t.Fatalf("shown between %v and %v, but it is for %v to %v", before, after, start, end)
		case !shown && !before.Before(start) && after.Before(end):
			t.Fatalf("not shown between %v and %v, but it is for %v to %v", before, after, start, end)
		case shown:
			seen = true
		case after.Before(start):
			early = true
		default:
			late = !before.Before(end)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return early && seen
}
