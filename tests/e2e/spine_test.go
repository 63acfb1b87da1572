package e2e

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"openhouse.example/tests/e2e/samples"
	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

// TestEverySample brings every sample file in through the pages, into a development of its own, and compares what
// the portal then says with the file, cell for cell.
func TestEverySample(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	for _, sample := range samples.All {
		t.Run(sample.Name, func(t *testing.T) {
			t.Parallel()
			v := signIn(t, s, company.Email)
			development := createDevelopment(t, v, "Development of "+sample.Name)
			good, bad := len(sample.Homes(t)), len(sample.Bad)

			address, i := preview(t, v, development, sample.Name, sample.Bytes(t))
			wantCounts(t, i, fmt.Sprintf("previewed: %d rows, %d new, 0 changed, 0 unchanged, %d errors", good+bad, good, bad))
			if i.DateAmbiguous {
				t.Error("its dates can be read in one way only")
			}
			page := v.Get(address).Want(200)
			compareBadLines(t, v, page, sample)
			if n := homesIn(t, v, development); n != 0 {
				t.Fatalf("%d homes before anybody has agreed", n)
			}

			i = commit(t, v, address)
			wantCounts(t, i, fmt.Sprintf("committed: %d rows, %d new, 0 changed, 0 unchanged, %d errors", good+bad, good, bad))
			compareHomes(t, s, v, development, sample)

			again, i := preview(t, v, development, sample.Name, sample.Bytes(t))
			wantCounts(t, i, fmt.Sprintf("previewed: %d rows, 0 new, 0 changed, %d unchanged, %d errors", good+bad, good, bad))
			for _, form := range v.Get(again).Want(200).Page().All("form") {
				if strings.HasSuffix(form.Attrs["action"], "/commit") {
					t.Error("there is nothing to save, but a button for it")
				}
			}
		})
	}
}

// compareBadLines looks at the rows that can't be imported: on the page, with their numbers, and in the file to
// correct, with every cell as it was.
func compareBadLines(t *testing.T, v *visit.Visitor, page *visit.Answer, sample samples.Sample) {
	t.Helper()
	if len(sample.Bad) == 0 {
		if strings.Contains(string(page.Body), "errors.csv") {
			t.Error("the page offers a file of errors, but there are none")
		}
		return
	}
	var names []string
	for _, th := range page.Page().All("thead")[0].All("th") {
		names = append(names, th.Text())
	}
	var lines []string
	for _, row := range page.Rows() {
		lines = append(lines, row[slices.Index(names, "Line")])
	}
	if want := fmt.Sprint(sample.Bad); fmt.Sprint(lines) != want {
		t.Errorf("the page shows errors on lines %v, the file has them on %s", lines, want)
	}
	if sample.Name == "longview-park-75-with-3-bad.csv" {
		page.Says("House type is missing", "already on line 13", "not-an-address", "31/02/2027")
	}

	file := v.Get(page.LinkTo("/errors.csv")).Want(200)
	if kind := file.Header.Get("Content-Type"); kind != "text/csv; charset=utf-8" || !strings.HasPrefix(file.Header.Get("Content-Disposition"), "attachment;") {
		t.Errorf("the file of errors comes as %s, %s", kind, file.Header.Get("Content-Disposition"))
	}
	text, marked := strings.CutPrefix(string(file.Body), "\uFEFF")
	if !marked {
		t.Error("the file of errors has no mark for Excel")
	}
	reader := csv.NewReader(strings.NewReader(text))
	reader.Comma = sample.Comma
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatalf("the file of errors: %v\n%s", err, text)
	}
	cells := sample.Cells(t)
	want := [][]string{append(slices.Clone(cells[0]), "line", "problem")}
	for _, line := range sample.Bad {
		want = append(want, append(slices.Clone(cells[line-1]), strconv.Itoa(line)))
	}
	if len(rows) != len(want) {
		t.Fatalf("the file of errors has %d rows, want %d:\n%s", len(rows), len(want), text)
	}
	for i := range want {
		if i > 0 {
			if rows[i][len(rows[i])-1] == "" {
				t.Errorf("row %d of the file of errors does not say what is wrong", i)
			}
			rows[i] = rows[i][:len(rows[i])-1]
		}
		for c := range rows[i] {
			rows[i][c] = strings.TrimPrefix(rows[i][c], "'") // the mark that keeps a sheet from calculating
		}
		if !slices.Equal(rows[i], want[i]) {
			t.Errorf("row %d of the file of errors:\n got %q\nwant %q", i, rows[i], want[i])
		}
	}
}

