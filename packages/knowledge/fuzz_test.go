package knowledge

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/knowledge/papertest"
)

// sound holds what is true of every document, whatever the file was.
func sound(t *testing.T, doc Document) {
	t.Helper()
	if (doc.Reason == "") != (len(doc.blocks) > 0) {
		t.Fatalf("reason %q with %d blocks", doc.Reason, len(doc.blocks))
	}
	if doc.Reason == "" && doc.Pages < 1 {
		t.Fatalf("text on %d pages", doc.Pages)
	}
	for i, p := range passages(doc.blocks) {
		if p.pageFrom < 1 || p.pageTo < p.pageFrom || p.pageTo > doc.Pages {
			t.Fatalf("passage %d on pages %d to %d of %d", i, p.pageFrom, p.pageTo, doc.Pages)
		}
		if strings.TrimSpace(p.body) == "" || strings.ContainsRune(p.body+p.title, 0) || len(p.body) > 64<<10 {
			t.Fatalf("passage %d has %d bytes: %.100q", i, len(p.body), p.body)
		}
		last := 0
		for _, part := range parts(candidate{body: p.body, pageFrom: p.pageFrom}) {
			if part.page < p.pageFrom || part.page > p.pageTo || part.page < last {
				t.Fatalf("passage %d, pages %d to %d: a sentence on page %d", i, p.pageFrom, p.pageTo, part.page)
			}
			last = part.page
		}
	}
}

func fuzzFile(t *testing.T, raw []byte) {
	e, err := sharedExtractor()
	if err != nil {
		t.Fatal(err)
	}
	quick := newExtractor(e.pdf.cache, 20*time.Second)
	doc, err := quick.Extract(t.Context(), bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	sound(t, doc)
}

func FuzzPDF(f *testing.F) {
	f.Add(papertest.PDF(f, papertest.Page{Heading: "Heating", Paragraphs: []string{"One bar."}, Rows: [][]string{{"a", "b"}}}, papertest.Page{Paragraphs: []string{"Two."}}))
	f.Add(papertest.LoopPDF())
	f.Add(papertest.ScannedPDF(f))
	f.Add(papertest.LockedPDF(f))
	f.Fuzz(func(t *testing.T, raw []byte) { fuzzFile(t, append([]byte("%PDF-"), raw...)) })
}

func FuzzDOCX(f *testing.F) {
	f.Add(`<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>A</w:t><w:br w:type="page"/><w:t>b</w:t></w:r></w:p>`)
	f.Add(`<w:tbl><w:tr><w:tc><w:p><w:r><w:t>A</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:del/><w:lastRenderedPageBreak/>`)
	f.Add("<w:p><w:r><w:t>a<b>c</b></w:t></w:r></w:p>")
	f.Fuzz(func(t *testing.T, body string) { fuzzFile(t, papertest.DOCX(t, body)) })
}

func FuzzZIP(f *testing.F) {
	f.Add(papertest.DOCX(f, `<w:p><w:r><w:t>A</w:t></w:r></w:p>`))
	f.Fuzz(func(t *testing.T, raw []byte) { fuzzFile(t, append([]byte("PK\x03\x04"), raw...)) })
}

func FuzzText(f *testing.F) {
	f.Add([]byte("# One\n\nTwo *three* [four](five).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\f\n- six\n"))
	f.Add([]byte("PETS\n====\n1. one\n\n\xff\xfe\x00"))
	f.Add([]byte("a\f\f\fb. C\fd. E\n" + strings.Repeat("word ", 500)))
	f.Fuzz(func(t *testing.T, raw []byte) { fuzzFile(t, raw) })
}

func FuzzQuestion(f *testing.F) {
	f.Add("Where is the stopcock?")
	f.Add("boilr' | & <-> ('x':*) \\ \x00 \xff zażółć gęślą jaźń")
	f.Fuzz(func(t *testing.T, question string) {
		in := takeApart(question)
		if len(in.concepts) > maxConcepts {
			t.Fatalf("%d concepts", len(in.concepts))
		}
		for _, c := range in.concepts {
			if strings.ContainsAny(c.said, "\x00|") || c.said == "" || c.weight <= 0 {
				t.Fatalf("%+v", c)
			}
		}
		Emergency(question)
	})
}
