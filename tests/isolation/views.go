package isolation

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"html"
	"image"
	_ "image/jpeg" // pictures that an answer may hold
	_ "image/png"
	"io"
	"net/url"
	"sync"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/multi/qrcode"
	"github.com/tetratelabs/wazero"
)

// views are the texts that somebody can read out of an answer's bytes: as they are, as a browser shows them, out of
// packed files, the text of a PDF, and the codes in pictures and on the pages of a PDF.
func views(body []byte) (list []string, isFile bool, err error) {
	list = []string{string(body)}
	for _, plain := range []string{html.UnescapeString(list[0]), unescape(list[0])} {
		if plain != list[0] {
			list = append(list, plain)
		}
	}
	var inner [][]byte
	switch {
	case bytes.HasPrefix(body, []byte("\x1f\x8b")):
		inner, err = unpackGzip(body)
	case bytes.HasPrefix(body, []byte("PK\x03\x04")):
		inner, err = unpackZip(body)
	case bytes.HasPrefix(body, []byte("%PDF-")):
		texts, err := readPDF(body)
		return append(list, texts...), true, err
	case bytes.HasPrefix(body, []byte("\x89PNG")), bytes.HasPrefix(body, []byte("\xff\xd8\xff")):
		img, _, err := image.Decode(bytes.NewReader(body))
		if err != nil {
			return list, true, err
		}
		return append(list, codes(img)...), true, nil
	default:
		return list, false, nil
	}
	if err != nil {
		return list, true, err
	}
	for _, part := range inner {
		more, _, err := views(part)
		if err != nil {
			return list, true, err
		}
		list = append(list, more...)
	}
	return list, true, nil
}

func unescape(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return plain
}

func unpackGzip(body []byte) ([][]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	part, err := io.ReadAll(r)
	return [][]byte{part}, err
}

func unpackZip(body []byte) ([][]byte, error) {
	r, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return nil, err
	}
	parts := [][]byte{[]byte(r.Comment)}
	for _, f := range r.File {
		member, err := f.Open()
		if err != nil {
			return nil, err
		}
		part, err := io.ReadAll(member)
		if err != nil {
			return nil, err
		}
		parts = append(parts, []byte(f.Name), part)
	}
	return parts, nil
}

// codes reads the QR codes in a picture.
func codes(img image.Image) []string {
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return nil
	}
	found, err := qrcode.NewQRCodeMultiReader().DecodeMultipleWithoutHint(bitmap)
	if err != nil {
		return nil // there is none
	}
	var texts []string
	for _, f := range found {
		texts = append(texts, f.GetText())
	}
	return texts
}

// patience is how long the reader of PDFs may take to start: it is compiled first.
const patience = 5 * time.Minute

var reader struct {
	sync.Mutex
	pool pdfium.Pool
	pdf  pdfium.Pdfium
}

// closeReader ends the reader of PDFs, if there is one.
func closeReader() {
	reader.Lock()
	defer reader.Unlock()
	if reader.pool != nil {
		_ = reader.pool.Close()
	}
}

// readPDF is the text of each page and the codes on it.
func readPDF(body []byte) (texts []string, err error) {
	reader.Lock()
	defer reader.Unlock()
	if reader.pdf == nil {
		if reader.pool, err = webassembly.Init(webassembly.Config{MinIdle: 1, MaxIdle: 1, MaxTotal: 1, FSConfig: wazero.NewFSConfig()}); err != nil {
			return nil, err
		}
		if reader.pdf, err = reader.pool.GetInstance(patience); err != nil {
			return nil, err
		}
	}
	doc, err := reader.pdf.OpenDocument(&requests.OpenDocument{File: &body})
	if err != nil {
		return nil, err
	}
	defer func() { _, _ = reader.pdf.FPDF_CloseDocument(&requests.FPDF_CloseDocument{Document: doc.Document}) }()
	count, err := reader.pdf.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: doc.Document})
	if err != nil {
		return nil, err
	}
	for i := range count.PageCount {
		at := requests.Page{ByIndex: &requests.PageByIndex{Document: doc.Document, Index: i}}
		text, err := reader.pdf.GetPageText(&requests.GetPageText{Page: at})
		if err != nil {
			return nil, fmt.Errorf("page %d: %w", i+1, err)
		}
		drawn, err := reader.pdf.RenderPageInDPI(&requests.RenderPageInDPI{DPI: 150, Page: at})
		if err != nil {
			return nil, fmt.Errorf("page %d: %w", i+1, err)
		}
		texts = append(texts, text.Text)
		texts = append(texts, codes(drawn.Result.RenderedImage)...)
		drawn.Cleanup()
	}
	return texts, nil
}
