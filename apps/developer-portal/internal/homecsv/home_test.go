package homecsv

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func ptr[T any](v T) *T { return &v }

func full() Home {
	return Home{
		Block: "Block A", UnitNumber: "12a", AddressLine1: "12 Main Street", AddressLine2: "Mill Road", City: "Áth Luain",
		Postcode: "N37 B1C7", HouseTypeCode: "B", HouseType: "3 bed semi", Bedrooms: ptr(3), Bathrooms: ptr(0),
		FloorAreaM2: ptr(108.25), PurchaserName: "Anna Byrne", PurchaserEmail: "anna@example.org",
		PurchaserPhone: "+353 1 5551234", HandoverDate: "2027-02-03",
	}
}

func TestHomeSurvivesJSON(t *testing.T) {
	t.Parallel()
	for _, h := range []Home{full(), {UnitNumber: "1", AddressLine1: "x", HouseTypeCode: "B"}} {
		b, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		var back Home
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(h, back); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestEveryFieldOfAHomeHasTextAndName(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(full())
	if err != nil {
		t.Fatal(err)
	}
	var names map[string]any
	if err := json.Unmarshal(b, &names); err != nil {
		t.Fatal(err)
	}
	for _, f := range Fields() {
		if full().Text(f) == "" || names[string(f)] == nil {
			t.Errorf("%s: text %q, JSON %v", f, full().Text(f), names[string(f)])
		}
	}
	if len(names) != len(Fields()) {
		t.Errorf("%d JSON names, %d fields", len(names), len(Fields()))
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	blank := Home{Block: "block  a", UnitNumber: "12A", AddressLine1: "12 Main Street", HouseTypeCode: "b"}
	if got := Diff(full(), blank); got != nil || !full().Equal(blank) {
		t.Errorf("blank cells and letter case must change nothing: %v", got)
	}
	next := full()
	next.HouseType = "a new name of the type"
	next.HouseTypeCode, next.Bathrooms, next.FloorAreaM2 = "C", ptr(2), ptr(99.0)
	next.PurchaserName, next.PurchaserEmail, next.HandoverDate = "anna byrne", "ANNA@example.org", "2027-03-03"
	want := []FieldChange{
		{FieldHouseTypeCode, "B", "C"},
		{FieldBathrooms, "0", "2"},
		{FieldFloorArea, "108.25", "99"},
		{FieldPurchaserName, "Anna Byrne", "anna byrne"},
		{FieldHandoverDate, "2027-02-03", "2027-03-03"},
	}
	if diff := cmp.Diff(want, Diff(full(), next)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Diff(Home{}, full()); len(got) != len(Fields())-1 {
		t.Errorf("a new home has %d changes", len(got))
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	if Key(" Block A", "12 A") != Key("block a", "12  a ") {
		t.Error("letter case and gaps must not matter")
	}
	keys := map[string]bool{}
	for _, k := range []string{Key("", "12"), Key("1", "2"), Key("12", ""), Key("", "012"), Key("A", "12"), Key("B", "12")} {
		if keys[k] {
			t.Errorf("%q is not unique", k)
		}
		keys[k] = true
	}
}

func TestBlocksTellHomesApart(t *testing.T) {
	t.Parallel()
	f := parse(t, []byte("block,unit,address,type\nA,1,x,T\nB,1,x,T\na,1,x,T\n"), Options{})
	if diff := cmp.Diff([]said{{4, FieldUnitNumber, CodeDuplicateHome, 2}}, problemsOf(f)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
