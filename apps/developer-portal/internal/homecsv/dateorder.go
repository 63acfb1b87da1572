package homecsv

import "strings"

// DateExample is a value of the file that the two orders read differently.
type DateExample struct {
	Line       int    `json:"line"`
	Text       string `json:"text"`
	DayFirst   string `json:"day_first"`   // YYYY-MM-DD
	MonthFirst string `json:"month_first"` // YYYY-MM-DD
}

// maxDateExamples is how many of them are collected.
const maxDateExamples = 3

// dateVotes collects over the whole file what its dates say about their order.
type dateVotes struct {
	day, month int // values that only one order can read
	examples   []DateExample
}

// add takes one cell into account.
func (v *dateVotes) add(line int, text string) {
	w, ok := parseDate(text)
	if !ok || !w.either {
		return
	}
	switch first, second := w.month, w.day; {
	case first > 12 && second <= 12:
		v.day++
	case second > 12 && first <= 12:
		v.month++
	case first <= 12 && second <= 12 && first != second && len(v.examples) < maxDateExamples:
		d, bad := w.in(DayFirst).iso()
		m, worse := w.in(MonthFirst).iso()
		if bad == "" && worse == "" {
			v.examples = append(v.examples, DateExample{Line: line, Text: text, DayFirst: d, MonthFirst: m})
		}
	}
}

func otherOrder(o DateOrder) DateOrder {
	if o == MonthFirst {
		return DayFirst
	}
	return MonthFirst
}

// decide answers the order and whether it is only a default. What the caller
// chose wins, then what most of the telling values say, then a hint like
// (mm/dd/yyyy) in the column's name; with nothing to go by it is day first.
// It is not ambiguous when no value depends on it.
func (v *dateVotes) decide(chosen DateOrder, header string) (DateOrder, bool) {
	switch {
	case chosen == DayFirst || chosen == MonthFirst:
		return chosen, false
	case v.day > v.month:
		return DayFirst, false
	case v.month > v.day:
		return MonthFirst, false
	}
	if name := normal(header); v.day == 0 {
		if strings.Contains(name, "ddmm") {
			return DayFirst, false
		}
		if strings.Contains(name, "mmdd") {
			return MonthFirst, false
		}
	}
	return DayFirst, len(v.examples) > 0
}
