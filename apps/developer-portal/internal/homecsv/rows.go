package homecsv

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// build turns the records into rows: first the order of dates over the whole
// file, then each row by itself, then what rows say about each other.
func (f *File) build(recs []record, o Options) {
	date := -1
	for _, c := range f.Columns {
		if c.Field == FieldHandoverDate {
			date = c.Index
		}
	}
	var votes dateVotes
	for _, r := range recs {
		if date >= 0 && r.quote == 0 && date < len(r.cells) {
			text, _ := clean(r.cells[date])
			votes.add(r.line, text)
		}
	}
	header := ""
	if date >= 0 {
		header = f.Header[date]
	}
	f.DateOrder, f.DateAmbiguous = votes.decide(o.DateOrder, header)
	f.DateExamples = votes.examples

	plan := make([]int, 0, len(fieldInfos)) // columns in the order of fields
	for _, info := range fieldInfos {
		for _, c := range f.Columns {
			if c.Field == info.field {
				plan = append(plan, c.Index)
			}
		}
	}
	f.Rows = make([]Row, len(recs))
	for i, r := range recs {
		f.Rows[i] = f.row(r, plan)
	}
	markRepeated(f.Rows)
	CheckTypes(f.Rows, o.KnownTypes)
}

// row reads one record. Without a cell for every column it can't be known
// which cell is which, so then nothing is read.
func (f *File) row(r record, plan []int) Row {
	row := Row{Line: r.line, Cells: r.cells}
	add := func(p Problem) {
		if p.Line == 0 {
			p.Line = r.line
		}
		row.Problems = append(row.Problems, p.brief())
	}
	width := len(f.Header)
	found := strconv.Itoa(r.count)
	switch {
	case r.quote != 0:
		add(Problem{Code: CodeOpenQuote, Line: r.quote})
		return row
	case r.count < width:
		add(Problem{Code: CodeTooFewCells, Value: found, Limit: width})
		return row
	case r.filled > width:
		add(Problem{Code: CodeTooManyCells, Value: found, Limit: width})
		return row
	}
	for _, i := range plan {
		field := f.Columns[i].Field
		text, code := clean(r.cells[i])
		limit := 0
		if code == "" {
			code, limit = setField(&row.Home, field, text, f.DateOrder)
		}
		if code != "" {
			add(Problem{Column: i + 1, Field: field, Code: code, Value: text, Limit: limit})
		}
	}
	f.require(&row, add)
	return row
}

// require reports the facts that every home needs, unless a problem about the
// same field has been reported already.
func (f *File) require(row *Row, add func(Problem)) {
	reported := map[Field]bool{}
	for _, p := range row.Problems {
		reported[p.Field] = true
	}
	missing := func(field Field) {
		p := Problem{Field: field, Code: CodeRequired}
		for _, c := range f.Columns {
			if c.Field == field {
				p.Column = c.Index + 1
			}
		}
		add(p)
	}
	h := row.Home
	if h.UnitNumber == "" && !reported[FieldUnitNumber] {
		missing(FieldUnitNumber)
	}
	if h.AddressLine1 == "" && !reported[FieldAddressLine1] {
		missing(FieldAddressLine1)
	}
	if h.HouseTypeCode == "" && h.HouseType == "" && !reported[FieldHouseTypeCode] && !reported[FieldHouseType] {
		missing(FieldHouseType)
	}
}

// setField puts a cleaned cell into the home. A blank one sets nothing. The
// answer is the code of what is wrong, with its limit.
func setField(h *Home, f Field, text string, order DateOrder) (code Code, limit int) {
	if text == "" || placeholder(f, text) {
		return "", 0
	}
	if most := f.MaxLength(); most > 0 && len(text) > most && utf8.RuneCountInString(text) > most {
		return CodeTooLong, most
	}
	switch f {
	case FieldBedrooms, FieldBathrooms:
		n, code := parseRooms(text)
		if code != "" {
			return code, MaxRooms
		}
		if f == FieldBedrooms {
			h.Bedrooms = &n
		} else {
			h.Bathrooms = &n
		}
	case FieldFloorArea:
		v, code := parseArea(text)
		if code != "" {
			return code, MaxArea
		}
		h.FloorAreaM2 = &v
	case FieldPurchaserEmail:
		h.PurchaserEmail, code = parseEmail(text)
	case FieldPurchaserPhone:
		h.PurchaserPhone, code = parsePhone(text)
	case FieldHandoverDate:
		w, ok := parseDate(text)
		if !ok {
			return CodeBadDate, 0
		}
		h.HandoverDate, code = w.in(order).iso()
		if code == CodeImpossibleDate && w.either {
			if _, other := w.in(otherOrder(order)).iso(); other == "" {
				code = CodeDateOrder
			}
		}
	default:
		*h.text(f) = text
	}
	return code, 0
}

// placeholder knows what people type into a cell that has nothing to say yet.
// In what names the home and its type it is taken at its word.
func placeholder(f Field, text string) bool {
	switch f {
	case FieldBlock, FieldUnitNumber, FieldAddressLine1, FieldHouseTypeCode, FieldHouseType:
		return false
	}
	if len(text) > 3 { // all are short, and this is asked of every cell
		return false
	}
	switch strings.ToLower(text) {
	case "-", "–", "—", "n/a", "tbc", "tba", "tbd":
		return true
	}
	return false
}

// markRepeated reports every further line of a home, naming its first.
func markRepeated(rows []Row) {
	first := make(map[string]int, len(rows))
	for i := range rows {
		r := &rows[i]
		if r.Home.UnitNumber == "" {
			continue
		}
		key := r.Home.Key()
		line, again := first[key]
		if !again {
			first[key] = r.Line
			continue
		}
		r.Problems = append(r.Problems, Problem{
			Line: r.Line, Field: FieldUnitNumber, Code: CodeDuplicateHome,
			Value: r.Home.UnitNumber, OtherLine: line,
		}.brief())
	}
}
