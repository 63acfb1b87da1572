package homecsv

import (
	"maps"
	"slices"
)

// applyMapping lets the caller's choice win over the guesses: a column that is
// named in it has that field ("" for none), and any other column that was
// guessed to have the field loses it.
func applyMapping(cols []ColumnGuess, mapping map[int]Field) []Problem {
	var problems []Problem
	chosen := map[Field]int{}
	for i := range cols {
		f, ok := mapping[i]
		if !ok {
			continue
		}
		if _, again := chosen[f]; f != "" && (again || infoOf[f].field == "") {
			problems = append(problems, Problem{Code: CodeBadMapping, Column: i + 1, Field: f})
			continue
		}
		cols[i].Field, cols[i].Confidence, cols[i].Rival = f, ConfidenceChosen, ""
		if f != "" {
			chosen[f] = i
		}
	}
	for _, i := range slices.Sorted(maps.Keys(mapping)) {
		if i < 0 || i >= len(cols) {
			problems = append(problems, Problem{Code: CodeBadMapping, Column: i + 1, Field: mapping[i]})
		}
	}
	for i := range cols {
		if at, taken := chosen[cols[i].Field]; taken && at != i {
			cols[i].Rival = cols[i].Field
			cols[i].Field, cols[i].Confidence = "", ConfidenceNone
		}
	}
	return problems
}

// checkColumns finds what must be settled before rows can be read: a required
// field without a column, or two columns of the same name with values in both,
// unless the caller chose between them.
func checkColumns(cols []ColumnGuess) []Problem {
	var problems []Problem
	owner := map[Field]ColumnGuess{}
	for _, c := range cols {
		if c.Field != "" {
			owner[c.Field] = c
		}
	}
	for _, f := range []Field{FieldUnitNumber, FieldAddressLine1, FieldHouseType} {
		_, ok := owner[f]
		if f == FieldHouseType && !ok {
			_, ok = owner[FieldHouseTypeCode] // either names the type
		}
		if !ok {
			problems = append(problems, Problem{Code: CodeMissingColumn, Field: f})
		}
	}
	for _, c := range cols {
		o, ok := owner[c.Rival]
		if ok && o.Confidence != ConfidenceChosen && normal(o.Header) == normal(c.Header) &&
			len(o.Examples) > 0 && len(c.Examples) > 0 {
			problems = append(problems, Problem{Code: CodeDuplicateColumn, Field: c.Rival, Column: c.Index + 1, Value: c.Header})
		}
	}
	return problems
}
