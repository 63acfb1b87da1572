package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
)

func TestBadRowsAreShownWithTheirLines(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.preview(t, "seventy-five.csv", sample(t, "longview-park-75-with-3-bad.csv"))
	type wrong struct {
		Line  int
		Codes string
	}
	var got []wrong
	for _, r := range o.imported(i.ID, "?show=error").List {
		w := wrong{Line: r.Line}
		for _, p := range r.Problems {
			w.Codes += p.Code + " "
		}
		if r.Line == 18 && r.Problems[0].Message != "House type is missing." {
			t.Errorf("a program is told %q", r.Problems[0].Message)
		}
		got = append(got, w)
	}
	want := []wrong{{18, "required "}, {42, "duplicate_home "}, {64, "bad_email impossible_date "}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bad rows (-want +got):\n%s", diff)
	}
	o.Get("/imports/"+i.ID).Is(t, http.StatusOK).Says(t, "3 rows can’t be imported", "Save 72 homes", "House type is missing.",
		"This home is already on line 13.", "not-an-address", "4 house types are new and will be made")
	o.Get("/imports/"+i.ID+"?show=new").Is(t, http.StatusOK).Says(t, "1–50 of 72", "page=2", "1 Longview Park")
	o.Get("/imports/"+i.ID+"?show=new&page=2").Is(t, http.StatusOK).Says(t, "51–72 of 72")
	o.Get("/imports/"+i.ID+"?show=nonsense").Is(t, http.StatusUnprocessableEntity)
}

func TestTheErrorFileIsCorrectedAndImported(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	content := sample(t, "longview-park-75-with-3-bad.csv")
	content = bytes.Replace(content, []byte("Niamh Þórsson"), []byte(`"=HYPERLINK(""https://evil.example.org"")"`), 1)
	i := o.preview(t, "Höfe.csv", content)
	a := o.Get("/imports/"+i.ID+"/errors.csv").Is(t, http.StatusOK)
	if got := a.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment;") || !strings.Contains(got, "-errors.csv") {
		t.Errorf("Content-Disposition %q", got)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.Text, "\uFEFF"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 4 || rows[1][14] != "18" || rows[1][15] != "House type is missing." || rows[3][14] != "64" {
		t.Fatalf("error file:\n%v", rows)
	}
	if name := rows[1][10]; !strings.HasPrefix(name, "'=") {
		t.Errorf("a cell that a spreadsheet would calculate: %q", name)
	}
	o.commit(t, i)
	rows[1][5], rows[1][10] = "C", "Niamh Walsh" // the type that was missing
	rows[2][0], rows[2][1] = "41", "41 Longview Park"
	rows[3][11], rows[3][13] = "buyer00063@example.org", "2027-02-28"
	var mended bytes.Buffer
	w := csv.NewWriter(&mended)
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	again := o.preview(t, "mended.csv", mended.Bytes())
	// Line 18 was a 3 bed home, and type C has four: that is a mistake of the line, too.
	if diff := cmp.Diff(counts{New: 2, Errors: 1}, again.counts()); diff != "" {
		t.Errorf("the corrected file (-want +got):\n%s", diff)
	}
	if row := o.imported(again.ID, "?show=error").List[0]; row.Problems[0].Code != "bedrooms" {
		t.Errorf("problem %+v", row.Problems)
	}
}

