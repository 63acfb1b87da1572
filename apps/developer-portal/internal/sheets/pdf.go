package sheets

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
)

// A sheet in millimetres: A4, upright, four cards of A6.
const (
	pageWidth, pageHeight = 210.0, 297.0
	cardWidth, cardHeight = pageWidth / 2, pageHeight / 2
	perSheet              = 4

	margin    = 9.0 // of a card, to its cut; no printer reaches its paper's edge
	textWidth = cardWidth - 2*margin
	codeSide  = 60.0 // of the QR code with its quiet zone
	cutMark   = 5.0  // length of a mark
)

// band is a part of a card that a text has for itself: where it begins, how high it is, and between which sizes in
// points the text may be set. The smallest leave room for the longest name that a home or a company can have.
type band struct {
	top, height, most, least float64
	bold                     bool
	grey                     int
}

var (
	companyBand    = band{9, 8.5, 10, 5.5, false, 90}
	addressBand    = band{18, 13, 17, 6, true, 0}
	restBand       = band{31.5, 8.5, 9.5, 5.5, false, 60}
	codeTop        = 40.5
	linkBand       = band{101, 9, 8.5, 5, false, 0}
	typedCodeBand  = band{110.5, 7.5, 14, 8, true, 0}
	howToBand      = band{119, 8.5, 10, 6, true, 0}
	withoutCamBand = band{128, 11, 8, 5.5, false, 60}
)

// pdf is the file with the sheets.
type pdf struct {
	out   io.Writer
	doc   *fpdf.Fpdf
	font  *sfnt.Font
	words Words
	count int
}

func newPDF(out io.Writer, w Words) (*pdf, error) {
	font, err := coverage()
	if err != nil {
		return nil, fmt.Errorf("sheets: read the font: %w", err)
	}
	doc := fpdf.New("P", "mm", "A4", "")
	doc.SetMargins(0, 0, 0)
	doc.SetAutoPageBreak(false, 0)
	doc.AddUTF8FontFromBytes(fontFamily, "", fontFile(false))
	doc.AddUTF8FontFromBytes(fontFamily, "B", fontFile(true))
	doc.SetTitle(tidy(w.Title), true)
	doc.SetLang(w.Language)
	doc.SetDisplayMode("fullpage", "single")
	p := &pdf{out: out, doc: doc, font: font, words: w}
	return p, p.err()
}

func (p *pdf) err() error {
	if err := p.doc.Error(); err != nil {
		return fmt.Errorf("sheets: draw the sheets: %w", err)
	}
	return nil
}

// add draws the next card.
func (p *pdf) add(c Card, code [][]bool) error {
	at := p.count % perSheet
	if at == 0 {
		p.doc.AddPage()
		p.cutMarks()
	}
	p.count++
	left, top := float64(at%2)*cardWidth, float64(at/2)*cardHeight

	first, rest := "", ""
	if len(c.Address) > 0 {
		first, rest = c.Address[0], strings.Join(c.Address[1:], ", ")
	}
	if c.Development != "" {
		if rest != "" {
			rest = c.Development + " · " + rest
		} else {
			rest = c.Development
		}
	}
	p.text(left, top, companyBand, p.words.Company)
	p.text(left, top, addressBand, first)
	p.text(left, top, restBand, rest)
	p.symbol(left+(cardWidth-codeSide)/2, top+codeTop, code)
	p.text(left, top, linkBand, shown(c.Link))
	p.text(left, top, typedCodeBand, strings.TrimSpace(p.words.Code+" "+c.Code))
	p.text(left, top, howToBand, p.words.HowTo)
	p.text(left, top, withoutCamBand, p.words.Typed)
	return p.err()
}

func (p *pdf) close() error {
	if p.count == 0 {
		p.doc.AddPage() // a PDF needs a page
	}
	if err := p.doc.Output(p.out); err != nil {
		return fmt.Errorf("sheets: write the sheets: %w", err)
	}
	return nil
}

// text sets a text into its band, in the middle of both directions.
func (p *pdf) text(left, top float64, b band, s string) {
	s = printable(p.font, s)
	if s == "" {
		return
	}
	style := ""
	if b.bold {
		style = "B"
	}
	p.doc.SetFont(fontFamily, style, 1)
	p.doc.SetTextColor(b.grey, b.grey, b.grey)
	set := fit(s, textWidth, b.height, b.most, b.least, p.doc.GetStringWidth)
	p.doc.SetFontSize(set.size)
	step := set.size * lineHeight * pointMM
	// The base line stands about four fifths down its line.
	y := top + b.top + (b.height-set.height())/2 + step*0.8
	for _, line := range set.lines {
		line = visual(line)
		p.doc.Text(left+(cardWidth-p.doc.GetStringWidth(line))/2, y, line)
		y += step
	}
}

// symbol draws a QR code as one shape, in units of its modules: however large it is printed, no gap opens between two
// of them.
func (p *pdf) symbol(x, y float64, code [][]bool) {
	unit := codeSide / float64(len(code)) / pointMM
	var b strings.Builder
	fmt.Fprintf(&b, "q 0 g %.5f 0 0 %.5f %.4f %.4f cm\n", unit, -unit, x/pointMM, (pageHeight-y)/pointMM)
	for row, line := range code {
		for from := 0; from < len(line); from++ {
			if !line[from] {
				continue
			}
			to := from
			for to < len(line) && line[to] {
				to++
			}
			for i, n := range []int{from, row, to - from, 1} {
				if i > 0 {
					b.WriteByte(' ')
				}
				b.WriteString(strconv.Itoa(n))
			}
			b.WriteString(" re\n")
			from = to
		}
	}
	b.WriteString("f Q")
	p.doc.RawWriteStr(b.String())
}

// cutMarks show where to cut: at the paper's edges and around the middle.
func (p *pdf) cutMarks() {
	p.doc.SetDrawColor(120, 120, 120)
	p.doc.SetLineWidth(0.15)
	for _, x := range []float64{0, pageWidth - cutMark} {
		p.doc.Line(x, cardHeight, x+cutMark, cardHeight)
	}
	for _, y := range []float64{0, pageHeight - cutMark} {
		p.doc.Line(cardWidth, y, cardWidth, y+cutMark)
	}
	p.doc.Line(cardWidth-cutMark, cardHeight, cardWidth+cutMark, cardHeight)
	p.doc.Line(cardWidth, cardHeight-cutMark, cardWidth, cardHeight+cutMark)
}

// shown is a link as people read it: a browser thinks of https by itself.
func shown(link string) string { return strings.TrimPrefix(link, "https://") }
