package knowledge

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
)

// What a DOCX may unpack to. The bounds hold whatever its directory claims: they count what comes out.
const (
	maxParts    = 5000     // files in the archive
	maxUnpacked = 48 << 20 // bytes of its text
	maxElement  = 1 << 20  // bytes of one element's start or of one piece of text
	maxDepth    = 200      // elements inside each other
)

var (
	errBomb    = errors.New("it unpacks to more than a document holds")
	errDamaged = errors.New("it is damaged")
)

// readDOCX is the text of a Word document. Its pages are those at which Word last broke it, if it noted them.
func readDOCX(f io.ReaderAt, size int64) (Document, error) {
	archive, err := zip.NewReader(f, size)
	if err != nil {
		return Document{}, errDamaged
	}
	if len(archive.File) > maxParts {
		return Document{}, errBomb
	}
	var main *zip.File
	for _, part := range archive.File {
		if part.Name == "word/document.xml" {
			main = part
		}
	}
	if main == nil {
		return Document{Reason: Unsupported}, nil
	}
	content, err := main.Open()
	if err != nil {
		return Document{}, errDamaged
	}
	defer func() { _ = content.Close() }() // only read
	w := &wordReader{source: &meter{from: content, left: maxUnpacked}, page: 1}
	w.xml = xml.NewDecoder(w.source)
	if err := w.run(); err != nil {
		return Document{}, err
	}
	doc := Document{Pages: w.page, blocks: w.blocks}
	switch {
	case doc.Pages > MaxPages || w.length > MaxText:
		doc.Reason, doc.blocks = TooLong, nil
	case len(doc.blocks) == 0:
		doc.Reason = Empty
	}
	return doc, nil
}

// meter ends a stream that is longer than it may be, as a whole or between two calls of rest.
type meter struct {
	from io.Reader
	left int // of the whole
	one  int // of the element that is being read
}

func (m *meter) rest() { m.one = maxElement }

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 || m.one <= 0 {
		return 0, errBomb
	}
	n, err := m.from.Read(p[:min(len(p), m.left, m.one)])
	m.left -= n
	m.one -= n
	return n, err
}

// wordReader walks through WordprocessingML. It knows paragraphs, their outline level, tables and page breaks.
type wordReader struct {
	source *meter
	xml    *xml.Decoder
	depth  int

	blocks []block
	page   int
	length int

	text   strings.Builder // of the paragraph
	begins int             // the page it begins on
	level  int             // of its heading, 0 if it is none
	list   bool
	cells  []string // of the table's row; nil outside tables
	tables int      // how deep
	skip   int      // depth of an element that is passed over, 0 for none
}

var headingStyle = regexp.MustCompile(`(?i)^(heading|title|subtitle|nag|titre|berschrift|überschrift)`)

func (w *wordReader) run() error {
	for {
		w.source.rest()
		token, err := w.xml.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errBomb):
			return errBomb
		case err != nil:
			return errDamaged
		}
		switch t := token.(type) {
		case xml.StartElement:
			if w.depth++; w.depth > maxDepth {
				return errBomb
			}
			if w.skip == 0 {
				w.start(t)
			}
		case xml.EndElement:
			if w.skip == 0 {
				w.end(t.Name.Local)
			} else if w.skip == w.depth {
				w.skip = 0
			}
			w.depth--
		}
		if w.length > MaxText {
			return nil
		}
	}
}

func (w *wordReader) start(t xml.StartElement) {
	switch t.Name.Local {
	case "Fallback", "del", "moveFrom", "footnotePr", "instrText": // said again elsewhere, deleted, or not said at all
		w.skip = w.depth
	case "p":
		w.text.Reset()
		w.level, w.list, w.begins = 0, false, w.page
	case "pStyle":
		if style := value(t, "val"); headingStyle.MatchString(style) {
			w.level = max(w.level, 1+digit(style))
		}
	case "outlineLvl":
		if level := digit(value(t, "val")); level < 9 {
			w.level = max(w.level, 2+level)
		}
	case "numPr":
		w.list = true
	case "t":
		w.characters()
	case "tab", "cr":
		w.text.WriteByte(' ')
	case "br":
		if value(t, "type") == "page" {
			w.turn()
		} else {
			w.text.WriteByte(' ')
		}
	case "lastRenderedPageBreak":
		w.turn()
	case "tbl":
		w.tables++
	case "tr":
		w.cells = []string{}
	}
}

// characters reads what stands in a w:t, which has no elements in it.
func (w *wordReader) characters() {
	for {
		w.source.rest()
		token, err := w.xml.Token()
		if err != nil {
			return // the next Token says it again
		}
		switch t := token.(type) {
		case xml.CharData:
			w.text.Write(t)
			w.length += len(t)
		case xml.StartElement:
			w.depth++
			w.skip = w.depth
			return
		case xml.EndElement:
			w.depth--
			return
		}
	}
}

func (w *wordReader) turn() {
	w.page++
	if strings.TrimSpace(w.text.String()) == "" {
		w.begins = w.page
		return
	}
	w.text.WriteRune(pageBreak)
}

func (w *wordReader) end(name string) {
	switch name {
	case "p":
		text := tidy(w.text.String())
		w.text.Reset()
		if letters(text) == 0 {
			return
		}
		if w.tables > 0 && w.cells != nil {
			w.length += blockCost
			w.cells = append(w.cells, text)
			return
		}
		w.add(text)
	case "tr":
		if len(w.cells) > 0 {
			w.length += blockCost
			w.begins = w.page
			w.blocks = append(w.blocks, block{kind: row, page: w.page, text: strings.ReplaceAll(strings.Join(w.cells, " | "), string(pageBreak), " ")})
		}
		w.cells = nil
	case "tbl":
		w.tables--
	}
}

func (w *wordReader) add(text string) {
	w.length += blockCost
	k := paragraph
	switch {
	case w.level > 0 && len(text) <= 200:
		k = heading
	case w.list || startsItem(text):
		k = row
	}
	w.blocks = append(w.blocks, block{k, w.level, w.begins, text})
}

// digit is the last character of a style's name as a number, 0 if it is none: "Heading2".
func digit(s string) int {
	if s == "" || s[len(s)-1] < '0' || s[len(s)-1] > '9' {
		return 0
	}
	return int(s[len(s)-1] - '0')
}

func value(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