func TestChangedHomesKeepWhatTheFileLeavesBlank(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.commit(t, o.preview(t, "twenty.csv", sample(t, "longview-park-20.csv")))
	before := pgtest.Value[string](o.db, `select updated_at::text from units where unit_number = '3'`)
	file := "unit_number,address_line_1,house_type_code,purchaser_email,handover_date\n" +
		"1,1 Longview Park,c,new.buyer@example.org,2027-02-02\n" + // another address; the type is the same in small letters
		"2,2 Longview Lane,B,,\n" + // another street
		"3,3 Longview Park,A,,\n" + // nothing new
		"21,21 Longview Park,B,,\n"
	i := o.preview(t, "changes.csv", []byte(file))
	if diff := cmp.Diff(counts{New: 1, Changed: 2, Unchanged: 1}, i.counts()); diff != "" {
		t.Fatalf("preview (-want +got):\n%s", diff)
	}
	rows := o.imported(i.ID, "?show=changed").List
	if got := fmt.Sprint(rows[0].Changes, rows[1].Changes); got != "[{purchaser_email buyer00001@example.org new.buyer@example.org}] [{address_line_1 2 Longview Park 2 Longview Lane}]" {
		t.Errorf("changes %s", got)
	}
	o.Get("/imports/"+i.ID).Is(t, http.StatusOK).Says(t, "<del>buyer00001@example.org</del>", "<ins>new.buyer@example.org</ins>")
	if done := o.commit(t, i); done.State != "committed" {
		t.Fatalf("%+v", done)
	}
	type home struct{ Address, Buyer, Email, Type, Status string }
	read := func(number string) home {
		t.Helper()
		return home{
			pgtest.Value[string](o.db, `select address_line_1 from units where unit_number = $1`, number),
			pgtest.Value[string](o.db, `select purchaser_name from units where unit_number = $1`, number),
			pgtest.Value[string](o.db, `select purchaser_email from units where unit_number = $1`, number),
			pgtest.Value[string](o.db, `select t.code from units u join house_types t on t.id = u.house_type_id where unit_number = $1`, number),
			pgtest.Value[string](o.db, `select status from units where unit_number = $1`, number),
		}
	}
	want := []home{
		{"1 Longview Park", "Saoirse Dubois", "new.buyer@example.org", "C", "sale_agreed"},
		{"2 Longview Lane", "Aoife Ó Broin", "buyer00002@example.org", "B", "sale_agreed"},
		{"21 Longview Park", "", "", "B", "planned"},
	}
	if diff := cmp.Diff(want, []home{read("1"), read("2"), read("21")}); diff != "" {
		t.Errorf("homes (-want +got):\n%s", diff)
	}
	if after := pgtest.Value[string](o.db, `select updated_at::text from units where unit_number = '3'`); after != before {
		t.Error("a home that nothing is new about was written")
	}
	// What undo will need: the home before, and which home each row was about.
	if got := pgtest.Value[string](o.db, `select before ->> 'purchaser_email' from import_rows where import_id = $1 and unit_number = '1'`, i.ID); got != "buyer00001@example.org" {
		t.Errorf("before-image has %q", got)
	}
	if n := pgtest.Value[int](o.db, `select count(*) from import_rows r join units u on u.id = r.unit_id where r.import_id = $1 and (r.before is null) = (r.state = 'new')`, i.ID); n != 3 {
		t.Errorf("%d of 3 rows know their home", n)
	}
	detail := pgtest.Value[string](o.db, `select detail::text from audit_log where action = 'import.commit' and object_id = $1`, i.ID)
	if !strings.Contains(detail, `"new": 1`) || !strings.Contains(detail, `"changed": 2`) || strings.Contains(detail, "@") {
		t.Errorf("audit detail %s", detail)
	}
}

func TestBedroomsThatContradictTheStoredTypeAreAnErrorOfTheLine(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.addType(o.person.company, o.development, "B") // three bedrooms
	file := "unit_number,address_line_1,house_type_code,bedrooms\n1,1 Mill Road,B,3\n2,2 Mill Road,B,4\n3,3 Mill Road,E,5\n"
	i := o.preview(t, "a.csv", []byte(file))
	if diff := cmp.Diff(counts{New: 2, Errors: 1}, i.counts()); diff != "" {
		t.Fatalf("preview (-want +got):\n%s", diff)
	}
	if got := o.imported(i.ID, "?show=error").List[0]; got.Line != 3 || got.Problems[0].Code != "bedrooms" {
		t.Errorf("%+v", got)
	}
	o.commit(t, i)
	if got := pgtest.Value[string](o.db, `select string_agg(code || ' ' || bedrooms, ', ' order by code) from house_types`); got != "B 3, E 5" {
		t.Errorf("house types %s", got)
	}
}

func TestTheOrderOfDatesCanBeChanged(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	file := "unit_number,address_line_1,house_type,handover_date\n1,1 Mill Road,B,03/04/2027\n2,2 Mill Road,B,05/06/2027\n"
	i := o.preview(t, "dates.csv", []byte(file))
	if !i.DateAmbiguous || i.DateOrder != "day_first" {
		t.Fatalf("ambiguous %t, order %s", i.DateAmbiguous, i.DateOrder)
	}
	o.Get("/imports/"+i.ID).Is(t, http.StatusOK).Says(t, "Is the day or the month first", "“03/04/2027” on line 2 was read as 3 April 2027", "Month first: 4 March 2027")
	a := o.Post("/imports/"+i.ID+"/settings", url.Values{"dateOrder": {"month_first"}, "version": {i.Version}}).Is(t, http.StatusSeeOther)
	if got := a.Header.Get("Location"); got != "/imports/"+i.ID {
		t.Errorf("sent to %s", got)
	}
	now := o.settled(i.ID)
	if now.DateOrder != "month_first" || now.DateAmbiguous || now.New != 2 {
		t.Fatalf("%+v", now)
	}
	o.Post("/imports/"+i.ID+"/settings", url.Values{"dateOrder": {"year_first"}, "version": {now.Version}}).Is(t, http.StatusUnprocessableEntity)
	o.Post("/imports/"+i.ID+"/commit", url.Values{"version": {i.Version}}).Is(t, http.StatusConflict).Says(t, "This import has gone on since you opened the page")
	o.commit(t, now)
	if got := pgtest.Value[string](o.db, `select handover_date::text from units where unit_number = '1'`); got != "2027-03-04" {
		t.Errorf("stored %s", got)
	}
}

