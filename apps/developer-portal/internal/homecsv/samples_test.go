package homecsv

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		encoding Encoding
		delim    string
		good     int
		problems []said
	}{
		{"longview-park-20.csv", UTF8, ",", 20, nil},
		{"longview-park-75-with-3-bad.csv", UTF8, ",", 72, []said{
			{18, FieldHouseType, CodeRequired, 0},
			{42, FieldUnitNumber, CodeDuplicateHome, 13},
			{64, FieldPurchaserEmail, CodeBadEmail, 0},
			{64, FieldHandoverDate, CodeImpossibleDate, 0},
		}},
		{"messy-headers-semicolon.csv", UTF8BOM, ";", 40, nil},
		{"windows-1252.csv", Windows1252, ",", 15, nil},
		{"utf-16.csv", UTF16LE, "\t", 15, nil},
		{"ten-thousand.csv", UTF8, ",", 10000, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			raw := sample(t, c.name)
			f := parse(t, raw, Options{})
			if f.Encoding != c.encoding || f.Delimiter != c.delim {
				t.Errorf("read as %s with %q, want %s with %q", f.Encoding, f.Delimiter, c.encoding, c.delim)
			}
			if got := len(f.Good()); got != c.good {
				t.Errorf("%d good rows, want %d", got, c.good)
			}
			if diff := cmp.Diff(c.problems, problemsOf(f)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if f.DateOrder != DayFirst || f.DateAmbiguous {
				t.Errorf("dates: %s, ambiguous %v", f.DateOrder, f.DateAmbiguous)
			}
			if unused := f.Unused(); unused != nil {
				t.Errorf("unused columns: %+v", unused)
			}
			compareWithFile(t, decodeByHand(t, raw, c.encoding), rune(c.delim[0]), f)
			again := parse(t, raw, Options{KnownTypes: HouseTypes(f.Rows)})
			if diff := cmp.Diff(f, again); diff != "" {
				t.Errorf("the second import differs:\n%s", diff)
			}
			for i, r := range again.Rows {
				if !f.Rows[i].Home.Equal(r.Home) {
					t.Errorf("line %d would change on the second import", r.Line)
				}
			}
		})
	}
}

// decodeByHand shares no code with the package. The accents of the cp1252
// sample are all in Latin-1.
func decodeByHand(t *testing.T, raw []byte, e Encoding) string {
	t.Helper()
	switch e {
	case UTF16LE:
		var units []uint16
		for i := 2; i < len(raw); i += 2 {
			units = append(units, uint16(raw[i])|uint16(raw[i+1])<<8)
		}
		return string(utf16.Decode(units))
	case Windows1252:
		var b strings.Builder
		for _, c := range raw {
			b.WriteRune(rune(c))
		}
		return b.String()
	}
	return strings.TrimPrefix(string(raw), "\uFEFF")
}

// compareWithFile checks every value of every good row against the file as the
// standard library reads it. All samples have the same columns in the same
// order, without quoted line ends.
func compareWithFile(t *testing.T, text string, comma rune, f *File) {
	t.Helper()
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = comma
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(all)-1 != len(f.Rows) {
		t.Fatalf("%d rows, the file has %d", len(f.Rows), len(all)-1)
	}
	fields := Fields()[1:] // the samples have no block
	for i, row := range f.Rows {
		if row.Line != i+2 {
			t.Fatalf("row %d on line %d", i, row.Line)
		}
		if !row.Good() {
			continue
		}
		for c, field := range fields {
			want := all[i+1][c]
			switch field {
			case FieldFloorArea:
				want = strings.TrimSuffix(want, ".0")
			case FieldHandoverDate:
				if len(want) == 10 && want[2] == '/' {
					want = want[6:] + "-" + want[3:5] + "-" + want[:2]
				}
			}
			if got := row.Home.Text(field); got != want {
				t.Errorf("line %d %s: %q, want %q", row.Line, field, got, want)
			}
		}
	}
}

func TestAccentsSurvive(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"windows-1252.csv":            {"1 Páirc an Mhuilinn", "?or?e Fernández", "Eoin Ní Dhálaigh", "Lucía Þórsson"},
		"utf-16.csv":                  {"1 Páirc an Mhuilinn", "Noor Petrović", "Ólafur Þórsson", "Siân Kowalska"},
		"messy-headers-semicolon.csv": {"Ráth Bhoth", "Amara Nguyễn", "Ciarán Lefèvre"},
	} {
		out, err := json.Marshal(parse(t, sample(t, name), Options{}).Rows)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !bytes.Contains(out, []byte(w)) {
				t.Errorf("%s: %s is lost", name, w)
			}
		}
	}
}

func TestBadSampleProblems(t *testing.T) {
	t.Parallel()
	f := parse(t, sample(t, "longview-park-75-with-3-bad.csv"), Options{})
	var got []Problem
	for _, r := range f.Bad() {
		got = append(got, r.Problems...)
	}
	want := []Problem{
		{Line: 18, Column: 7, Field: FieldHouseType, Code: CodeRequired},
		{Line: 42, Field: FieldUnitNumber, Code: CodeDuplicateHome, Value: "12", OtherLine: 13},
		{Line: 64, Column: 12, Field: FieldPurchaserEmail, Code: CodeBadEmail, Value: "not-an-address"},
		{Line: 64, Column: 14, Field: FieldHandoverDate, Code: CodeImpossibleDate, Value: "31/02/2027"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMessyHeadersMeanTheSame(t *testing.T) {
	t.Parallel()
	f := parse(t, sample(t, "messy-headers-semicolon.csv"), Options{})
	var got []Field
	for _, c := range f.Columns {
		got = append(got, c.Field)
		if len(c.Examples) != maxExamples {
			t.Errorf("column %q has examples %q", c.Header, c.Examples)
		}
	}
	if diff := cmp.Diff(Fields()[1:], got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if first := f.Rows[0].Home; first.HouseTypeCode != "D" || first.HouseType != "1 bed apartment" {
		t.Errorf("type %q, name %q", first.HouseTypeCode, first.HouseType)
	}
}

func TestHouseTypesOfTheSample(t *testing.T) {
	t.Parallel()
	types := HouseTypes(parse(t, sample(t, "longview-park-75-with-3-bad.csv"), Options{}).Rows)
	got := map[string]string{}
	for _, ht := range types {
		got[ht.Code] = ht.Name + " " + strconv.Itoa(*ht.Bedrooms) + " " + strconv.Itoa(*ht.Bathrooms)
	}
	want := map[string]string{
		"A": "2 bed terrace 2 1", "B": "3 bed semi-detached 3 2", "C": "4 bed detached 4 3", "D": "1 bed apartment 1 1",
	}
	if diff := cmp.Diff(want, got); diff != "" || len(types) != 4 {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