// listed is a home in the JSON of a list.
type listed struct{ ID, UnitNumber string }

// homesOf reads a development's homes, page by page, by number.
func homesOf(t testing.TB, v *visit.Visitor, development string) (homes map[string]string, total int) {
	t.Helper()
	homes = map[string]string{}
	for next := "/api" + development + "/homes"; next != ""; {
		var page struct {
			Homes []listed
			Total int
			Next  string
		}
		v.JSON(http.MethodGet, next, nil).Want(200).Decode(&page)
		for _, h := range page.Homes {
			if homes[h.UnitNumber] != "" {
				t.Fatalf("home %s is listed twice", h.UnitNumber)
			}
			homes[h.UnitNumber] = h.ID
		}
		total, next = page.Total, page.Next
	}
	return homes, total
}

func homesIn(t testing.TB, v *visit.Visitor, development string) int {
	t.Helper()
	homes, _ := homesOf(t, v, development)
	return len(homes)
}

// home is a home as a program sees it.
type home struct {
	ID, UnitNumber, Block, AddressLine1, AddressLine2, City, Postcode string
	HouseTypeCode, HouseTypeName, Status                              string
	Bedrooms, Bathrooms                                               *int
	FloorAreaM2                                                       *float64
	HandoverDate                                                      string
	PurchaserName, PurchaserEmail, PurchaserPhone                     string
}

// asRow is the home in the words of the file.
func (h home) asRow(line int) samples.Home {
	whole := func(n *int) string {
		if n == nil {
			return ""
		}
		return strconv.Itoa(*n)
	}
	area := ""
	if h.FloorAreaM2 != nil {
		area = strconv.FormatFloat(*h.FloorAreaM2, 'f', -1, 64)
	}
	return samples.Home{
		Line: line, Number: h.UnitNumber, Address1: h.AddressLine1, Address2: h.AddressLine2, City: h.City, Postcode: h.Postcode,
		TypeCode: h.HouseTypeCode, TypeName: h.HouseTypeName, Bedrooms: whole(h.Bedrooms), Bathrooms: whole(h.Bathrooms), Area: area,
		BuyerName: h.PurchaserName, BuyerEmail: h.PurchaserEmail, BuyerPhone: h.PurchaserPhone, Date: h.HandoverDate,
	}
}

// readers is in how many parts the homes of a file are looked at, side by side.
const readers = 4

// compareHomes looks at every home: as JSON against every cell of its row, and, in files that a person would read to
// the end, on its page too.
func compareHomes(t *testing.T, s *stack.Stack, v *visit.Visitor, development string, sample samples.Sample) {
	t.Helper()
	want := sample.Homes(t)
	ids, total := homesOf(t, v, development)
	if len(ids) != len(want) || total != len(want) {
		t.Fatalf("%d homes are listed and %d counted, the file has %d", len(ids), total, len(want))
	}
	token := v.Cookie("oh_staff")
	t.Run("homes", func(t *testing.T) {
		for part := range readers {
			t.Run(fmt.Sprintf("part %d", part+1), func(t *testing.T) {
				t.Parallel()
				reader := visit.New(t, s.Developer.URL)
				reader.Token = token
				wrong := 0
				for i := part; i < len(want) && wrong < 3; i += readers { // after three the rest would be wrong in the same way
					id := ids[want[i].Number]
					if !compareHome(t, reader, id, want[i]) || len(want) <= 100 && !compareHomePage(t, reader, id, want[i]) {
						wrong++
					}
				}
			})
		}
	})
}

