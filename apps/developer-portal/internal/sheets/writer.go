package sheets

import (
	"errors"
	"io"
)

// Writer draws cards into the two files of a print while they come. Make it with NewWriter, give it every card, and
// Close it; without Close the files are not whole.
type Writer struct {
	pdf *pdf
	zip *pictures
}

// NewWriter begins the PDF with the sheets and the ZIP with the pictures. The ZIP is written card by card; the PDF is
// kept in memory (some 6 KB a card) until Close.
func NewWriter(sheets, pictures io.Writer, w Words) (*Writer, error) {
	p, err := newPDF(sheets, w)
	if err != nil {
		return nil, err
	}
	return &Writer{pdf: p, zip: newPictures(pictures, w)}, nil
}

// Add draws a card into both files.
func (w *Writer) Add(c Card) error {
	code, err := symbol(c.Link)
	if err != nil {
		return err
	}
	return errors.Join(w.pdf.add(c, code), w.zip.add(c, code))
}

// Close ends both files.
func (w *Writer) Close() error { return errors.Join(w.zip.close(), w.pdf.close()) }
