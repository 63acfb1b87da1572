package pages

import (
	"context"
	"strconv"

	"openhouse.example/apps/developer-portal/internal/homecsv"
	"openhouse.example/packages/ui/text"
)

// Problem says what is wrong with a file of homes or with one of its rows, to the person who has the file open.
func Problem(ctx context.Context, p homecsv.Problem) string { return problem(p).In(ctx) }

// problem finds the sentence for what is wrong with a file.
func problem(p homecsv.Problem) text.Message {
	switch p.Code {
	case homecsv.CodeEmptyFile:
		return text.M("import.problem.empty_file")
	case homecsv.CodeNoRows:
		return text.M("import.problem.no_rows")
	case homecsv.CodeTooLarge:
		if n, err := strconv.Atoi(p.Value); err == nil {
			return text.M("import.problem.too_large", n, p.Limit)
		}
		return text.M("import.problem.too_large.unmeasured", p.Limit)
	case homecsv.CodeTooManyRows:
		return text.M("import.problem.too_many_rows", p.Limit)
	case homecsv.CodeTooManyColumns:
		return text.M("import.problem.too_many_columns", p.Value, p.Limit)
	case homecsv.CodeSpreadsheet:
		return text.M("import.problem.spreadsheet", kindOfFile(p.Value))
	case homecsv.CodeBinary:
		return text.M("import.problem.binary", kindOfFile(p.Value))
	case homecsv.CodeEncoding:
		return text.M("import.problem.encoding", p.Value)
	case homecsv.CodeMissingColumn:
		return text.M("import.problem.missing_column", fieldName(p.Field))
	case homecsv.CodeDuplicateColumn:
		return text.M("import.problem.duplicate_column", p.Value, fieldName(p.Field))
	case homecsv.CodeBadMapping:
		return text.M("import.problem.bad_mapping", p.Column, string(p.Field))
	case homecsv.CodeHeaderQuote:
		return text.M("import.problem.header_open_quote", place(p.Line))
	}
	return rowProblem(p)
}

// rowProblem finds the sentence for what is wrong with a row.
func rowProblem(p homecsv.Problem) text.Message {
	switch p.Code {
	case homecsv.CodeOpenQuote:
		return text.M("import.problem.open_quote", place(p.Line))
	case homecsv.CodeTooFewCells:
		return text.M("import.problem.too_few_cells", p.Value, p.Limit)
	case homecsv.CodeTooManyCells:
		return text.M("import.problem.too_many_cells", p.Value, p.Limit)
	case homecsv.CodeDuplicateHome:
		return text.M("import.problem.duplicate_home", place(p.OtherLine))
	case homecsv.CodeBedrooms:
		if p.OtherLine == 0 {
			return text.M("import.problem.bedrooms.stored", p.Limit, place(p.Line), p.Value)
		}
		return text.M("import.problem.bedrooms", p.Limit, place(p.OtherLine), place(p.Line), p.Value)
	}
	return cellProblem(p, fieldName(p.Field))
}

// cellProblem finds the sentence for what is wrong with a cell, of the field that is named.
func cellProblem(p homecsv.Problem, name text.Message) text.Message {
	switch p.Code {
	case homecsv.CodeRequired:
		return text.M("import.problem.required", name)
	case homecsv.CodeTooLong:
		return text.M("import.problem.too_long", name, p.Limit)
	case homecsv.CodeControl:
		return text.M("import.problem.control", name)
	case homecsv.CodeLost:
		return text.M("import.problem.lost_characters", name, p.Value)
	case homecsv.CodeBadEmail:
		return text.M("import.problem.bad_email", name, p.Value)
	case homecsv.CodeBadPhone:
		return text.M("import.problem.bad_phone", name, p.Value)
	case homecsv.CodeBadNumber:
		if p.Field == homecsv.FieldFloorArea {
			return text.M("import.problem.bad_number.area", name, p.Value)
		}
		return text.M("import.problem.bad_number", name, p.Value)
	case homecsv.CodeNumberRange:
		if p.Field == homecsv.FieldFloorArea {
			return text.M("import.problem.number_range.area", name, p.Value, place(homecsv.MinArea), place(p.Limit))
		}
		return text.M("import.problem.number_range", name, p.Value, p.Limit)
	case homecsv.CodeBadDate:
		return text.M("import.problem.bad_date", name, p.Value)
	case homecsv.CodeImpossibleDate:
		return text.M("import.problem.impossible_date", name, p.Value)
	case homecsv.CodeDateOrder:
		return text.M("import.problem.date_order", name, p.Value)
	case homecsv.CodeDateRange:
		return text.M("import.problem.date_range", name, p.Value, place(homecsv.MinYear), place(homecsv.MaxYear))
	}
	return text.M("import.problem.other", string(p.Code))
}

// place is a number that names something, a line or a year, or that is compared with one as it was typed: without
// separators between its digits.
func place(n int) string { return strconv.Itoa(n) }

// kindOfFile says what a file is that should have been a CSV.
//
// text:keys import.kind.*
func kindOfFile(kind string) text.Message { return text.M("import.kind." + kind) }
