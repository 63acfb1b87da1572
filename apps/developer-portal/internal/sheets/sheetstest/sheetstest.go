// Package sheetstest looks at printed sheets as a phone does: it draws the pages of a PDF into pixels and reads the QR
// codes that are there. For tests only.
package sheetstest

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"sync"
	"testing"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/tetratelabs/wazero"
)

// CardsASheet is how many cards stand on a page, two by two.
const CardsASheet = 4

// patience is how long the reader of PDFs may take to start (it is compiled first), and others to be done with it.
const patience = 5 * time.Minute

// reader is the reader of PDFs of this test binary, which one test uses at a time.
var reader = struct {
	sync.Mutex
	pool pdfium.Pool
	pdf  pdfium.Pdfium
}{}

// Wrap is m with the reader's end after its tests; use it as
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(sheetstest.Wrap(m)) }
func Wrap(m interface{ Run() int }) interface{ Run() int } { return wrapped{m} }

type wrapped struct{ tests interface{ Run() int } }

func (w wrapped) Run() int {
	code := w.tests.Run()
	if reader.pool == nil {
		return code
	}
	if err := reader.pool.Close(); err != nil && code == 0 {
		fmt.Println("close the reader of PDFs:", err)
		return 1
	}
	return code
}

// borrow takes the reader until the test gives it back.
func borrow(t testing.TB) (pdf pdfium.Pdfium, giveBack func()) {
	t.Helper()
	reader.Lock()
	if reader.pdf == nil {
		pool, err := webassembly.Init(webassembly.Config{MinIdle: 1, MaxIdle: 1, MaxTotal: 1, FSConfig: wazero.NewFSConfig()})
		if err == nil {
			reader.pool = pool
			reader.pdf, err = pool.GetInstance(patience)
		}
		if err != nil {
			reader.Unlock()
			t.Fatal(err)
		}
	}
	return reader.pdf, reader.Unlock
}

// Page is one page of a PDF.
type Page struct {
	Image *image.RGBA
	Text  string
}

// Pages draws every page of a PDF at the given dots an inch.
func Pages(t testing.TB, pdf []byte, dpi int) []Page {
	t.Helper()
	reader, giveBack := borrow(t)
	defer giveBack()
	doc, err := reader.OpenDocument(&requests.OpenDocument{File: &pdf})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := reader.FPDF_CloseDocument(&requests.FPDF_CloseDocument{Document: doc.Document}); err != nil {
			t.Error(err)
		}
	}()
	count, err := reader.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: doc.Document})
	if err != nil {
		t.Fatal(err)
	}
	pages := make([]Page, count.PageCount)
	for i := range pages {
		pages[i] = page(t, reader, requests.Page{ByIndex: &requests.PageByIndex{Document: doc.Document, Index: i}}, dpi)
	}
	return pages
}

func page(t testing.TB, reader pdfium.Pdfium, at requests.Page, dpi int) Page {
	t.Helper()
	drawn, err := reader.RenderPageInDPI(&requests.RenderPageInDPI{DPI: dpi, Page: at})
	if err != nil {
		t.Fatal(err)
	}
	defer drawn.Cleanup()
	b := drawn.Result.RenderedImage.Bounds()
	img := image.NewRGBA(b)
	draw.Draw(img, b, drawn.Result.RenderedImage, b.Min, draw.Src) // the original is the reader's memory
	text, err := reader.GetPageText(&requests.GetPageText{Page: at})
	if err != nil {
		t.Fatal(err)
	}
	return Page{Image: img, Text: text.Text}
}

// Cards cuts a page where a person would, into the cards from left to right and from top to bottom.
func Cards(p Page) []image.Image {
	b := p.Image.Bounds()
	middle := image.Pt(b.Dx()/2, b.Dy()/2)
	var cards []image.Image
	for i := range CardsASheet {
		from := image.Pt(i%2*middle.X, i/2*middle.Y)
		cards = append(cards, p.Image.SubImage(image.Rectangle{Min: from, Max: from.Add(middle)}))
	}
	return cards
}

// Decode reads the one QR code in an image, as a phone does: when it isn't found among everything else (which this
// decoder misses about once in two hundred), the phone is moved closer. "" if there is none.
func Decode(t testing.TB, img image.Image) string {
	t.Helper()
	near := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true}
	for _, look := range []struct {
		img   image.Image
		hints map[gozxing.DecodeHintType]any
	}{{img, nil}, {img, near}, {closer(img), near}} {
		bitmap, err := gozxing.NewBinaryBitmapFromImage(look.img)
		if err != nil {
			t.Fatal(err)
		}
		if result, err := qrcode.NewQRCodeReader().Decode(bitmap, look.hints); err == nil {
			return result.GetText()
		}
	}
	return ""
}

// closer is the middle of a card, with nothing but its code.
func closer(card image.Image) *image.Gray {
	b := card.Bounds()
	part := func(from, of float64, whole int) int { return int(from / of * float64(whole)) }
	out := image.NewGray(image.Rect(0, 0, part(60, 105, b.Dx()), part(60, 148.5, b.Dy())))
	draw.Draw(out, out.Bounds(), card, b.Min.Add(image.Pt(part(22.5, 105, b.Dx()), part(40.5, 148.5, b.Dy()))), draw.Src)
	return out
}

// DecodePDF reads the codes of all cards of a PDF in their order, and leaves out places without one. What can't be read
// at 150 dots an inch is looked at once more, at 300.
func DecodePDF(t testing.TB, pdf []byte) []string {
	t.Helper()
	var codes []string
	for number, page := range Pages(t, pdf, 150) {
		var sharp []image.Image
		for i, card := range Cards(page) {
			code := Decode(t, card)
			if code == "" && !blank(card) {
				if sharp == nil {
					sharp = Cards(Pages(t, pdf, 300)[number])
				}
				code = Decode(t, sharp[i])
			}
			if code != "" {
				codes = append(codes, code)
			}
		}
	}
	return codes
}

// blank reports that nothing is printed in the middle of a card.
func blank(card image.Image) bool {
	for _, v := range closer(card).Pix {
		if v < 128 {
			return false
		}
	}
	return true
}

// DecodePNG reads the code of a picture.
func DecodePNG(t testing.TB, file []byte) string {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return Decode(t, img)
}
