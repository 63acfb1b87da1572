package homecsv

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/web/csvfile"
)

func errorFile(t testing.TB, f *File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := ErrorFile(&b, f.Header, f.Delimiter, f.Rows, codes); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// codes stands in for the sentences.
func codes(p Problem) string { return "Wrong: " + string(p.Code) + "." }

func TestErrorFileOfTheSample(t *testing.T) {
	t.Parallel()
	raw := sample(t, "longview-park-75-with-3-bad.csv")
	f := parse(t, raw, Options{})
	out := errorFile(t, f)
	text, marked := strings.CutPrefix(string(out), "\uFEFF")
	if !marked || !strings.HasSuffix(text, "\r\n") {
		t.Error("Excel needs a mark at the start and \\r\\n between lines")
	}
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(all) != 4 {
		t.Fatalf("%d lines, %v", len(all), err)
	}
	if diff := cmp.Diff(append(append([]string{}, f.Header...), "line", "problem"), all[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want := []string{
		"63", "63 Longview Park", "Mill Road", "Ballyhale", "X42 L3Q1", "C", "4 bed detached", "4", "3", "142.3", "Hugo Sharma",
		"not-an-address", "'+353 1 5525381", "31/02/2027", "64",
		"Wrong: bad_email. Wrong: impossible_date.",
	}
	if diff := cmp.Diff(want, all[3]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again := parse(t, out, Options{})
	if again.Unused() != nil {
		t.Errorf("our own columns are called unused: %v", again.Unused())
	}
	wantAgain := []said{
		{2, FieldHouseType, CodeRequired, 0}, {4, FieldPurchaserEmail, CodeBadEmail, 0}, {4, FieldHandoverDate, CodeImpossibleDate, 0},
	}
	if diff := cmp.Diff(wantAgain, problemsOf(again)); diff != "" {
		t.Errorf("imported again (-want +got):\n%s", diff)
	}
	if got := again.Rows[2].Home.PurchaserPhone; got != "+353 1 5525381" {
		t.Errorf("the apostrophe became part of the phone number: %q", got)
	}
	if once, twice := errorFile(t, again), parse(t, errorFile(t, again), Options{}); len(once) == 0 || len(twice.Header) != 16 {
		t.Errorf("the columns of an error file pile up: %q", twice.Header)
	}
}

func TestFormulasInTheErrorFileAreText(t *testing.T) {
	t.Parallel()
	attacks := []string{
		"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00A0=1", "＝1", "=HYPERLINK(\"http://example.org\",\"x\")", "\n=1", "-", "'=1",
	}
	rows := make([]Row, len(attacks))
	for i, a := range attacks {
		rows[i] = Row{Line: i + 2, Cells: []string{a, a}, Problems: []Problem{{Code: CodeRequired}}}
	}
	for _, delimiter := range []string{"", ",", ";", "\t", "|"} {
		var b bytes.Buffer
		if err := ErrorFile(&b, []string{"=header", "x"}, delimiter, rows, func(Problem) string { return "=bad" }); err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\uFEFF")))
		if delimiter != "" {
			r.Comma = rune(delimiter[0])
		}
		all, err := r.ReadAll()
		if err != nil || len(all) != len(attacks)+1 {
			t.Fatalf("%q: %d lines, %v", delimiter, len(all), err)
		}
		for _, line := range all {
			for _, cell := range line {
				if cell == "" || strings.ContainsAny(cell[:1], "=+-@\t\r\n") || strings.HasPrefix(strings.TrimSpace(cell), "=") || strings.HasPrefix(cell, "＝") {
					t.Errorf("%q: the cell %q may be calculated", delimiter, cell)
				}
			}
		}
	}
}

func TestErrorFileOfRaggedRows(t *testing.T) {
	t.Parallel()
	f := parse(t, []byte(plain("1,a,B,extra", "2", "3,\"a,B", "4,d,B")), Options{})
	all := strings.Split(strings.TrimPrefix(string(errorFile(t, f)), "\uFEFF"), "\r\n")
	for i, prefix := range []string{"unit_number,", "1,a,B,2,", "2,,,3,", "3,\"\"\"a,B\",,4,"} {
		if !strings.HasPrefix(all[i], prefix) {
			t.Errorf("line %d is %q, want %q…", i, all[i], prefix)
		}
	}
	if len(all) != 5 || !strings.HasSuffix(all[1], ",extra") {
		t.Errorf("got %q", all)
	}
}

type shortWriter struct{ left int }

var errFull = errors.New("disk full")

func (w *shortWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestErrorFileReportsWriteErrors(t *testing.T) {
	t.Parallel()
	var rows []Row
	for i := range 2000 {
		rows = append(rows, Row{Line: i + 2, Cells: []string{"a"}, Problems: []Problem{{Code: CodeRequired}}})
	}
	for _, room := range []int{0, 10, 5000} {
		if err := ErrorFile(&shortWriter{room}, []string{"x"}, "", rows, codes); !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: %v", room, err)
		}
	}
}

func TestErrorFileRefusesAnImpossibleDelimiter(t *testing.T) {
	t.Parallel()
	if err := ErrorFile(&bytes.Buffer{}, []string{"x"}, "\n", nil, codes); err == nil {
		t.Error("a line end was taken for a delimiter")
	}
}

// TestRoundTrip writes homes as a CSV of ours in every delimiter and reads the
// same homes back.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	odd := full()
	odd.UnitNumber, odd.AddressLine1 = "7", `7 "Old", Street; Upper | Floor`
	odd.PurchaserName, odd.Bedrooms = "O'Shea, Noor", nil
	want := []Home{full(), odd, {UnitNumber: "8", AddressLine1: "x", HouseTypeCode: "C"}}
	for _, d := range delimiters {
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = rune(d)
		var header []string
		for _, f := range Fields() {
			header = append(header, string(f))
		}
		lines := [][]string{header}
		for _, h := range want {
			var line []string
			for _, f := range Fields() {
				line = append(line, csvfile.Defuse(h.Text(f)))
			}
			lines = append(lines, line)
		}
		if err := w.WriteAll(lines); err != nil {
			t.Fatal(err)
		}
		f := parse(t, b.Bytes(), Options{})
		var got []Home
		for _, r := range f.Good() {
			got = append(got, r.Home)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", d, diff)
		}
	}
}
