package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"openhouse.example/tests/e2e/visit"
)

// wrongFile is a file that a person could give in by mistake, or somebody with intent.
type wrongFile struct {
	name    string
	content string
	says    []string // what the page says in the end
	good    int      // rows that can be saved all the same
	bad     int      // rows that can't
}

const columnNames = "unit_number,address_line_1,house_type,bedrooms,purchaser_email,handover_date\n"

func workbook(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range []string{"[Content_Types].xml", "xl/workbook.xml"} {
		w, err := z.Create(part)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("<x/>")); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func wrongFiles(t *testing.T) []wrongFile {
	t.Helper()
	const row = "1,1 Mill Road,B,3,a@example.org,2027-01-02\n"
	return []wrongFile{
		{name: "empty.csv", content: "", says: []string{"empty"}},
		{name: "blank lines.csv", content: "\r\n \r\n\t\r\n", says: []string{"empty"}},
		{name: "only separators.csv", content: ",,,\n,,,\n", says: []string{"empty"}},
		{name: "header only.csv", content: columnNames, says: []string{"no homes"}},
		{name: "workbook.xlsx", content: workbook(t), says: []string{"Excel workbook", "Save as CSV"}},
		{name: "workbook called.csv", content: workbook(t), says: []string{"Excel workbook", "Save as CSV"}},
		{name: "old workbook.xls", content: "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 600), says: []string{"old Excel workbook"}},
		{name: "brochure.pdf", content: "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj", says: []string{"a PDF"}},
		{name: "plan.png", content: "\x89PNG\r\n\x1A\n\x00\x00\x00\rIHDR", says: []string{"a picture (PNG)"}},
		{name: "page.csv", content: "<!DOCTYPE html><script>alert(1)</script>", says: []string{"a web page"}},
		{name: "200 columns.csv", content: strings.TrimSuffix(columnNames, "\n") + strings.Repeat(",extra", 194) + "\n" + strings.Repeat("x,", 199) + "x\n", says: []string{"200 columns"}},
		{name: "too many rows.csv", content: columnNames + strings.Repeat(row, 20_001), says: []string{"more than 20,000 rows"}},
		{name: "no address.csv", content: "unit_number,house_type\n1,B\n", says: []string{"No column was found for", "Address line 1"}},
		{name: "two e-mail columns.csv", content: "unit,address,type,email,E-Mail\n1,1 Mill Road,B,a@example.org,b@example.org\n", says: []string{"More than one column"}},
		{name: "NULs.csv", content: columnNames + "1,1 Mill\x00 Road,B,3,,\n", says: []string{"not text"}},
		{name: "utf-32.csv", content: "\xFF\xFE\x00\x00u\x00\x00\x00n\x00\x00\x00", says: []string{"UTF-32"}},
		{name: "control characters.csv", content: columnNames + "1,1 Mill\x07 Road,B,3,,\n", says: []string{"control character"}, bad: 1},
		{name: "lost letters.csv", content: columnNames + "1,Páirc an Mhuilinn óó,B,3,,\n2,Caf\xE9,B,3,,\n", says: []string{"lost"}, good: 1, bad: 1},
		{name: "open quote.csv", content: columnNames + "1,\"1 Mill Road,B,3,,\n2,2 Mill Road,B,3,,\n", says: []string{"quotation mark opened on line 2"}, good: 1, bad: 1},
		{name: "open quote in the header.csv", content: "unit_number,\"address_line_1,house_type\n1,1 Mill Road,B\n", says: []string{"quotation mark opened on line 1"}},
		{name: "duplicates.csv", content: columnNames + row + row + row, says: []string{"already on line 2"}, good: 1, bad: 2},
		{name: "only errors.csv", content: columnNames + "1,,B,3,,\n2,2 Mill Road,,3,,\n", says: []string{"Address line 1 is missing", "House type is missing"}, bad: 2},
		{name: "too few cells.csv", content: columnNames + "1,1 Mill Road\n" + row, says: []string{"has 2 cells"}, good: 1, bad: 1},
		{
			name: "senseless values.csv", content: columnNames + "1,1 Mill Road,B,many,a@b@c,2027-02-30\n2,2 Mill Road,B,-1,x,soon\n3,3 Mill Road,B,99,a@example.org,1066-10-14\n",
			says: []string{"“many” is not a whole number", "“a@b@c” is not one e-mail address", "“2027-02-30” is not a day", "“soon” can’t be read as a date", "more than"}, bad: 3,
		},
		{name: "contradiction.csv", content: columnNames + row + "2,2 Mill Road,B,4,,\n", says: []string{"3 bedrooms on line 2"}, good: 1, bad: 1},
		{name: "very long cell.csv", content: columnNames + "1," + strings.Repeat("x", 5000) + ",B,3,,\n", says: []string{"longer than 200 characters"}, bad: 1},
		{name: "markup.csv", content: columnNames + "<b>1</b>,<script>alert(1)</script>,B,3,,31/02/2027\n", says: []string{"31/02/2027"}, bad: 1},
		{name: "../../etc/passwd", content: columnNames + row, says: []string{"passwd"}, good: 1},
	}
}

// TestWrongFiles gives each of them in through the page: the portal says what is wrong, in words for the person who
// has the file open, and saves nothing by itself.
func TestWrongFiles(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	v := signIn(t, s, company.Email)
	development := createDevelopment(t, v, "Longview Park")
	t.Run("each", func(t *testing.T) { // returns when all of them have ended
		for _, f := range wrongFiles(t) {
			t.Run(strings.ReplaceAll(f.name, "/", "_"), func(t *testing.T) {
				t.Parallel()
				v := visit.New(t, s.Developer.URL)
				v.Token = s.Token(t, company)
				tryWrongFile(t, v, development, f)
			})
		}
	})
	if n := lookUp[int](t, s.DB, "select count(*) from units"); n != 0 {
		t.Errorf("%d homes were made without anybody's consent", n)
	}
}

func tryWrongFile(t *testing.T, v *visit.Visitor, development string, f wrongFile) {
	t.Helper()
	page := upload(v, development, f.name, []byte(f.content))
	if page.Status == http.StatusOK {
		i := settled(t, v, page.URL.Path)
		if state := map[bool]string{true: "previewed", false: "failed"}[f.good+f.bad > 0]; i.State != state || i.New != f.good || i.Errors != f.bad {
			t.Errorf("the import is %s; want %s with %d good rows and %d bad ones", i.counts(), state, f.good, f.bad)
		}
		page = v.Get(page.URL.Path)
	}
	page.Says(f.says...)
	wantNone(t, string(page.Body), "<script>alert", "<b>1</b>", "goroutine", "SQLSTATE", "\x00", "\x07")
	if f.good == 0 && strings.Contains(string(page.Body), "/commit") {
		t.Error("the page offers to save it")
	}
}

// TestNoFile: the form without a file, and with something else in its place.
func TestNoFile(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := signIn(t, s, s.NewCompany("Harbour Homes").Email)
	development := createDevelopment(t, v, "Longview Park")
	form := v.Form(v.Get(development+"/import").Want(200), "/import")
	form.Send().Want(http.StatusUnprocessableEntity).Says("file")
	form.Attach("file", "", nil).Send().Want(http.StatusUnprocessableEntity)
	for kind, body := range map[string]string{
		"multipart/form-data; boundary=x":   "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nunit",
		"multipart/form-data":               "unit,address\n",
		"text/csv":                          columnNames,
		"application/x-www-form-urlencoded": "file=unit%2Caddress",
		"application/json":                  `{"file": "unit,address"}`,
	} {
		answer := v.JSON(http.MethodPost, "/api"+development+"/import", nil)
		if answer.Status < 400 || answer.Status >= 500 {
			t.Errorf("nothing at all is answered %d", answer.Status)
		}
		r := visit.Program(v.Request(http.MethodPost, "/api"+development+"/import", []byte(body)))
		r.Header.Set("Content-Type", kind)
		if answer := v.Do(r); answer.Status < 400 || answer.Status >= 500 {
			t.Errorf("%s is answered %d: %s", kind, answer.Status, answer.Body)
		}
	}
	if n := lookUp[int](t, s.DB, "select count(*) from imports"); n != 0 {
		t.Errorf("%d imports were begun", n)
	}
}

// TestFormulas: a cell that a spreadsheet would calculate comes back in the file of errors as text, and can be
// imported again as it was meant.
func TestFormulas(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := signIn(t, s, s.NewCompany("Harbour Homes").Email)
	development := createDevelopment(t, v, "Longview Park")
	formulas := []string{`=HYPERLINK("http://example.org","x")`, "@SUM(1+1)", "+1+2", "-2+3", "=cmd|' /C calc'!A0", "\t=1+1"}
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	if err := w.Write(strings.Split(strings.TrimSpace(columnNames), ",")); err != nil {
		t.Fatal(err)
	}
	for i, f := range formulas {
		if err := w.Write([]string{fmt.Sprint(i + 1), f, "B", "3", "", "31/02/2027"}); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	address, i := preview(t, v, development, "formulas.csv", file.Bytes())
	wantCounts(t, i, fmt.Sprintf("previewed: %d rows, 0 new, 0 changed, 0 unchanged, %d errors", len(formulas), len(formulas)))
	errors := v.Get(address + "/errors.csv").Want(200)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(errors.Body), "\uFEFF"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("a spreadsheet would calculate %q", cell)
			}
		}
	}
	corrected := strings.ReplaceAll(string(errors.Body), "31/02/2027", "28/02/2027")
	address, i = preview(t, v, development, "corrected.csv", []byte(corrected))
	wantCounts(t, i, fmt.Sprintf("previewed: %d rows, %d new, 0 changed, 0 unchanged, 0 errors", len(formulas), len(formulas)))
	commit(t, v, address)
	ids, _ := homesOf(t, v, development)
	for i, f := range formulas {
		var h home
		v.JSON(http.MethodGet, "/api/homes/"+ids[fmt.Sprint(i+1)], nil).Want(200).Decode(&h)
		if h.AddressLine1 != strings.TrimSpace(f) {
			t.Errorf("the formula %q came through as %q", f, h.AddressLine1)
		}
	}
}
