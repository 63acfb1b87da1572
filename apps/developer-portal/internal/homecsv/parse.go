package homecsv

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Limits of a file.
const (
	MaxBytes   = 10 << 20
	MaxRows    = 20_000
	MaxColumns = 100
)

// maxExamples is how many values of a column are shown beside its guess.
const maxExamples = 3

// Options are what the caller knows better than the file.
type Options struct {
	// Size is the length of the file in bytes if it is known beforehand, so
	// that one that is too large is refused unread. 0 is unknown.
	Size int64
	// Delimiter is one of , ; | and tab; 0 finds out.
	Delimiter byte
	// Mapping gives columns (from 0) their fields; "" ignores a column. Columns
	// that it does not name keep what was guessed.
	Mapping map[int]Field
	// DateOrder reads 03/04/2027; empty finds out.
	DateOrder DateOrder
	// KnownTypes are the house types that are stored; see CheckTypes.
	KnownTypes []HouseType
}

// File is what was found in a file.
type File struct {
	Encoding   Encoding      `json:"encoding"`
	Delimiter  string        `json:"delimiter"`
	HeaderLine int           `json:"header_line"` // the line of the column names
	Header     []string      `json:"header"`      // as written
	Columns    []ColumnGuess `json:"columns"`
	// DateOrder is how dates like 03/04/2027 were read. DateAmbiguous says that
	// nothing in the file decided it and day first was assumed. DateExamples
	// are values that depend on it, whether or not it was decided.
	DateOrder     DateOrder     `json:"date_order"`
	DateAmbiguous bool          `json:"date_ambiguous"`
	DateExamples  []DateExample `json:"date_examples,omitempty"`
	Lines         int           `json:"lines"`      // physical lines
	BlankRows     int           `json:"blank_rows"` // skipped: nothing in any cell
	TitleRows     int           `json:"title_rows"` // skipped: above the column names
	Rows          []Row         `json:"rows"`       // none while there are Problems
	Problems      []Problem     `json:"problems"`   // of the whole file; each stops the import
}

// Row is one line of the file that holds something.
type Row struct {
	Line     int       `json:"line"` // physical line on which it starts, from 1
	Home     Home      `json:"home"` // of a bad row: what could be read
	Problems []Problem `json:"problems,omitempty"`
	Cells    []string  `json:"cells,omitempty"` // as written, for ErrorFile
}

// Good says whether the row can be imported.
func (r Row) Good() bool { return len(r.Problems) == 0 }

// Ready says whether there are rows to look at; else Problems says why not.
func (f *File) Ready() bool { return len(f.Problems) == 0 }

// Good returns the rows that can be imported, in the order of the file.
func (f *File) Good() []Row { return f.rows(true) }

// Bad returns the rows that have problems, in the order of the file.
func (f *File) Bad() []Row { return f.rows(false) }

func (f *File) rows(good bool) []Row {
	var out []Row
	for _, r := range f.Rows {
		if r.Good() == good {
			out = append(out, r)
		}
	}
	return out
}

// Unused returns the columns that are not imported although they have a name
// or values; those that an error file added are left out.
func (f *File) Unused() []ColumnGuess {
	var out []ColumnGuess
	for _, c := range f.Columns {
		if c.Field == "" && !c.Own && (c.Header != "" || len(c.Examples) > 0) {
			out = append(out, c)
		}
	}
	return out
}

func (f *File) refuse(problems ...Problem) *File {
	for _, p := range problems {
		f.Problems = append(f.Problems, p.brief())
	}
	f.Rows = nil
	return f
}

// Parse reads a file of homes to its end, or to the size limit. The error is
// only ever one of reading r; whatever is wrong with the content is in the
// File. A file is wholly in memory, with its rows about five times its size.
func Parse(r io.Reader, o Options) (*File, error) {
	f := &File{DateOrder: DayFirst}
	if o.Size > MaxBytes {
		return f.refuse(Problem{Code: CodeTooLarge, Value: strconv.FormatInt(o.Size, 10), Limit: MaxBytes}), nil
	}
	raw, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the file of homes: %w", err)
	}
	if len(raw) > MaxBytes {
		return f.refuse(Problem{Code: CodeTooLarge, Limit: MaxBytes}), nil
	}
	text, enc, refused := decode(raw)
	if refused != nil {
		return f.refuse(*refused), nil
	}
	f.Encoding, f.Lines = enc, countLines(text)
	return f.read(text, o), nil
}

func (f *File) read(text string, o Options) *File {
	delim, sepLine := o.Delimiter, separatorLine(text)
	if sepLine != 0 && delim == 0 {
		delim = sepLine
	}
	walk := newRecords(text, delim)
	if sepLine != 0 {
		_, rest, _ := strings.Cut(text, "\n")
		walk.pos, walk.line = len(text)-len(rest), 2
	}
	if strings.IndexByte(string(delimiters), delim) < 0 {
		delim = sniffDelimiter(text[walk.pos:])
	}
	walk.delim, f.Delimiter = delim, string(rune(delim))

	recs, p := f.collect(walk)
	if p == nil {
		recs, p = f.takeHeader(recs)
	}
	if p != nil {
		return f.refuse(*p)
	}
	f.Columns = guessColumns(f.Header, examplesOf(recs, len(f.Header)))
	if problems := append(applyMapping(f.Columns, o.Mapping), checkColumns(f.Columns)...); len(problems) > 0 {
		return f.refuse(problems...)
	}
	f.build(recs, o)
	return f
}

// collect reads all records that aren't blank.
func (f *File) collect(walk *records) ([]record, *Problem) {
	var recs []record
	for {
		rec, ok := walk.next()
		if !ok {
			break
		}
		if rec.blank() {
			f.BlankRows++
			continue
		}
		recs = append(recs, rec)
		if len(recs) > MaxRows+headerSearch {
			break
		}
	}
	if len(recs) == 0 {
		return nil, &Problem{Code: CodeEmptyFile}
	}
	return recs, nil
}

// takeHeader splits the column names from the rows below them.
func (f *File) takeHeader(recs []record) ([]record, *Problem) {
	at, _ := findHeader(recs)
	head := recs[at]
	if head.quote != 0 {
		return nil, &Problem{Code: CodeHeaderQuote, Line: head.quote}
	}
	width := head.filled // without the empty columns that a spreadsheet saves along
	if width > MaxColumns {
		return nil, &Problem{Code: CodeTooManyColumns, Value: strconv.Itoa(width), Limit: MaxColumns}
	}
	f.HeaderLine, f.TitleRows, f.Header = head.line, at, head.cells[:width:width]
	rows := recs[at+1:]
	switch {
	case len(rows) == 0:
		f.Columns = guessColumns(f.Header, make([][]string, width))
		return nil, &Problem{Code: CodeNoRows}
	case len(rows) > MaxRows:
		return nil, &Problem{Code: CodeTooManyRows, Limit: MaxRows}
	}
	return rows, nil
}

// examplesOf collects the first values of every column from the top rows.
func examplesOf(recs []record, width int) [][]string {
	out := make([][]string, width)
	for _, r := range recs[:min(len(recs), 200)] {
		if r.quote != 0 {
			continue
		}
		for i, c := range r.cells[:min(len(r.cells), width)] {
			if len(out[i]) >= maxExamples {
				continue
			}
			if v, problem := clean(c); v != "" && problem == "" { // control characters must not reach a page
				out[i] = append(out[i], shorten(v))
			}
		}
	}
	return out
}
