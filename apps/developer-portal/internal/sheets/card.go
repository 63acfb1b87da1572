package sheets

import (
	"errors"
	"fmt"

	qrcode "github.com/skip2/go-qrcode"
)

// Card is what is printed for one home. Texts may have any length and any letters: what is too long is set smaller,
// then broken, and what the font lacks stands as a box (see Unprintable).
type Card struct {
	Address     []string // lines, the first one large; what people call the home
	Development string
	Block       string
	Number      string
	Link        string // what the QR code says: an absolute address
	Code        string // the same secret to be typed, in groups
}

// Words are the texts that are the same on every card, in the language of the sheet.
type Words struct {
	Language string // tag of the language, for readers that speak
	Title    string // of the document
	Company  string
	HowTo    string // "Scan, then prove your e-mail address."
	Typed    string // how to get in without a camera
	Code     string // label before the typed code

	Columns Columns
}

// Columns are the names in the first line of the list.
type Columns struct{ File, Development, Block, Number, Address, Link, Code string }

// symbol makes the QR code of a card. A quarter of it may be torn, wet or in the shade.
func symbol(link string) ([][]bool, error) {
	if link == "" {
		return nil, errors.New("sheets: a card without a link")
	}
	code, err := qrcode.New(link, qrcode.High)
	if err != nil {
		return nil, fmt.Errorf("sheets: make the QR code: %w", err)
	}
	return code.Bitmap(), nil // with the quiet zone of four modules
}
