package homecsv

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
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
// Cells that a spreadsheet could calculate get an apostrophe in front, which
// an import takes away. say finds the sentence for a problem. The text is UTF-8
// with a byte order mark, for Excel.
func ErrorFile(w io.Writer, header []string, delimiter string, rows []Row, say func(Problem) string) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return fmt.Errorf("write the error file: %w", err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if delimiter != "" {
		out.Comma = rune(delimiter[0])
	}
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
			line = append(line, protect(cell))
		}
		line = append(line, number, protect(problem))
		for _, extra := range cells[min(len(cells), len(header)):] {
			line = append(line, protect(extra))
		}
		return out.Write(line)
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
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write the error file: %w", err)
	}
	return nil
}
