package homecsv

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"openhouse.example/packages/web/csvfile"
)

// The columns that an error file adds. They are known when it is imported
// again, and ignored.
const (
	lineHeader    = "line"
	problemHeader = "problem"
)

// ErrorFile writes the bad ones among rows as a CSV to download, correct and
// import again: the columns of the file they came from (File.Header and
// File.Delimiter; "" is a comma), then the line and what is wrong with it.
// Cells that a spreadsheet could calculate get an apostrophe in front (package
// csvfile), which an import takes away. say finds the sentence for a problem.
func ErrorFile(w io.Writer, header []string, delimiter string, rows []Row, say func(Problem) string) error {
	var comma rune
	if delimiter != "" {
		comma = rune(delimiter[0])
	}
	out := csvfile.New(w, comma)
	width := 0 // without the columns of an earlier error file
	for _, h := range header {
		if !ignoredNames[normal(h)] {
			width++
		}
	}
	line := make([]string, 0, width+2)
	write := func(cells []string, number, problem string) error {
		line = line[:0]
		for i, h := range header {
			if ignoredNames[normal(h)] {
				continue
			}
			cell := ""
			if i < len(cells) {
				cell = cells[i]
			}
			line = append(line, cell)
		}
		line = append(line, number, problem)
		return out.Line(append(line, cells[min(len(cells), len(header)):]...)...)
	}
	if err := write(header, lineHeader, problemHeader); err != nil {
		return fmt.Errorf("write the error file: %w", err)
	}
	for _, r := range rows {
		if r.Good() {
			continue
		}
		messages := make([]string, len(r.Problems))
		for i, p := range r.Problems {
			messages[i] = say(p)
		}
		if err := write(r.Cells, strconv.Itoa(r.Line), strings.Join(messages, " ")); err != nil {
			return fmt.Errorf("write the error file: %w", err)
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write the error file: %w", err)
	}
	return nil
}
