package importing

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/homecsv"
	"openhouse.example/apps/developer-portal/internal/store"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	three := int16(3)
	at := time.Date(2026, 11, 24, 9, 0, 0, 123456000, time.UTC)
	stock := store.Stock{
		Types: []store.HouseType{{ID: uuid.New(), Code: "B", Name: "3 bed", Bedrooms: &three}},
		Homes: []store.StoredHome{
			{ID: uuid.New(), Block: "A", UnitNumber: "1", AddressLine1: "1 Mill Road", TypeCode: "B", UpdatedAt: at},
			{ID: uuid.New(), UnitNumber: "2", AddressLine1: "2 Mill Road", TypeCode: "B", PurchaserName: "Aoife Walsh", UpdatedAt: at},
		},
	}
	file, err := homecsv.Parse(strings.NewReader("block,unit_number,address_line_1,house_type_code,bedrooms,purchaser_name\n"+
		"a,1,1 Mill Road,b,,\n"+ // the same home and type in other letters
		",2,2 Mill Lane,B,,\n"+
		",3,3 Mill Road,b,3,\n"+
		",4,4 Mill Road,E,5,\n"+
		",5,5 Mill Road,e,5,\n"+ // the same new type
		",6,6 Mill Road,B,4,\n"+
		",,7 Mill Road,B,,\n"), homecsv.Options{KnownTypes: knownTypes(stock.Types)})
	if err != nil {
		t.Fatal(err)
	}
	c, err := compare(file.Rows, stock)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Line                       int
		State, Block, Number, Type string
		Home                       int // 1 and 2: the stored ones; 0: one to be made
		Seen                       bool
		Changes, Problems, Cells   int
	}
	var got []row
	for _, r := range c.rows {
		var data RowData
		var problems []homecsv.Problem
		if err := json.Unmarshal(r.Data, &data); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(r.Problems, &problems); err != nil {
			t.Fatal(err)
		}
		one := row{
			Line: r.Line, State: r.State, Block: r.Block, Number: r.UnitNumber, Type: data.Home.HouseTypeCode, Seen: data.Seen != nil,
			Changes: len(data.Changes), Problems: len(problems), Cells: len(data.Cells),
		}
		for i, h := range stock.Homes {
			if data.UnitID != nil && *data.UnitID == h.ID {
				one.Home = i + 1
			}
		}
		if (data.UnitID == nil) != (r.State == store.RowError) {
			t.Errorf("line %d: home %v", r.Line, data.UnitID)
		}
		got = append(got, one)
	}
	want := []row{
		{Line: 2, State: "unchanged", Block: "A", Number: "1", Type: "B", Home: 1},
		{Line: 3, State: "changed", Number: "2", Type: "B", Home: 2, Seen: true, Changes: 1},
		{Line: 4, State: "new", Number: "3", Type: "B"},
		{Line: 5, State: "new", Number: "4", Type: "E"},
		{Line: 6, State: "new", Number: "5", Type: "E"},
		{Line: 7, State: "error", Number: "6", Type: "B", Problems: 1, Cells: 6},
		{Line: 8, State: "error", Type: "B", Problems: 1, Cells: 6},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if c.added != 3 || c.changed != 1 || c.unchanged != 1 || c.bad != 2 {
		t.Errorf("counts %d %d %d %d", c.added, c.changed, c.unchanged, c.bad)
	}
	if len(c.types) != 1 || c.types[0].Code != "E" || *c.types[0].Bedrooms != 5 {
		t.Errorf("new types %+v", c.types)
	}
}

func TestStillTrue(t *testing.T) {
	t.Parallel()
	at := time.Now()
	home, three := uuid.New(), int16(3)
	rows := []store.RowToCommit{
		{State: store.RowNew, UnitNumber: "2", HomeID: uuid.New(), TypeCode: "B", Bedrooms: 3},
		{State: store.RowChanged, UnitNumber: "1", HomeID: home, Seen: at, TypeCode: "E", Bedrooms: -1},
	}
	now := func(change func(*store.Now)) store.Now {
		n := store.Now{
			Homes: []store.HomeVersion{{ID: home, UnitNumber: "1", UpdatedAt: at}},
			Types: []store.HouseType{{Code: "B", Bedrooms: &three}},
		}
		change(&n)
		return n
	}
	four := int16(4)
	for name, tc := range map[string]struct {
		change func(*store.Now)
		want   bool
	}{
		"as it was":                {func(*store.Now) {}, true},
		"another home":             {func(n *store.Now) { n.Homes = append(n.Homes, store.HomeVersion{ID: uuid.New(), UnitNumber: "3"}) }, true},
		"the new home is there":    {func(n *store.Now) { n.Homes = append(n.Homes, store.HomeVersion{ID: uuid.New(), UnitNumber: " 2 "}) }, false},
		"the changed home is gone": {func(n *store.Now) { n.Homes = nil }, false},
		"it was changed":           {func(n *store.Now) { n.Homes[0].UpdatedAt = at.Add(time.Microsecond) }, false},
		"the type has other rooms": {func(n *store.Now) { n.Types[0].Bedrooms = &four }, false},
		"the type knows no rooms":  {func(n *store.Now) { n.Types[0].Bedrooms = nil }, true},
		"the new type is there":    {func(n *store.Now) { n.Types = append(n.Types, store.HouseType{Code: "e"}) }, false},
	} {
		if got := stillTrue(rows, now(tc.change)); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
