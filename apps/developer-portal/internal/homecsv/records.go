package homecsv

import "strings"

// maxQuoted is the longest quoted cell in bytes: what a spreadsheet cell can
// hold. A longer one is a quote that was never closed, and the limit keeps the
// search for its end linear in the size of the file.
const maxQuoted = 32 << 10

// record is one row of cells as it stands in the file.
type record struct {
	line   int      // physical line on which it starts, from 1
	cells  []string // without quotes, otherwise untouched; at most maxKept
	count  int      // how many cells there are
	filled int      // how many there are up to the last one that isn't blank
	quote  int      // line of a quote that is not closed properly; 0 is none
}

// maxKept bounds what a file of nothing but separators costs in memory.
const maxKept = 2 * MaxColumns

func (r record) blank() bool { return r.filled == 0 && r.quote == 0 }

// records walks the text record by record. A cell that does not begin with a
// quote may contain quotes. After a quote that is not closed properly the walk
// goes on at the next physical line, so that one slip spoils one line.
type records struct {
	text  string
	delim byte
	pos   int
	line  int // of pos
	arena []string
}

func newRecords(text string, delim byte) *records {
	return &records{text: text, delim: delim, line: 1}
}

// next returns false at the end of the text.
func (r *records) next() (record, bool) {
	if r.pos >= len(r.text) {
		return record{}, false
	}
	rec := record{line: r.line}
	if cap(r.arena)-len(r.arena) < maxKept {
		r.arena = make([]string, 0, 4*maxKept)
	}
	start := len(r.arena)
	for {
		cell, more, opened := r.cell()
		if rec.count++; rec.count <= maxKept {
			r.arena = append(r.arena, cell)
		}
		if strings.TrimSpace(cell) != "" {
			rec.filled = rec.count
		}
		if opened != 0 {
			rec.quote = opened
			break
		}
		if !more {
			break
		}
	}
	rec.cells = r.arena[start:len(r.arena):len(r.arena)]
	return rec, true
}

// cell reads one cell and what ends it; more says that another follows in the
// same record. opened is the line of a faulty quote, else 0.
func (r *records) cell() (cell string, more bool, opened int) {
	i := r.pos
	for i < len(r.text) && (r.text[i] == ' ' || r.text[i] == '\t') && r.text[i] != r.delim {
		i++
	}
	if i < len(r.text) && r.text[i] == '"' {
		return r.quoted(i)
	}
	start := r.pos
	for i < len(r.text) && r.text[i] != r.delim && r.text[i] != '\n' {
		i++
	}
	cell = r.text[start:i]
	if i == len(r.text) || r.text[i] == '\n' {
		cell = strings.TrimSuffix(cell, "\r")
	}
	return cell, r.end(i), 0
}

// end steps over the delimiter or line end at i.
func (r *records) end(i int) (more bool) {
	if i >= len(r.text) {
		r.pos = i
		return false
	}
	r.pos = i + 1
	if r.text[i] == r.delim {
		return true
	}
	r.line++
	return false
}

// quoted reads the cell whose opening quote is at open.
func (r *records) quoted(open int) (cell string, more bool, opened int) {
	i, escaped := open+1, false
	limit := min(len(r.text), i+maxQuoted)
	for {
		n := strings.IndexByte(r.text[i:limit], '"')
		if n < 0 {
			return r.faulty(open)
		}
		i += n + 1
		if i >= len(r.text) || r.text[i] != '"' {
			break
		}
		escaped = true
		if i++; i >= limit {
			return r.faulty(open)
		}
	}
	cell = r.text[open+1 : i-1]
	for i < len(r.text) && (r.text[i] == ' ' || r.text[i] == '\t') && r.text[i] != r.delim {
		i++
	}
	if strings.HasPrefix(r.text[i:], "\r\n") || r.text[i:] == "\r" {
		i++
	}
	if i < len(r.text) && r.text[i] != r.delim && r.text[i] != '\n' {
		return r.faulty(open)
	}
	r.line += strings.Count(cell, "\n")
	if escaped {
		cell = strings.ReplaceAll(cell, `""`, `"`)
	}
	return cell, r.end(i), 0
}

// faulty gives up on a quote: the cell is the rest of its physical line.
func (r *records) faulty(open int) (cell string, more bool, opened int) {
	opened = r.line
	rest := r.text[open:]
	if n := strings.IndexByte(rest, '\n'); n >= 0 {
		rest = rest[:n]
		r.end(open + n)
	} else {
		r.end(len(r.text))
	}
	return strings.TrimSuffix(rest, "\r"), false, opened
}

// countLines is the number of physical lines of a text.
func countLines(text string) int {
	n := strings.Count(text, "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		n++
	}
	return n
}
