package homecsv

import (
	"fmt"
	"strconv"
	"strings"
)

// Code says what kind of problem it is; a message catalogue is keyed by it.
type Code string

// Problems of the whole file. While there is one, nothing can be imported.
const (
	CodeEmptyFile       Code = "empty_file"
	CodeNoRows          Code = "no_rows"           // only a header
	CodeTooLarge        Code = "too_large"         // Value: bytes if known, Limit: bytes
	CodeTooManyRows     Code = "too_many_rows"     // Limit: rows
	CodeTooManyColumns  Code = "too_many_columns"  // Value: columns, Limit: columns
	CodeSpreadsheet     Code = "spreadsheet"       // Value: what it is; xlsx, xls, ods
	CodeBinary          Code = "binary"            // Value: what it is, if known
	CodeEncoding        Code = "encoding"          // Value: name of the encoding
	CodeMissingColumn   Code = "missing_column"    // Field
	CodeDuplicateColumn Code = "duplicate_column"  // Field, Column, Value: the header
	CodeBadMapping      Code = "bad_mapping"       // Column, Field
	CodeHeaderQuote     Code = "header_open_quote" // Line
)

// Problems of one row.
const (
	CodeOpenQuote      Code = "open_quote"      // Line: where the quote opened
	CodeTooFewCells    Code = "too_few_cells"   // Value: found, Limit: expected
	CodeTooManyCells   Code = "too_many_cells"  // Value: found, Limit: expected
	CodeRequired       Code = "required"        // Field
	CodeTooLong        Code = "too_long"        // Field, Limit: characters
	CodeControl        Code = "control"         // Field: a control character
	CodeLost           Code = "lost_characters" // Field: replacement characters
	CodeBadEmail       Code = "bad_email"
	CodeBadPhone       Code = "bad_phone"
	CodeBadNumber      Code = "bad_number"
	CodeNumberRange    Code = "number_range" // Limit: the largest that is allowed
	CodeBadDate        Code = "bad_date"     // not readable as a date
	CodeImpossibleDate Code = "impossible_date"
	CodeDateOrder      Code = "date_order" // a date only with day and month swapped
	CodeDateRange      Code = "date_range"
	CodeDuplicateHome  Code = "duplicate_home" // OtherLine: the first line of the home
	CodeBedrooms       Code = "bedrooms"       // Value: here, Limit: there; OtherLine, 0 for what is stored
)

// Problem is one thing that is wrong, addressed to the person who has the file
// open. Message is English; a catalogue can say it in other words from Code
// and the other fields, whose meaning stands at each code.
type Problem struct {
	Line      int    `json:"line,omitempty"`   // physical line, from 1; 0: the whole file
	Column    int    `json:"column,omitempty"` // from 1; 0: no single column
	Field     Field  `json:"field,omitempty"`
	Code      Code   `json:"code"`
	Value     string `json:"value,omitempty"` // what was found, shortened
	OtherLine int    `json:"other_line,omitempty"`
	Limit     int    `json:"limit,omitempty"`
	Message   string `json:"message"`
}

// maxShown is how many characters of a cell a message repeats.
const maxShown = 60

// worded shortens the value and writes the message.
func (p Problem) worded() Problem {
	p.Value = shorten(p.Value)
	p.Message = p.sentence()
	return p
}

func (p Problem) sentence() string {
	switch p.Code {
	case CodeEmptyFile:
		return "The file is empty. Save the sheet again as CSV and upload that file."
	case CodeNoRows:
		return "The file has column names but no homes below them."
	case CodeTooLarge:
		size := "more than " + thousands(p.Limit)
		if n, err := strconv.Atoi(p.Value); err == nil {
			size = thousands(n)
		}
		return fmt.Sprintf("The file has %s bytes; at most %s are accepted. Split it into several files.", size, thousands(p.Limit))
	case CodeTooManyRows:
		return fmt.Sprintf("The file has more than %s rows. Split it into several files.", thousands(p.Limit))
	case CodeTooManyColumns:
		return fmt.Sprintf("The file has %s columns; at most %d are accepted. Delete the columns that aren't about homes.", p.Value, p.Limit)
	case CodeSpreadsheet:
		return fmt.Sprintf("This is %s, not a CSV file. Open it, choose \"Save as CSV\" (in Excel: \"CSV UTF-8\") and upload that file.", p.Value)
	case CodeBinary:
		return fmt.Sprintf("This is %s, not a CSV file. Open the list of homes in a spreadsheet and choose \"Save as CSV\".", p.Value)
	case CodeEncoding:
		return fmt.Sprintf("The text is saved as %s. Save it again as \"CSV UTF-8\".", p.Value)
	case CodeMissingColumn:
		return fmt.Sprintf("No column was found for %s. Choose the column that holds it, or add one.", quote(p.Field.Label()))
	case CodeDuplicateColumn:
		return fmt.Sprintf("More than one column is named %s. Choose the one that holds %s.", quote(p.Value), quote(p.Field.Label()))
	case CodeBadMapping:
		return fmt.Sprintf("Column %d can't be used for %s: choose an existing column for each, and each only once.", p.Column, quote(string(p.Field)))
	case CodeHeaderQuote:
		return fmt.Sprintf("A quotation mark opened on line %d, among the column names, is never closed.", p.Line)
	default:
		return p.rowSentence()
	}
}

