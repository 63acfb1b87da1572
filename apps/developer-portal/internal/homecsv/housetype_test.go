package homecsv

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func beds3(rows ...string) []byte {
	return []byte("unit,address,type code,house type,beds\n" + strings.Join(rows, "\n"))
}

func TestBedroomsThatContradictTheType(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows  []string
		known []HouseType
		want  []Problem
	}{
		"the first of two is right": {
			[]string{"1,x,B,,3", "2,x,C,,1", "3,x,b,,4"},
			nil,
			[]Problem{{Line: 4, Field: FieldBedrooms, Code: CodeBedrooms, Value: "4", Limit: 3, OtherLine: 2}},
		},
		"most are right": {
			[]string{"1,x,B,,4", "2,x,B,,3", "3,x,B,,3"},
			nil,
			[]Problem{{Line: 2, Field: FieldBedrooms, Code: CodeBedrooms, Value: "4", Limit: 3, OtherLine: 3}},
		},
		"what is stored is right": {
			[]string{"1,x,B,,4", "2,x,B,,4", "3,x,B,,1"},
			[]HouseType{{Code: "b", Bedrooms: ptr(1)}},
			[]Problem{
				{Line: 2, Field: FieldBedrooms, Code: CodeBedrooms, Value: "4", Limit: 1},
				{Line: 3, Field: FieldBedrooms, Code: CodeBedrooms, Value: "4", Limit: 1},
			},
		},
		"blank says nothing": {[]string{"1,x,B,,3", "2,x,B,,"}, []HouseType{{Code: "B"}}, nil},
		"types differ":       {[]string{"1,x,B,,3", "2,x,C,,4"}, nil, nil},
		"by the name of a type": {
			[]string{"1,x,B,Semi,3", "2,x,,semi,4"},
			nil,
			[]Problem{{Line: 3, Field: FieldBedrooms, Code: CodeBedrooms, Value: "4", Limit: 3, OtherLine: 2}},
		},
	} {
		f := parse(t, beds3(c.rows...), Options{KnownTypes: c.known})
		var got []Problem
		for _, r := range f.Bad() {
			got = append(got, r.Problems...)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestCheckTypesAgain(t *testing.T) {
	t.Parallel()
	f := parse(t, beds3("1,x,B,Semi,3", "2,x,B,Semi,4", "3,x,,Detached,5"), Options{})
	if len(f.Bad()) != 1 {
		t.Fatalf("problems %v", problemsOf(f))
	}
	known := []HouseType{{Code: "B", Bedrooms: ptr(4)}, {Code: "D", Name: "detached", Bedrooms: ptr(5)}}
	for range 2 {
		CheckTypes(f.Rows, known)
		if diff := cmp.Diff([]said{{2, FieldBedrooms, CodeBedrooms, 0}}, problemsOf(f)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := f.Rows[2].Home.HouseTypeCode; got != "D" {
			t.Errorf("the name of a stored type gave the code %q", got)
		}
	}
}

func TestCodesFromNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		known []HouseType
		want  string
	}{
		"nobody knows it":         {nil, "Semi"},
		"one type has the name":   {[]HouseType{{Code: "B", Name: "SEMI"}}, "B"},
		"two types have it":       {[]HouseType{{Code: "B", Name: "semi"}, {Code: "C", Name: "semi"}}, "Semi"},
		"it is a code":            {[]HouseType{{Code: "semi"}, {Code: "C", Name: "semi"}}, "Semi"},
		"another type has a name": {[]HouseType{{Code: "B", Name: "Detached"}}, "Semi"},
	} {
		f := parse(t, []byte("unit,address,house type\n1,x,Semi\n"), Options{KnownTypes: c.known})
		if got := f.Rows[0].Home.HouseTypeCode; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestBadRowsMakeNoHouseTypes(t *testing.T) {
	t.Parallel()
	f := parse(t, beds3("1,x,Typo,,two", "2,x,B,,", "3,x,b,Semi,3"), Options{})
	want := []HouseType{{Code: "B", Name: "Semi", Bedrooms: ptr(3)}}
	if diff := cmp.Diff(want, HouseTypes(f.Rows)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