func compareHome(t *testing.T, v *visit.Visitor, id string, row samples.Home) (same bool) {
	t.Helper()
	answer := v.JSON(http.MethodGet, "/api/homes/"+id, nil)
	var h home
	if answer.Status != http.StatusOK {
		t.Errorf("line %d: its home answers %d", row.Line, answer.Status)
		return false
	}
	answer.Decode(&h)
	got := h.asRow(row.Line)
	if got != row {
		t.Errorf("line %d:\n got %+v\nwant %+v", row.Line, got, row)
	}
	return got == row
}

func compareHomePage(t *testing.T, v *visit.Visitor, id string, row samples.Home) (same bool) {
	t.Helper()
	page := v.Get("/homes/" + id)
	if page.Status != http.StatusOK {
		t.Errorf("line %d: its page answers %d", row.Line, page.Status)
		return false
	}
	same = true
	seen := page.Text()
	for _, cell := range []string{row.Address1, row.Address2, row.City, row.Postcode} {
		if !strings.Contains(seen, cell) {
			t.Errorf("line %d: the page does not say %q", row.Line, cell)
			same = false
		}
	}
	var values []string
	for _, f := range page.Facts() {
		values = append(values, f.Value)
	}
	for _, cell := range []string{
		row.Number, row.TypeCode + " · " + row.TypeName, row.Bedrooms, row.Bathrooms, row.Area + " m²", row.BuyerName, row.BuyerEmail,
		row.BuyerPhone, shortDate(t, row.Date),
	} {
		if !slices.Contains(values, cell) {
			t.Errorf("line %d: the page has the values %q, %q is missing", row.Line, values, cell)
			same = false
		}
	}
	return same
}

func day(t testing.TB, iso string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func shortDate(t testing.TB, iso string) string { t.Helper(); return day(t, iso).Format("2 Jan 2006") }

func longDate(t testing.TB, iso string) string {
	t.Helper()
	return day(t, iso).Format("2 January 2006")
}

// TestAmbiguousDates: a file whose dates can be read two ways says which way was taken, and lets a person change it
// before anything is saved.
func TestAmbiguousDates(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	v := signIn(t, s, company.Email)
	const file = "unit_number,address_line_1,house_type,handover_date\n1,1 Mill Road,B,03/04/2027\n2,2 Mill Road,B,05/06/2027\n"
	for choice, want := range map[string][]string{"day_first": {"2027-04-03", "2027-06-05"}, "month_first": {"2027-03-04", "2027-05-06"}} {
		development := createDevelopment(t, v, "Dates "+choice)
		address, i := preview(t, v, development, "dates.csv", []byte(file))
		if !i.DateAmbiguous || i.DateOrder != "day_first" {
			t.Errorf("dates are %s, ambiguous: %t", i.DateOrder, i.DateAmbiguous)
		}
		page := v.Get(address).Want(200).Says("03/04/2027", "3 April 2027", "4 March 2027")
		v.Form(page, "/settings").Choose("dateOrder", choice).Want(200)
		if i = settled(t, v, address); i.DateOrder != choice || i.DateAmbiguous {
			t.Errorf("after the choice of %s dates are %s, ambiguous: %t", choice, i.DateOrder, i.DateAmbiguous)
		}
		wantCounts(t, commit(t, v, address), "committed: 2 rows, 2 new, 0 changed, 0 unchanged, 0 errors")
		ids, _ := homesOf(t, v, development)
		for n, number := range []string{"1", "2"} {
			var h home
			v.JSON(http.MethodGet, "/api/homes/"+ids[number], nil).Want(200).Decode(&h)
			if h.HandoverDate != want[n] {
				t.Errorf("%s: home %s is handed over on %s, want %s", choice, number, h.HandoverDate, want[n])
			}
		}
	}
}
