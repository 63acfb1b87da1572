package demo

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
)

// home is one unit as it is stored. Empty text is none; days is the handover, counted from the day of loading.
type home struct {
	block, number                      string
	address1, address2, city, postcode string
	typeCode, typeName                 string
	bedrooms, bathrooms                int
	area                               string // square metres, as a decimal
	status                             string
	days                               *int
	buyerName, buyerEmail, buyerPhone  string
}

func in(days int) *int { return &days }

// longviewSample is the import that a new member of staff would drop on the page.
const longviewSample = "longview-park-20.csv"

// longviewHandover is the handover of each home of the sample, in order: the first ones live there, no. 14 moves in
// soon, the last two wait for a date.
var longviewHandover = []*int{
	in(-412), in(-365), in(-280), in(-190), in(-121), in(-64), in(-30), in(-9), in(3), in(5),
	in(7), in(9), in(10), in(12), in(19), in(26), in(40), in(61), nil, nil,
}

// longviewPark reads the sample import, and gives it handovers around today instead of the file's.
func longviewPark(l *loader) ([]home, error) {
	file, err := l.samples.Open(longviewSample)
	if err != nil {
		return nil, fmt.Errorf("the sample import: %w", err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", longviewSample, err)
	}
	if len(rows) != len(longviewHandover)+1 {
		return nil, fmt.Errorf("%s has %d homes, the demo expects %d", longviewSample, len(rows)-1, len(longviewHandover))
	}
	header := rows[0]
	var homes []home
	for i, row := range rows[1:] {
		cell := func(name string) string {
			if at := slices.Index(header, name); at >= 0 {
				return row[at]
			}
			return ""
		}
		h := home{
			number: cell("unit_number"), address1: cell("address_line_1"), address2: cell("address_line_2"),
			city: cell("city"), postcode: cell("postcode"), typeCode: cell("house_type_code"), typeName: cell("house_type"),
			area: cell("floor_area_m2"), days: longviewHandover[i], status: "sale_agreed",
			buyerName: cell("purchaser_name"), buyerEmail: cell("purchaser_email"), buyerPhone: cell("purchaser_phone"),
		}
		if h.bedrooms, err = strconv.Atoi(cell("bedrooms")); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", longviewSample, i+2, err)
		}
		if h.bathrooms, err = strconv.Atoi(cell("bathrooms")); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", longviewSample, i+2, err)
		}
		if h.days != nil && *h.days < 0 {
			h.status = "handed_over"
		}
		homes = append(homes, h)
	}
	return homes, nil
}

// orchardRise is two small blocks of flats. The owner of Longview Park 3 bought a second home here: asking for a
// link then brings two mails.
func orchardRise(*loader) ([]home, error) {
	flat := func(block, number, code string) home {
		h := home{
			block: block, number: number, address1: "Apartment " + number + ", Block " + block, address2: "Orchard Rise",
			city: "Cill Bhríde", postcode: "Y99 " + block + number + "X4", typeCode: code, status: "for_sale",
			typeName: "1 bed apartment", bedrooms: 1, bathrooms: 1, area: "51.5",
		}
		if code == "T" {
			h.typeName, h.bedrooms, h.bathrooms, h.area = "2 bed apartment", 2, 2, "74"
		}
		return h
	}
	sold := func(h home, days int, name, email string) home {
		h.status, h.days, h.buyerName, h.buyerEmail, h.buyerPhone = "sale_agreed", &days, name, email, "+353 20 916 0"+h.number
		if days < 0 {
			h.status = "handed_over"
		}
		return h
	}
	planned := flat("B", "202", "T")
	planned.status = "planned"
	return []home{
		sold(flat("A", "101", "S"), -75, "Hanna Vasquez", "orchard101@example.org"),
		sold(flat("A", "102", "T"), -20, "Amara García-Ruiz", "buyer00003@example.org"),
		sold(flat("A", "201", "S"), 14, "Bríd Halloran", "orchard201@example.org"),
		flat("A", "202", "T"),
		sold(flat("B", "101", "S"), 33, "Kofi Jansen", "orchard-b101@example.org"),
		flat("B", "102", "T"),
		flat("B", "201", "S"),
		planned,
	}, nil
}
