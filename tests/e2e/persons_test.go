package e2e

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/e2e/visit"
)

// foundIn lists every column of every table in which a word stands, in any letters, also in bytes and in UTF-16.
func foundIn(t testing.TB, db *pgtest.DB, word string) (found []string) {
	t.Helper()
	conn := connect(t, db)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	rows, err := conn.Query(t.Context(), `
		select c.relname::text, a.attname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
		where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped order by 1, 2`)
	if err != nil {
		t.Fatal(err)
	}
	type column struct{ Table, Name string }
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[column])
	if err != nil || len(columns) < 300 {
		t.Fatalf("%d columns, %v", len(columns), err)
	}
	for _, c := range columns {
		var n int
		text := pgx.Identifier{c.Name}.Sanitize() + "::text"
		err := conn.QueryRow(t.Context(), fmt.Sprintf(`select count(*) from %[1]s where position($1 in lower(%[2]s)) > 0
			or position($2 in %[2]s) > 0 or position($3 in replace(%[2]s, '00', '')) > 0`, pgx.Identifier{c.Table}.Sanitize(), text),
			word, hex.EncodeToString([]byte(word)), hex.EncodeToString([]byte(word))).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			found = append(found, c.Table+"."+c.Name)
		}
	}
	return found
}

// TestNothingIsLeftOfAnErasedPerson: Zanabria buys a home, comes in, asks for another; every word that came from her
// is unlike any other. Then she is erased, while she is signed in.
func TestNothingIsLeftOfAnErasedPerson(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	staff := signIn(t, s, company.Email)
	const email, name, phone = "zanabria@canarywood.example.org", "Zanabria Canarywood", "+353 1 555 0177"
	canaries := []string{"canarywood", "zanabria", "555 0177"}
	const header = "unit_number,address_line_1,house_type,bedrooms,handover_date,purchaser_name,purchaser_email,purchaser_phone\n"
	development := createDevelopment(t, staff, "Longview Park")
	line := func(number, name, email string) string {
		return fmt.Sprintf("%s,%s Longview Park,B,3,,%s,%s,%s\n", number, number, name, email, phone)
	}
	first, _ := preview(t, staff, development, "homes.csv", []byte(header+line("1", name, email)+line("2", "Rosa Example", "rosa@example.org")))
	commit(t, staff, first)
	// The second changes her entry, which keeps the first as it was, and has a line of hers with a mistake.
	bad := strings.Replace(line("3", name, email), ",3,,", ",many,,", 1)
	second, i := preview(t, staff, development, "homes-2.csv", []byte(header+line("1", name+"-Doyle", strings.ToUpper(email))+bad))
	if i.Changed != 1 || i.Errors != 1 {
		t.Fatalf("the second file: %s", i.counts())
	}
	commit(t, staff, second)
	ids, _ := homesOf(t, staff, development)
	home := "/homes/" + ids["1"]
	open, _ := preview(t, staff, development, "homes-3.csv", []byte(header+line("1", name, email)))

	staff.Form(staff.Get(home).Want(200), "/link").Send().Want(200)
	link := linkInOutbox(t, staff, email)
	her := enterHome(t, s, link)
	her.Get("/").Want(200).Says("1 Longview Park")
	asks := visit.New(t, s.Tenant.URL)
	asks.Form(asks.Get("/sign-in"), "/sign-in").Set("email", email).Send().Want(200)
	var unused string
	waitFor(t, "the mail", func() bool { unused = linkInOutbox(t, staff, email); return unused != link })
	claim := request(t, s.DB, "/homes/"+ids["2"], name, email)
	staff.JSON(http.MethodPost, "/api/requests/"+claim+"/reject", map[string]string{}).Want(200)
	request(t, s.DB, "/homes/"+ids["2"], name, email)

	resident := lookUp[string](t, s.DB, "select id::text from residents where email = $1", email)
	page := staff.Get("/residents/"+resident).Want(200).Says(name, "1 Longview Park")
	file := staff.Form(page, "/export").Send().Want(200)
	var export struct{ Tables map[string][]json.RawMessage }
	file.Decode(&export)
	places := map[string]bool{}
	for _, canary := range canaries {
		found := foundIn(t, s.DB, canary)
		if len(found) == 0 {
			t.Fatalf("%q is nowhere: this proves nothing", canary)
		}
		for _, column := range found {
			table, _, _ := strings.Cut(column, ".")
			places[column] = true
			if len(export.Tables[table]) == 0 && table != "idempotency_keys" {
				t.Errorf("%q stands in %s, and the export has nothing of it", canary, column)
			}
		}
	}
	t.Logf("she stands in %d columns: %v", len(places), places)
	if len(places) < 15 {
		t.Errorf("she stands in %d columns only: %v", len(places), places)
	}

	question := staff.Get(page.LinkTo("/erase")).Want(200).Says("can’t be undone", email)
	wrong := staff.Form(question, "/erase").Set("address", "rosa@example.org").Send().Want(http.StatusUnprocessableEntity)
	her.JSON(http.MethodGet, "/api/home", nil).Want(200)
	staff.Form(wrong, "/erase").Set("address", email).Send().Want(200).Says("The person was erased", "Ada Example erased a person")

	for _, canary := range canaries[:2] {
		if found := foundIn(t, s.DB, canary); len(found) != 0 {
			t.Errorf("%q is left in %v", canary, found)
		}
	}
	if n := lookUp[int](t, s.DB, "select count(*) from units where purchaser_phone <> ''"); n != 1 {
		t.Errorf("%d homes have a buyer's telephone, want Rosa's", n)
	}
	her.JSON(http.MethodGet, "/api/home", nil).Want(http.StatusUnauthorized)
	visit.New(t, s.Tenant.URL).JSON(http.MethodPost, "/api/link/"+path.Base(unused), map[string]string{}).Want(http.StatusNotFound)
	asks.Form(asks.Get("/sign-in"), "/sign-in").Set("email", email).Send().Want(200)
	staff.Get("/residents/" + resident).Want(http.StatusNotFound)
	staff.Get(open).Want(http.StatusNotFound) // the file that was not imported yet
	staff.Get(second).Want(200).Says("homes-2.csv")
	staff.Get(second + "/errors.csv").Want(200)
	staff.Get(home).Want(200).Says("Nobody has bought this home yet")
	staff.Get("/requests").Want(200).Says("Nobody is waiting")
	if n := lookUp[int](t, s.DB, "select count(*) from mail_outbox where to_email = $1", email); n != 0 {
		t.Errorf("%d mails to her", n)
	}
}