func TestTheMeaningOfColumnsCanBeChanged(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.preview(t, "odd.csv", []byte("Nr;Where;Kind;Who\n1;1 Mill Road;B;Aoife Walsh\n2;2 Mill Road;B;\n"))
	if i.State != "failed" || len(i.Problems) == 0 {
		t.Fatalf("state %s, problems %v", i.State, i.Problems)
	}
	o.Get("/imports/"+i.ID).Is(t, http.StatusOK).Says(t, "This file can’t be imported as it is", "No column was found", `name="column2"`, "For example: 1, 2")
	o.Post("/imports/"+i.ID+"/settings", url.Values{"column0": {"no such field"}}).Is(t, http.StatusUnprocessableEntity)
	o.Post("/imports/"+i.ID+"/settings", url.Values{
		"column0": {"unit_number"}, "column1": {"address_line_1"}, "column2": {"house_type"}, "column3": {""}, "version": {i.Version},
	}).Is(t, http.StatusSeeOther)
	now := o.settled(i.ID)
	if now.State != "previewed" || now.New != 2 {
		t.Fatalf("%+v", now)
	}
	// The same field twice is told, and can be mended again.
	o.Post("/imports/"+i.ID+"/settings", url.Values{"column0": {"unit_number"}, "column3": {"unit_number"}}).Is(t, http.StatusSeeOther)
	if twice := o.settled(i.ID); twice.State != "failed" || twice.Problems[0].Code != "bad_mapping" {
		t.Fatalf("%+v", twice)
	}
	o.Post("/imports/"+i.ID+"/settings", url.Values{"column3": {"purchaser_name"}}).Is(t, http.StatusSeeOther)
	o.commit(t, o.settled(i.ID))
	if got := pgtest.Value[string](o.db, `select string_agg(purchaser_name, '|' order by unit_number) from units`); got != "Aoife Walsh|" {
		t.Errorf("buyers %q", got)
	}
}

func TestWrongFilesEndOnAPageThatSaysWhy(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	head := "unit_number,address_line_1,house_type\n"
	wide := strings.Repeat("column,", 200) + "\n" + strings.Repeat("1,", 200) + "\n"
	for name, tc := range map[string]struct{ content, says string }{
		"empty":             {"", "The file is empty"},
		"blanks":            {" \n\n \n", "The file is empty"},
		"only names":        {head, "no homes below"},
		"picture":           {"\x89PNG\r\n\x1A\n\x00\x00\x00\rIHDR", "not a CSV file"},
		"PDF":               {"%PDF-1.7\n%âãÏÓ\n", "a PDF"},
		"workbook":          {"PK\x03\x04xl/workbook.xml[Content_Types].xml", "Excel workbook"},
		"old workbook":      {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 600), "old Excel workbook"},
		"web page":          {"<html><table><tr><td>1</td></tr></table></html>", "web page"},
		"ZIP":               {"PK\x03\x04notes.txt", "ZIP"},
		"NUL":               {head + "1,Mill\x00 Road,B\n", "not text"},
		"UTF-32":            {"\xFF\xFE\x00\x00u\x00\x00\x00", "UTF-32"},
		"200 columns":       {wide, "at most 100"},
		"open quote on top": {"\"unit_number,address_line_1,house_type\n1,2,3\n", "never closed"},
		"no number":         {"address_line_1,house_type\nMill Road,B\n", "Home number"},
		"no type":           {"unit_number,address_line_1\n1,Mill Road\n", "House type"},
		"number twice":      {"unit_number,unit_number,address_line_1,house_type\n1,2,Mill Road,B\n", "More than one column"},
		"too many rows":     {head + strings.Repeat("1,Mill Road,B\n", 20_001), "20,000 rows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := o.upload(o.development, name+".csv", []byte(tc.content), "").Is(t, http.StatusSeeOther)
			id := strings.TrimPrefix(a.Header.Get("Location"), "/imports/")
			if i := o.settled(id); i.State != "failed" {
				t.Fatalf("state %s", i.State)
			}
			o.Get("/imports/"+id).Is(t, http.StatusOK).Says(t, "This file can’t be imported as it is", tc.says, "Choose another file")
			o.Post("/imports/"+id+"/commit", url.Values{}).Is(t, http.StatusConflict)
		})
	}
}