func (p Problem) rowSentence() string {
	label := p.Field.Label()
	switch p.Code {
	case CodeOpenQuote:
		return fmt.Sprintf("A quotation mark opened on line %d is not closed properly. Close it, or write \"\" for a mark inside a text.", p.Line)
	case CodeTooFewCells:
		return fmt.Sprintf("The row has %s cells, the column names say %d.", p.Value, p.Limit)
	case CodeTooManyCells:
		return fmt.Sprintf("The row has %s cells, the column names say %d. A text with the separator in it needs quotation marks around it.", p.Value, p.Limit)
	case CodeRequired:
		return fmt.Sprintf("%s is missing.", label)
	case CodeTooLong:
		return fmt.Sprintf("%s is longer than %d characters.", label, p.Limit)
	case CodeControl:
		return fmt.Sprintf("%s has an invisible control character in it. Type it again.", label)
	case CodeLost:
		return fmt.Sprintf("%s has letters that were lost when the file was saved: %s. Type it again.", label, quote(p.Value))
	case CodeBadEmail:
		return fmt.Sprintf("%s: %s is not one e-mail address.", label, quote(p.Value))
	case CodeBadPhone:
		return fmt.Sprintf("%s: %s is not a phone number.", label, quote(p.Value))
	case CodeBadNumber:
		if p.Field == FieldFloorArea {
			return fmt.Sprintf("%s: %s is not a number of square metres.", label, quote(p.Value))
		}
		return fmt.Sprintf("%s: %s is not a whole number.", label, quote(p.Value))
	case CodeNumberRange:
		if p.Field == FieldFloorArea {
			return fmt.Sprintf("%s: %s is not between %d and %d.", label, quote(p.Value), minArea, p.Limit)
		}
		return fmt.Sprintf("%s: %s is more than %d.", label, quote(p.Value), p.Limit)
	case CodeBadDate:
		return fmt.Sprintf("%s: %s can't be read as a date. Write it as 2027-03-31.", label, quote(p.Value))
	case CodeImpossibleDate:
		return fmt.Sprintf("%s: %s is not a day of the calendar.", label, quote(p.Value))
	case CodeDateOrder:
		return fmt.Sprintf("%s: %s is a date only if day and month are the other way round than in the rest of the file.", label, quote(p.Value))
	case CodeDateRange:
		return fmt.Sprintf("%s: %s is not between %d and %d.", label, quote(p.Value), minYear, maxYear)
	case CodeDuplicateHome:
		return fmt.Sprintf("This home is already on line %d. Keep one of the two lines.", p.OtherLine)
	case CodeBedrooms:
		if p.OtherLine == 0 {
			return fmt.Sprintf("This house type has %s; line %d says %s.", beds(p.Limit), p.Line, p.Value)
		}
		return fmt.Sprintf("This house type has %s on line %d; line %d says %s.", beds(p.Limit), p.OtherLine, p.Line, p.Value)
	}
	return string(p.Code)
}

func beds(n int) string {
	if n == 1 {
		return "1 bedroom"
	}
	return fmt.Sprintf("%d bedrooms", n)
}

func quote(s string) string { return "\u201c" + s + "\u201d" }

func shorten(s string) string {
	if len(s) <= maxShown {
		return s
	}
	runes := []rune(s)
	if len(runes) <= maxShown {
		return s
	}
	return string(runes[:maxShown-1]) + "…"
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}
