// Package papertest makes files for tests: good ones, and those that an attacker or a scanner would send. It is the
// tests' only; nothing it makes is larger than it has to be.
package papertest

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"
)

// Page is a page of a PDF: a heading, and paragraphs below it.
type Page struct {
	Heading    string
	Paragraphs []string
	Rows       [][]string
}

// PDF is a file with these pages, each with a foot line.
func PDF(t testing.TB, pages ...Page) []byte { return makePDF(t, pages, nil) }

// LockedPDF can only be opened with a password.
func LockedPDF(t testing.TB) []byte {
	return makePDF(t, []Page{{Heading: "Secret", Paragraphs: []string{"nobody reads this"}}},
		func(p *fpdf.Fpdf) { p.SetProtection(0, "needed", "owner") })
}

// ScannedPDF has a picture on each page, and no text but a foot line.
func ScannedPDF(t testing.TB) []byte {
	return makePDF(t, nil, func(p *fpdf.Fpdf) {
		p.RegisterImageOptionsReader("scan", fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(PNG(t)))
		for range 4 {
			p.AddPage()
			p.ImageOptions("scan", 10, 10, 190, 0, false, fpdf.ImageOptions{ImageType: "PNG"}, 0, "")
		}
	})
}

// PDFOfPages has n pages with one short line each.
func PDFOfPages(t testing.TB, n int) []byte {
	return makePDF(t, nil, func(p *fpdf.Fpdf) {
		p.SetFooterFunc(nil)
		for i := range n {
			p.AddPage()
			p.SetFont("Helvetica", "", 11)
			p.Cell(0, 6, fmt.Sprintf("Line on page %d", i+1))
		}
	})
}

func makePDF(t testing.TB, pages []Page, change func(*fpdf.Fpdf)) []byte {
	t.Helper()
	p := fpdf.New("P", "mm", "A4", "")
	latin := p.UnicodeTranslatorFromDescriptor("")
	p.SetFooterFunc(func() {
		p.SetY(-15)
		p.SetFont("Helvetica", "", 8)
		p.CellFormat(0, 5, fmt.Sprintf("Meadow Homes, page %d", p.PageNo()), "", 0, "C", false, 0, "")
	})
	if change != nil {
		change(p)
	}
	for _, page := range pages {
		p.AddPage()
		if page.Heading != "" {
			p.SetFont("Helvetica", "B", 16)
			p.MultiCell(0, 9, latin(page.Heading), "", "L", false)
		}
		p.SetFont("Helvetica", "", 11)
		for _, text := range page.Paragraphs {
			p.MultiCell(0, 5, latin(text), "", "L", false)
			p.Ln(3)
		}
		for _, row := range page.Rows {
			for _, cell := range row {
				p.CellFormat(45, 7, latin(cell), "1", 0, "L", false, 0, "")
			}
			p.Ln(7)
		}
	}
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// BombPDF has one page whose content unpacks to size bytes.
func BombPDF(t testing.TB, size int) []byte {
	t.Helper()
	var packed bytes.Buffer
	packed.WriteString("\x78\x9c")
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	line := []byte(strings.Repeat("BT /F1 9 Tf (again and again) Tj ET\n", 1000))
	for written := 0; written < size; written += len(line) {
		if _, err := w.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return rawPDF(
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream", packed.Len(), packed.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	)
}

// LoopPDF has pages that are their own children, and a form that draws itself.
func LoopPDF() []byte {
	draw := "q /X Do /X Do Q"
	return rawPDF(
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 /Parent 2 0 R >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(draw), draw),
		fmt.Sprintf("<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >> /Length %d >>\nstream\n%s\nendstream", len(draw), draw),
	)
}

func rawPDF(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}

// DOCX is a Word document with this body, in WordprocessingML.
func DOCX(t testing.TB, body string) []byte {
	t.Helper()
	return ZIP(t, map[string]func(func(string)){
		"[Content_Types].xml": func(write func(string)) { write(`<?xml version="1.0"?><Types/>`) },
		"word/document.xml": func(write func(string)) {
			write(`<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>`)
			write(body)
			write(`</w:body></w:document>`)
		},
	})
}

// ZIP is an archive of parts, each written piece by piece.
func ZIP(t testing.TB, parts map[string]func(write func(string))) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, fill := range parts {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		fill(func(s string) {
			if _, err := w.Write([]byte(s)); err != nil {
				t.Fatal(err)
			}
		})
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// PNG is a small picture.
func PNG(t testing.TB) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 40, 40))
	for i := range 40 {
		m.SetGray(i, i, color.Gray{Y: 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
