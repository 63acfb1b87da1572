// Package csvfile writes the CSV files that people take out: one for all, so that
// none forgets what a spreadsheet makes of a cell.
//
// A file is UTF-8 with a byte order mark and CRLF, for Excel. A cell that a
// spreadsheet could take for a formula has an apostrophe in front. The package
// refuses to know what the cells are about, and where the file goes.
package csvfile

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

const byteOrderMark = "\uFEFF"

// Writer writes one file. It keeps the first error until Close.
type Writer struct {
	to    io.Writer
	rows  *csv.Writer
	begun bool
	err   error
}

// New returns a writer of a file with comma between its cells; 0 is ','.
func New(to io.Writer, comma rune) *Writer {
	w := &Writer{to: to, rows: csv.NewWriter(to)}
	w.rows.UseCRLF = true
	if comma != 0 {
		w.rows.Comma = comma
	}
	return w
}

// Line writes a line, each cell defused.
func (w *Writer) Line(cells ...string) error {
	if !w.begun {
		w.begun = true
		_, w.err = io.WriteString(w.to, byteOrderMark)
	}
	if w.err != nil {
		return w.err
	}
	safe := make([]string, len(cells))
	for i, cell := range cells {
		safe[i] = Defuse(cell)
	}
	if err := w.rows.Write(safe); err != nil {
		w.err = fmt.Errorf("write a CSV file: %w", err)
	}
	return w.err
}

// Close sends what is held back. It does not close what the file is written to.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	w.rows.Flush()
	if err := w.rows.Error(); err != nil {
		return fmt.Errorf("write a CSV file: %w", err)
	}
	return nil
}

// Defuse makes a cell safe to open in a spreadsheet. Some programs skip blanks
// before they look for a formula.
func Defuse(cell string) string {
	first, _ := utf8.DecodeRuneInString(cell)
	visible, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(cell, unicode.IsSpace))
	if Triggers(first) || Triggers(visible) {
		return "'" + cell
	}
	return cell
}

// Triggers tells whether a spreadsheet may calculate a cell that starts so. Some
// take the wide signs of East Asian keyboards for the narrow ones.
func Triggers(first rune) bool {
	switch first {
	case '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠':
		return true
	}
	return false
}
