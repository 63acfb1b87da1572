package homecsv

// Code says what kind of problem it is; whoever shows it finds its sentence by it.
type Code string

// Problems of the whole file. While there is one, nothing can be imported.
const (
	CodeEmptyFile       Code = "empty_file"
	CodeNoRows          Code = "no_rows"           // only a header
	CodeTooLarge        Code = "too_large"         // Value: bytes if known, Limit: bytes
	CodeTooManyRows     Code = "too_many_rows"     // Limit: rows
	CodeTooManyColumns  Code = "too_many_columns"  // Value: columns, Limit: columns
	CodeSpreadsheet     Code = "spreadsheet"       // Value: its Kind
	CodeBinary          Code = "binary"            // Value: its Kind
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

// Problem is one thing that is wrong, in the figures that a sentence about it needs; what they mean stands at each
// code. The sentence itself depends on who reads it, and is none of this package's business.
type Problem struct {
	Line      int    `json:"line,omitempty"`   // physical line, from 1; 0: the whole file
	Column    int    `json:"column,omitempty"` // from 1; 0: no single column
	Field     Field  `json:"field,omitempty"`
	Code      Code   `json:"code"`
	Value     string `json:"value,omitempty"` // what was found, shortened
	OtherLine int    `json:"other_line,omitempty"`
	Limit     int    `json:"limit,omitempty"`
}

// maxShown is how many characters of a cell are repeated.
const maxShown = 60

// brief shortens the value.
func (p Problem) brief() Problem {
	p.Value = shorten(p.Value)
	return p
}

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
