package homecsv

import "strconv"

// HouseType is a plan that several homes share. Nil means not known.
type HouseType struct {
	Code        string   `json:"code"`
	Name        string   `json:"name,omitempty"`
	Bedrooms    *int     `json:"bedrooms,omitempty"`
	Bathrooms   *int     `json:"bathrooms,omitempty"`
	FloorAreaM2 *float64 `json:"floor_area_m2,omitempty"`
}

// HouseTypes lists the types that the good rows need, in the order of the
// file. Each figure is that of the first row that has it.
func HouseTypes(rows []Row) []HouseType {
	var out []HouseType
	at := map[string]int{}
	for i := range rows {
		if !rows[i].Good() {
			continue
		}
		h := rows[i].Home
		key := Fold(h.HouseTypeCode)
		n, ok := at[key]
		if !ok {
			n = len(out)
			at[key] = n
			out = append(out, HouseType{Code: h.HouseTypeCode})
		}
		t := &out[n]
		if t.Name == "" {
			t.Name = h.HouseType
		}
		if t.Bedrooms == nil {
			t.Bedrooms = h.Bedrooms
		}
		if t.Bathrooms == nil {
			t.Bathrooms = h.Bathrooms
		}
		if t.FloorAreaM2 == nil {
			t.FloorAreaM2 = h.FloorAreaM2
		}
	}
	return out
}

// CheckTypes settles the house types of the rows, in place, against the types
// that are stored and against each other. Parse does it with
// Options.KnownTypes; call it again when the stored types have changed since.
// Running it twice is the same as running it once.
//
// A row that names its type only in words gets the code of the one type with
// that name, else the words are the code. Then each type has one number of
// bedrooms: the stored one, else the one that most rows of the file say (the
// first at a draw), so that one slip is one bad line. A row that says another
// number has a problem of CodeBedrooms that names both lines.
func CheckTypes(rows []Row, known []HouseType) {
	nameTypes(rows, known)
	said := bedroomsOf(rows, known)
	for i := range rows {
		r := &rows[i]
		r.Problems = without(r.Problems, CodeBedrooms)
		right, ok := said[Fold(r.Home.HouseTypeCode)]
		if !ok || r.Home.Bedrooms == nil || r.Home.HouseTypeCode == "" || *r.Home.Bedrooms == right.bedrooms {
			continue
		}
		r.Problems = append(r.Problems, Problem{
			Line: r.Line, Field: FieldBedrooms, Code: CodeBedrooms,
			Value: strconv.Itoa(*r.Home.Bedrooms), Limit: right.bedrooms, OtherLine: right.line,
		}.brief())
	}
}

// nameTypes gives a code to the rows that have only the name of a type.
func nameTypes(rows []Row, known []HouseType) {
	codes := map[string]string{} // folded name → code; "" when several share it
	learn := func(code, name string) {
		name = Fold(name)
		if code == "" || name == "" || Fold(code) == name {
			return
		}
		was, ok := codes[name]
		switch {
		case !ok:
			codes[name] = code
		case Fold(was) != Fold(code):
			codes[name] = ""
		}
	}
	for _, t := range known {
		learn(t.Code, t.Name)
	}
	for i := range rows {
		learn(rows[i].Home.HouseTypeCode, rows[i].Home.HouseType)
	}
	for _, t := range known {
		delete(codes, Fold(t.Code)) // a stored code wins over a name
	}
	for i := range rows {
		h := &rows[i].Home
		if h.HouseType == "" || h.HouseTypeCode != "" && Fold(h.HouseTypeCode) != Fold(h.HouseType) {
			continue
		}
		h.HouseTypeCode = h.HouseType
		if code := codes[Fold(h.HouseType)]; code != "" {
			h.HouseTypeCode = code
		}
	}
}

// bedroomFact is a number of bedrooms and the first line that says it; line 0
// is what is stored.
type bedroomFact struct{ bedrooms, line int }

func bedroomsOf(rows []Row, known []HouseType) map[string]bedroomFact {
	type tally struct{ count, line int }
	votes := map[string]map[int]tally{}
	for i := range rows {
		h := &rows[i].Home
		if h.Bedrooms == nil || h.HouseTypeCode == "" {
			continue
		}
		key := Fold(h.HouseTypeCode)
		if votes[key] == nil {
			votes[key] = map[int]tally{}
		}
		t := votes[key][*h.Bedrooms]
		if t.count == 0 {
			t.line = rows[i].Line
		}
		t.count++
		votes[key][*h.Bedrooms] = t
	}
	out := map[string]bedroomFact{}
	for key, of := range votes {
		best := tally{}
		for n, t := range of {
			if t.count > best.count || t.count == best.count && t.line < best.line {
				best = t
				out[key] = bedroomFact{bedrooms: n, line: t.line}
			}
		}
	}
	for _, t := range known {
		if t.Bedrooms != nil {
			out[Fold(t.Code)] = bedroomFact{bedrooms: *t.Bedrooms}
		}
	}
	return out
}

func without(problems []Problem, code Code) []Problem {
	var out []Problem
	for _, p := range problems {
		if p.Code != code {
			out = append(out, p)
		}
	}
	return out
}
