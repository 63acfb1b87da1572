package homecsv

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDates(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{ // day first / month first, one text if equal
		"2027-02-03":                  "2027-02-03",
		"2027/2/3":                    "2027-02-03",
		"2027.02.03":                  "2027-02-03",
		"20270203":                    "2027-02-03",
		"2027-02-03T00:00:00Z":        "2027-02-03",
		"2027-02-03 10:30":            "2027-02-03",
		"03/04/2027":                  "2027-04-03 2027-03-04",
		"3.4.2027":                    "2027-04-03 2027-03-04",
		"3.4.2027.":                   "2027-04-03 2027-03-04",
		"3-4-27":                      "2027-04-03 2027-03-04",
		"3 4 2027":                    "2027-04-03 2027-03-04",
		"25/12/2027":                  "2027-12-25 date_order",
		"12/25/27 9:05 AM":            "date_order 2027-12-25",
		"2 Feb 2027":                  "2027-02-02",
		"02-Feb-27":                   "2027-02-02",
		"2nd of February, 2027":       "2027-02-02",
		"Tuesday 2 February 2027":     "2027-02-02",
		"Feb. 2, 2027":                "2027-02-02",
		"Sept 30 2027":                "2027-09-30",
		"2027 May 1":                  "2027-05-01",
		"29/02/2028":                  "2028-02-29 date_order",
		"46420":                       "2027-02-02",
		"46420.5":                     "2027-02-02",
		"31/02/2027":                  "impossible_date",
		"31 June 2027":                "impossible_date",
		"00/00/0000":                  "impossible_date",
		"2027-13-01":                  "impossible_date",
		"29/02/2027":                  "impossible_date",
		"99999999":                    "impossible_date",
		"01/01/1900":                  "date_range",
		"2200-01-01":                  "date_range",
		"Feb 2027":                    "bad_date",
		"Q2 2027":                     "bad_date",
		"02/02-2027":                  "bad_date",
		"02/2027":                     "bad_date",
		"1234":                        "bad_date",
		"2/2/027":                     "bad_date",
		"-2-2-2027":                   "bad_date",
		"10:30":                       "bad_date",
		strings.Repeat("1/", 40):      "bad_date",
		"2 Feb Mar 2027":              "bad_date",
		"2027-02-03 and 2027-02-04":   "bad_date",
		"999999999999999999999/01/01": "bad_date",
	} {
		day, month, two := strings.Cut(want, " ")
		if !two {
			month = day
		}
		for order, want := range map[DateOrder]string{DayFirst: day, MonthFirst: month} {
			var h Home
			code, _ := setField(&h, FieldHandoverDate, in, order)
			if got := h.HandoverDate + string(code); got != want {
				t.Errorf("%q, %s: %s, want %s", in, order, got, want)
			}
		}
	}
}

func TestDateOrderOfTheFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header    string
		values    []string
		chosen    DateOrder
		want      DateOrder
		ambiguous bool
		examples  int
		bad       int
	}{
		"a day above 12 decides":        {"handover", []string{"03/04/2027", "25/12/2027"}, "", DayFirst, false, 1, 0},
		"so it does the other way":      {"handover", []string{"03/04/2027", "12/25/2027"}, "", MonthFirst, false, 1, 0},
		"even on the last line":         {"handover", []string{"1/2/27", "1/3/27", "1/4/27", "1/5/27", "1/13/27"}, "", MonthFirst, false, 3, 0},
		"an impossible day decides too": {"handover", []string{"03/04/2027", "31/02/2027"}, "", DayFirst, false, 1, 1},
		"nothing decides":               {"handover", []string{"03/04/2027", "05/06/2027"}, "", DayFirst, true, 2, 0},
		"nothing to decide":             {"handover", []string{"03/03/2027", "2027-05-06"}, "", DayFirst, false, 0, 0},
		"the caller decides":            {"handover", []string{"03/04/2027"}, MonthFirst, MonthFirst, false, 1, 0},
		"the caller against the file":   {"handover", []string{"03/04/2027", "25/12/2027"}, MonthFirst, MonthFirst, false, 1, 1},
		"the name of the column hints":  {"handover (mm/dd/yyyy)", []string{"03/04/2027"}, "", MonthFirst, false, 1, 0},
		"or says what is the default":   {"handover (dd/mm/yyyy)", []string{"03/04/2027"}, "", DayFirst, false, 1, 0},
		"values before the name":        {"handover (mm/dd/yyyy)", []string{"25/04/2027"}, "", DayFirst, false, 0, 0},
		"most of them decide":           {"handover", []string{"25/04/2027", "26/04/2027", "04/27/2027"}, "", DayFirst, false, 0, 1},
		"a draw decides nothing":        {"handover", []string{"25/04/2027", "04/27/2027", "01/02/2027"}, "", DayFirst, true, 1, 1},
	} {
		f := parse(t, []byte(withColumn(c.header, c.values...)), Options{DateOrder: c.chosen})
		if f.DateOrder != c.want || f.DateAmbiguous != c.ambiguous || len(f.DateExamples) != c.examples || len(f.Bad()) != c.bad {
			t.Errorf("%s: %s, ambiguous %v, examples %v, problems %v", name, f.DateOrder, f.DateAmbiguous, f.DateExamples, problemsOf(f))
		}
	}
	f := parse(t, []byte(withColumn("handover", "03/04/2027")), Options{})
	want := []DateExample{{Line: 2, Text: "03/04/2027", DayFirst: "2027-04-03", MonthFirst: "2027-03-04"}}
	if diff := cmp.Diff(want, f.DateExamples); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d, ok := f.Rows[0].Home.Handover(); !ok || d.Month() != 4 || d.Day() != 3 {
		t.Errorf("handover %v, %v", d, ok)
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"142.3": "142.3", "142,3": "142.3", "1,142.35": "1142.35", "1.142,35": "1142.35", "1 142,5": "1142.5",
		"1'142.5": "1142.5", "1,142": "1142", "1.142": "1142", "142,300": "142.3", "12,500": "12.5", "108.0": "108",
		"108 m²": "108", "108m2": "108", "108 sq. m": "108", "82.456": "82.46", "99 Sqm": "99",
		"4": "number_range", "5000": "number_range", "1,142,300": "number_range", "0": "number_range",
		"-54": "bad_number", "54 sq ft": "bad_number", "1..5": "bad_number", "12,34,5": "bad_number", "1,142 300": "bad_number",
		"abc": "bad_number", "5e2": "bad_number", ",5": "bad_number", "54.": "bad_number", "NaN": "bad_number",
		strings.Repeat("9", 30): "bad_number",
	} {
		var h Home
		code, _ := setField(&h, FieldFloorArea, in, DayFirst)
		if got := h.Text(FieldFloorArea) + string(code); got != want {
			t.Errorf("area %q: %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"3": "3", "03": "3", "3.0": "3", "3,00": "3", "3 bed": "3", "3-Bedrooms": "3", "Studio": "0", "0": "0", "20": "20",
		"21": "number_range", "99999999999999999999": "number_range",
		"2.5": "bad_number", "-1": "bad_number", "three": "bad_number", "3 cats": "bad_number", "3+1": "bad_number", "3.": "bad_number",
	} {
		var h Home
		code, _ := setField(&h, FieldBedrooms, in, DayFirst)
		if got := h.Text(FieldBedrooms) + string(code); got != want {
			t.Errorf("bedrooms %q: %s, want %s", in, got, want)
		}
	}
}

func TestContacts(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Anna.Byrne+home@Example.ORG": "anna.byrne+home@example.org",
		"mailto:a@example.org":        "a@example.org",
		"a@sub.example.org":           "a@sub.example.org",
		"not-an-address":              "bad_email", "a@b": "bad_email", "a@@example.org": "bad_email", "@example.org": "bad_email",
		"a@example.org.": "bad_email", "a@-example.org": "bad_email", "a b@example.org": "bad_email", "a@exa_mple.org": "bad_email",
		"Anna <a@example.org>": "bad_email", "a@example.org;b@example.org": "bad_email", `"a b"@example.org`: "bad_email",
		"a@[127.0.0.1]": "bad_email", "a@example.org (home)": "bad_email", strings.Repeat("a", 65) + "@example.org": "bad_email",
		"a@" + strings.Repeat("b", 260) + ".org": "too_long",
	} {
		var h Home
		code, _ := setField(&h, FieldPurchaserEmail, in, DayFirst)
		if got := h.PurchaserEmail + string(code); got != want {
			t.Errorf("e-mail %q: %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]Code{
		"+353 1 5571864": "", "(01) 557-1864": "", "(+353) 1 557.1864": "", "087/5571864 ext. 12": "", "12345": "",
		"1234": CodeBadPhone, "3.53E+12": CodeBadPhone, "call me": CodeBadPhone, "1+23456": CodeBadPhone,
		"123456789012345678901": CodeBadPhone, "0871234567 or 0861234567": CodeBadPhone,
	} {
		var h Home
		code, _ := setField(&h, FieldPurchaserPhone, in, DayFirst)
		if code != want || code == "" && h.PurchaserPhone != in {
			t.Errorf("phone %q: %q %q, want %q", in, h.PurchaserPhone, code, want)
		}
	}
}

func TestPlaceholdersSayNothing(t *testing.T) {
	t.Parallel()
	for _, v := range []string{"-", "–", "n/a", "N/A", "TBC", "tba", "TBD", ""} {
		for _, column := range []string{"handover", "buyer", "email", "phone", "bedrooms", "floor area", "address 2", "city", "postcode"} {
			f := parse(t, []byte(withColumn(column, v)), Options{})
			if len(f.Good()) != 1 {
				t.Fatalf("%s %q: %v", column, v, problemsOf(f))
			}
			want := Home{UnitNumber: "a", AddressLine1: "1 Main Street", HouseTypeCode: "Ta"}
			if diff := cmp.Diff(want, f.Rows[0].Home); diff != "" {
				t.Errorf("%s %q (-want +got):\n%s", column, v, diff)
			}
		}
	}
	if f := parse(t, []byte(plain("-,Main Street,TBC")), Options{}); f.Rows[0].Home.UnitNumber != "-" || f.Rows[0].Home.HouseTypeCode != "TBC" {
		t.Errorf("got %+v", f.Rows[0].Home)
	}
}
