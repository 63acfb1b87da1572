package knowledge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/knowledge/papertest"
)

func TestEveryFormatIsRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raw   []byte
		mime  string
		pages int
		want  []block
	}{
		"pdf": {
			papertest.PDF(t,
				papertest.Page{Heading: "Heating", Paragraphs: []string{"The gauge reads 1.2 bar – no more. " + strings.Repeat("Leave it as it is, and look again later. ", 5)}, Rows: [][]string{{"E10", "pressure too low"}, {"E28", "no flame"}}},
				papertest.Page{Heading: "Café façade", Paragraphs: []string{"Second page."}},
				papertest.Page{Paragraphs: []string{"Third page."}}),
			mimePDF, 3,
			[]block{
				{heading, 1, 1, "Heating"},
				{paragraph, 0, 1, "The gauge reads 1.2 bar – no more. " + strings.TrimSpace(strings.Repeat("Leave it as it is, and look again later. ", 5))},
				{row, 0, 1, "E10 pressure too low"},
				{row, 0, 1, "E28 no flame"},
				{heading, 1, 2, "Café façade"},
				{paragraph, 0, 2, "Second page."},
				{paragraph, 0, 3, "Third page."},
			},
		},
		"docx": {
			papertest.DOCX(t, `<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Parking</w:t></w:r></w:p>`+
				`<w:p><w:r><w:t xml:space="preserve">Two </w:t></w:r><w:r><w:t>spaces.</w:t></w:r><w:del><w:r><w:t>gone</w:t></w:r></w:del></w:p>`+
				`<w:p><w:r><mc:AlternateContent><mc:Choice><w:t>Once</w:t></mc:Choice><mc:Fallback><w:t>Once</w:t></mc:Fallback></mc:AlternateContent></w:r></w:p>`+
				`<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Bay</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>14</w:t></w:r></w:p></w:tc></w:tr></w:tbl>`+
				`<w:p><w:r><w:br w:type="page"/></w:r></w:p><w:p><w:r><w:t>Page two, </w:t><w:lastRenderedPageBreak/><w:t>page three.</w:t></w:r></w:p>`),
			mimeDOCX, 3,
			[]block{{heading, 2, 1, "Parking"}, {paragraph, 0, 1, "Two spaces."}, {paragraph, 0, 1, "Once"}, {row, 0, 1, "Bay | 14"}, {paragraph, 0, 2, "Page two,\fpage three."}},
		},
		"markdown": {
			[]byte("# Bins\n\nThe **black** bin, see [the map](https://example.org/x), is for\nwaste.\n\n| Bin | Day |\n|---|---|\n| Blue | Friday |\n\n- one\n- two\n\f\nLast page.\n"),
			"text/markdown", 2,
			[]block{{heading, 1, 1, "Bins"}, {paragraph, 0, 1, "The black bin, see the map, is for waste."}, {row, 0, 1, "Bin | Day"}, {row, 0, 1, "Blue | Friday"}, {row, 0, 1, "one"}, {row, 0, 1, "two"}, {paragraph, 0, 2, "Last page."}},
		},
		"text": {
			[]byte("\uFEFFPETS\n\nOne cat\r\nor one dog.\n"), "text/plain", 1,
			[]block{{heading, 2, 1, "PETS"}, {paragraph, 0, 1, "One cat or one dog."}},
		},
		"text of Windows": {[]byte("Das Caf\xe9 ist offen, von acht bis zehn.\n"), "text/plain", 1, []block{{paragraph, 0, 1, "Das Café ist offen, von acht bis zehn."}}},
		"text in UTF-16":  {[]byte("\xff\xfeO\x00n\x00e\x00.\x00"), "text/plain", 1, []block{{paragraph, 0, 1, "One."}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := extract(t, c.raw)
			if doc.Reason != "" || doc.MIME != c.mime || doc.Pages != c.pages {
				t.Errorf("%q, %s, %d pages", doc.Reason, doc.MIME, doc.Pages)
			}
			if got, want := fmt.Sprintf("%+v", doc.blocks), fmt.Sprintf("%+v", c.want); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestAParagraphGoesOnOnTheNextPage(t *testing.T) {
	t.Parallel()
	long := func(what string) string {
		return strings.TrimSpace(strings.Repeat("Nothing of "+what+" is of use. ", 6))
	}
	doc := extract(t, papertest.PDF(t, papertest.Page{Heading: "Water", Paragraphs: []string{long("this"), "The valve stands behind"}},
		papertest.Page{Paragraphs: []string{"the white panel.", long("that")}}, papertest.Page{Paragraphs: []string{long("these")}}))
	if len(doc.blocks) != 5 || doc.blocks[2] != (block{paragraph, 0, 1, "The valve stands behind\fthe white panel."}) {
		t.Errorf("%+v", doc.blocks)
	}
}

// Each of these ends in a state that staff are told about, and in no error.
func TestFilesWithoutTextEndInAClearState(t *testing.T) {
	t.Parallel()
	whole := papertest.PDF(t, papertest.Page{Heading: "Heating", Paragraphs: []string{"One."}}, papertest.Page{Paragraphs: []string{"Two."}})
	docx := papertest.DOCX(t, `<w:p><w:r><w:t>Text.</w:t></w:r></w:p>`)
	run := func(s string, n int) func(func(string)) {
		return func(write func(string)) {
			for range n {
				write(s)
			}
		}
	}
	document := func(fill func(func(string))) []byte {
		return papertest.ZIP(t, map[string]func(func(string)){"word/document.xml": fill})
	}
	ole := "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 1000)
	for name, c := range map[string]struct {
		raw  []byte
		want Reason
	}{
		"picture":                         {papertest.PNG(t), Picture},
		"scanned":                         {papertest.ScannedPDF(t), Scanned},
		"locked pdf":                      {papertest.LockedPDF(t), Encrypted},
		"locked docx":                     {[]byte(ole + "E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"), Encrypted},
		"old word":                        {[]byte(ole), Unsupported},
		"pdf cut off":                     {whole[:len(whole)*2/3], Damaged},
		"pdf that only begins as one":     {[]byte("%PDF-1.7\nnothing else\n%%EOF"), Damaged},
		"pdf with its middle overwritten": {bytes.Replace(whole, whole[20:len(whole)-200], bytes.Repeat([]byte{0xAA}, len(whole)-220), 1), Damaged},
		"pdf of 5,000 pages":              {papertest.PDFOfPages(t, 5000), TooLong},
		"pdf bomb":                        {papertest.BombPDF(t, 100<<20), Damaged},
		"docx cut off":                    {docx[:len(docx)/2], Damaged},
		"docx whose text is cut off":      {document(run("<a><b>", 1)), Damaged},
		"another zip":                     {papertest.ZIP(t, map[string]func(func(string)){"notes.txt": run("x", 1)}), Unsupported},
		"docx bomb of text":               {document(func(write func(string)) { write("<w>"); run("<p>"+strings.Repeat(" ", 1<<16)+"</p>", 2000)(write) }), Bomb},
		"docx bomb of one text":           {document(func(write func(string)) { write("<w>"); run(strings.Repeat("a", 1<<16), 100)(write) }), Bomb},
		"docx bomb of attributes":         {document(func(write func(string)) { write("<w "); run(strings.Repeat(`a="" `, 1<<12), 400)(write) }), Bomb},
		"docx bomb of depth":              {document(run(strings.Repeat("<a>", 1<<12), 500)), Bomb},
		"docx of too much text":           {papertest.DOCX(t, strings.Repeat("<w:p><w:r><w:t>"+strings.Repeat("word ", 2000)+"</w:t></w:r></w:p>", 1000)), TooLong},
		"text of too much text":           {bytes.Repeat([]byte("word "), MaxText/4), TooLong},
		"text of a million lines":         {bytes.Repeat([]byte("a\n\n"), 1<<20), TooLong},
		"no words":                        {[]byte(" \n\t\n--- *** ---\n"), Empty},
		"nothing":                         {nil, Empty},
		"web page":                        {[]byte("<!DOCTYPE html><p>Hello</p>"), Unsupported},
		"drawing":                         {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), Unsupported},
		"program":                         {[]byte("\x7fELF\x02\x01\x01\x00\x00\x00"), Unsupported},
		"noise behind text":               {append(bytes.Repeat([]byte("text "), 2000), 0, 1, 2), Unsupported},
		"too large":                       {make([]byte, MaxBytes+1), TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if doc := extract(t, c.raw); doc.Reason != c.want || len(doc.blocks) > 0 {
				t.Errorf("reason %q, %d blocks; want %q", doc.Reason, len(doc.blocks), c.want)
			}
		})
	}
}

// Pages inside themselves and forms that draw themselves come to an end.
func TestALoopComesToAnEnd(t *testing.T) {
	t.Parallel()
	if doc := extract(t, papertest.LoopPDF()); doc.Reason == "" {
		t.Error("a PDF without text has some")
	}
}

func TestReadingEndsWithItsTime(t *testing.T) {
	t.Parallel()
	raw := papertest.PDFOfPages(t, MaxPages)
	shared, err := sharedExtractor()
	if err != nil {
		t.Fatal(err)
	}
	extract(t, papertest.PDFOfPages(t, 1)) // it is compiled now
	e := newExtractor(shared.pdf.cache, 300*time.Millisecond)
	began := time.Now()
	doc, err := e.Extract(t.Context(), bytes.NewReader(raw), int64(len(raw)))
	if err != nil || doc.Reason != TooSlow {
		t.Errorf("reason %q, %v", doc.Reason, err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := shared.Extract(ctx, bytes.NewReader(raw), int64(len(raw))); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the caller's end: %v", err)
	}
	if doc := extract(t, papertest.PDFOfPages(t, 2)); doc.Reason != "" {
		t.Errorf("the next file: %q", doc.Reason)
	}
}

func TestAPanicIsTheFilesFault(t *testing.T) {
	t.Parallel()
	e := newExtractor(nil, time.Minute)
	doc, err := e.contained(t.Context(), mimeDOCX, func(context.Context) (Document, error) { panic("index out of range") })
	if err != nil || doc.Reason != Damaged || doc.MIME != mimeDOCX {
		t.Errorf("%+v, %v", doc, err)
	}
}

type unreachable struct{}

func (unreachable) ReadAt([]byte, int64) (int, error) { return 0, errors.New("the disk is away") }

func TestAFileThatCanNotBeReachedIsAnError(t *testing.T) {
	t.Parallel()
	e := newExtractor(nil, time.Minute)
	if doc, err := e.Extract(t.Context(), unreachable{}, 10); err == nil {
		t.Errorf("no error, but %+v", doc)
	}
}