func TestWrongUploads(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	huge := bytes.Repeat([]byte("1,Mill Road,B\n"), 100<<20/14)
	o.upload(o.development, "huge.csv", huge, "").Is(t, http.StatusRequestEntityTooLarge).Says(t, "larger than 10 MB", "Check the file")
	o.upload(o.development, "huge.csv", huge, "", "Accept", "application/json").Is(t, http.StatusRequestEntityTooLarge).Says(t, "too_large", "10 MB")
	just := append([]byte("unit_number,address_line_1,house_type\n1,Mill Road,B\n"), bytes.Repeat([]byte(" "), 10<<20-52)...)
	o.upload(o.development, "just.csv", append(just, "  "...), "").Is(t, http.StatusRequestEntityTooLarge)
	a := o.upload(o.development, "just.csv", just[:10<<20], "").Is(t, http.StatusSeeOther)
	o.settled(strings.TrimPrefix(a.Header.Get("Location"), "/imports/"))

	path := "/developments/" + o.development.String() + "/import"
	o.upload(o.development, "", nil, "").Is(t, http.StatusUnprocessableEntity).Says(t, "Choose the file of homes first")
	o.Post(path, url.Values{}).Is(t, http.StatusUnprocessableEntity).Says(t, "Choose the file of homes first")
	o.Send(http.MethodPost, path, "multipart/form-data; boundary=x", strings.NewReader("nonsense")).Is(t, http.StatusBadRequest)
	if n := pgtest.Value[int](o.db, `select count(*) from imports`); n != 1 {
		t.Errorf("%d imports were stored", n)
	}
}

func TestControlCharactersReachNoPage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.preview(t, "bell.csv", []byte("unit_number,address_line_1,house_type\n1,1 Mill\x07 Road,B\n"+strings.Repeat(" \n", 100)))
	a := o.Get("/imports/"+i.ID).Is(t, http.StatusOK).Says(t, "control character")
	if strings.Contains(a.Text, "\x07") {
		t.Error("the page rings a bell")
	}
}

func TestTheSameUploadTwiceIsOneImport(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	key := uuid.NewString()
	first := o.upload(o.development, "a.csv", sample(t, "longview-park-20.csv"), key).Is(t, http.StatusSeeOther).Header.Get("Location")
	second := o.upload(o.development, "a.csv", sample(t, "longview-park-20.csv"), key).Is(t, http.StatusSeeOther).Header.Get("Location")
	if first != second {
		t.Errorf("%s, then %s", first, second)
	}
	o.upload(o.development, "a.csv", sample(t, "utf-16.csv"), key).Is(t, http.StatusUnprocessableEntity)
	if n := pgtest.Value[int](o.db, `select count(*) from imports`); n != 1 {
		t.Errorf("%d imports", n)
	}
	o.settled(strings.TrimPrefix(first, "/imports/"))
}

func TestADiscardedFileLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.preview(t, "a.csv", sample(t, "longview-park-20.csv"))
	a := o.Post("/imports/"+i.ID+"/discard", url.Values{}).Is(t, http.StatusSeeOther)
	o.Get(a.Header.Get("Location")).Is(t, http.StatusOK).Says(t, "The file was discarded")
	o.Get("/imports/"+i.ID).Is(t, http.StatusNotFound)
	if n := pgtest.Value[int](o.db, `select (select count(*) from imports) + (select count(*) from import_rows) + (select count(*) from units)`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if n := pgtest.Value[int](o.db, `select count(*) from audit_log where action = 'import.discard' and object_id = $1`, i.ID); n != 1 {
		t.Errorf("%d audit entries", n)
	}
	done := o.commit(t, o.preview(t, "a.csv", sample(t, "longview-park-20.csv")))
	o.Post("/imports/"+done.ID+"/discard", url.Values{}).Is(t, http.StatusConflict)
	o.Get("/developments/"+o.development.String()+"/import").Is(t, http.StatusOK).Says(t, "Earlier imports", "a.csv", "Saved", "Nora Byrne")
}

func TestLimitedStaffImportIntoTheirDevelopment(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.addStaff(o.person.company, auth.RoleDeveloper)
	o.limit(p, o.development)
	limited := office{o.site, p, o.development}
	if done := limited.commit(t, limited.preview(t, "a.csv", sample(t, "longview-park-20.csv"))); done.State != "committed" || done.New != 20 {
		t.Errorf("%+v", done)
	}
}
