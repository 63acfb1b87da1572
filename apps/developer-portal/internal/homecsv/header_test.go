package homecsv

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHeaderNames(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]struct {
		field      Field
		confidence Confidence
	}{
		"unit_number":             {FieldUnitNumber, ConfidenceExact},
		" UNIT  Number ":          {FieldUnitNumber, ConfidenceExact},
		"Unit-Nümber":             {FieldUnitNumber, ConfidenceExact},
		"Unit #":                  {FieldUnitNumber, ConfidenceSynonym},
		"Plot №":                  {FieldUnitNumber, ConfidenceSynonym},
		"Site No.":                {FieldUnitNumber, ConfidenceSynonym},
		"Block":                   {FieldBlock, ConfidenceExact},
		"Address":                 {FieldAddressLine1, ConfidenceSynonym},
		"Adress Line 1":           {FieldAddressLine1, ConfidenceSimilar},
		"Address Line 2":          {FieldAddressLine2, ConfidenceExact},
		"Address Line 3":          {"", ""},
		"Town/City":               {FieldCity, ConfidenceSynonym},
		"EIRCODE":                 {FieldPostcode, ConfidenceSynonym},
		"House Type":              {FieldHouseType, ConfidenceExact},
		"Type":                    {FieldHouseTypeCode, ConfidenceSynonym},
		"No. of Beds":             {FieldBedrooms, ConfidenceSynonym},
		"Bedrooms (incl. study)":  {FieldBedrooms, ConfidenceSimilar},
		"Baths":                   {FieldBathrooms, ConfidenceSynonym},
		"Floor area (m²)":         {FieldFloorArea, ConfidenceExact},
		"Floor area (sq ft)":      {"", ""},
		"Area [sq. feet]":         {"", ""},
		"GIA sqm":                 {FieldFloorArea, ConfidenceSynonym},
		"Purchaser's e-mail":      {FieldPurchaserEmail, ConfidenceSynonym},
		"E-Mail":                  {FieldPurchaserEmail, ConfidenceSynonym},
		"Mobile":                  {FieldPurchaserPhone, ConfidenceSynonym},
		"Hanodver date":           {FieldHandoverDate, ConfidenceSimilar},
		"Handover date (dd/mm/y)": {FieldHandoverDate, ConfidenceSimilar},
		"Closing Date":            {FieldHandoverDate, ConfidenceSynonym},
		"Solicitor":               {"", ""},
		"Bahrooms":                {FieldBathrooms, ConfidenceSimilar},
		"Line":                    {"", ""},
		"problem":                 {"", ""},
		"":                        {"", ""},
	} {
		if f, c := guessField(header); f != want.field || c != want.confidence {
			t.Errorf("%q: %q %q, want %q %q", header, f, c, want.field, want.confidence)
		}
	}
}

func TestEveryFieldIsFoundByItsOwnName(t *testing.T) {
	t.Parallel()
	for _, f := range Fields() {
		if got, c := guessField(string(f)); got != f || c != ConfidenceExact {
			t.Errorf("%s: %q %q", f, got, c)
		}
	}
	seen := map[string]Field{}
	for _, s := range synonyms {
		for _, n := range s.names {
			if other, twice := seen[n]; twice {
				t.Errorf("%q is a name of %s and %s", n, other, s.field)
			}
			if n != normal(n) {
				t.Errorf("%q is not in its normal form", n)
			}
			seen[n] = s.field
		}
	}
}

func fieldsOf(f *File) []Field {
	var out []Field
	for _, c := range f.Columns {
		out = append(out, c.Field)
	}
	return out
}

func TestColumnGuesses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content string
		want    []Field
	}{
		"the better name wins": {
			"no,unit_number,address,type\n1,7,a,B\n",
			[]Field{"", FieldUnitNumber, FieldAddressLine1, FieldHouseTypeCode},
		},
		"phone and mobile": {
			"unit,address,type,Mobile,Phone\n7,a,B,0871234567,\n",
			[]Field{FieldUnitNumber, FieldAddressLine1, FieldHouseTypeCode, "", FieldPurchaserPhone},
		},
		"house type beside description": {
			"unit,address,House Type,Description\n7,a,B,3 bed semi\n",
			[]Field{FieldUnitNumber, FieldAddressLine1, FieldHouseTypeCode, FieldHouseType},
		},
		"area with numbers": {
			"unit,address,type,Area\n7,a,B,82.5\n",
			[]Field{FieldUnitNumber, FieldAddressLine1, FieldHouseTypeCode, FieldFloorArea},
		},
		"area with names": {
			"unit,address,type,Area\n7,a,B,Northside\n",
			[]Field{FieldUnitNumber, FieldAddressLine1, FieldHouseTypeCode, ""},
		},
	} {
		if diff := cmp.Diff(c.want, fieldsOf(parse(t, []byte(c.content), Options{}))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRivalsAndUnusedColumnsAreReported(t *testing.T) {
	t.Parallel()
	f := parse(t, []byte("unit,address,type,Mobile,Phone,Solicitor,line,,\n7,a,B,0871234567,12345,Byrne,3,,stray\n"), Options{})
	if len(f.Good()) != 0 {
		t.Fatal("a value without a column name must not be dropped silently")
	}
	f = parse(t, []byte("unit,address,type,Mobile,Phone,Solicitor,line,\n7,a,B,0871234567,12345,Byrne,3,\n"), Options{})
	var got []string
	for _, c := range f.Unused() {
		got = append(got, c.Header+"/"+string(c.Rival))
	}
	if diff := cmp.Diff([]string{"Mobile/purchaser_phone", "Solicitor/"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMapping(t *testing.T) {
	t.Parallel()
	content := []byte("A1,A2,A3,email,E-Mail\n1,Main Street,B,a@example.org,b@example.org\n")
	f := parse(t, content, Options{})
	if f.Ready() || len(f.Columns) != 5 || f.Columns[1].Examples[0] != "Main Street" {
		t.Fatalf("a refused file must still offer its columns: %+v", f)
	}
	f = parse(t, content, Options{Mapping: map[int]Field{
		0: FieldUnitNumber, 1: FieldAddressLine1, 2: FieldHouseType, 4: FieldPurchaserEmail,
	}})
	want := Home{UnitNumber: "1", AddressLine1: "Main Street", HouseTypeCode: "B", HouseType: "B", PurchaserEmail: "b@example.org"}
	if !f.Ready() || len(f.Good()) != 1 {
		t.Fatalf("problems %v", problemsOf(f))
	}
	if diff := cmp.Diff(want, f.Rows[0].Home); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c := f.Columns[4].Confidence; c != ConfidenceChosen {
		t.Errorf("confidence %q", c)
	}
	f = parse(t, []byte(plain("1,Main Street,B")), Options{Mapping: map[int]Field{2: ""}})
	if diff := cmp.Diff([]said{{0, FieldHouseType, CodeMissingColumn, 0}}, problemsOf(f)); diff != "" {
		t.Errorf("ignoring a required column (-want +got):\n%s", diff)
	}
}

func TestBadMapping(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]map[int]Field{
		"no such column": {7: FieldBlock},
		"before it":      {-1: FieldBlock},
		"no such field":  {0: "rent"},
		"twice":          {0: FieldUnitNumber, 1: FieldUnitNumber},
	} {
		f := parse(t, []byte(plain("1,Main Street,B")), Options{Mapping: m})
		if f.Ready() || f.Problems[0].Code != CodeBadMapping {
			t.Errorf("%s: %+v", name, f.Problems)
		}
	}
}
