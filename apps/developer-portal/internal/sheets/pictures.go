package sheets

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"openhouse.example/packages/web/csvfile"
)

// pixels is the width of a module in a picture: some 4 cm at 300 dots an inch.
const pixels = 10

// pictures is the ZIP: a PNG for each card, and manifest.csv.
type pictures struct {
	zip   *zip.Writer
	list  bytes.Buffer
	rows  *csvfile.Writer
	count int
}

func newPictures(out io.Writer, w Words) *pictures {
	p := &pictures{zip: zip.NewWriter(out)}
	p.rows = csvfile.New(&p.list, 0)
	c := w.Columns
	p.row(c.File, c.Development, c.Block, c.Number, c.Address, c.Link, c.Code)
	return p
}

func (p *pictures) add(c Card, code [][]bool) error {
	p.count++
	name := fmt.Sprintf("%04d-%s.png", p.count, FileName(c.Block, c.Number))
	file, err := p.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store}) // a PNG is compressed already
	if err != nil {
		return fmt.Errorf("sheets: write the pictures: %w", err)
	}
	if err := png.Encode(file, picture(code)); err != nil {
		return fmt.Errorf("sheets: write the pictures: %w", err)
	}
	p.row(name, c.Development, c.Block, c.Number, strings.Join(c.Address, ", "), c.Link, c.Code)
	return nil
}

func (p *pictures) close() error {
	if err := p.rows.Close(); err != nil {
		return fmt.Errorf("sheets: write the list: %w", err)
	}
	file, err := p.zip.Create("manifest.csv")
	if err != nil {
		return fmt.Errorf("sheets: write the list: %w", err)
	}
	if _, err := p.list.WriteTo(file); err != nil {
		return fmt.Errorf("sheets: write the list: %w", err)
	}
	if err := p.zip.Close(); err != nil {
		return fmt.Errorf("sheets: write the pictures: %w", err)
	}
	return nil
}

// row adds a line to the list. The writer keeps its error until the end.
func (p *pictures) row(cells ...string) { _ = p.rows.Line(cells...) }

// picture is a QR code with one bit a pixel.
func picture(code [][]bool) image.Image {
	side := len(code) * pixels
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y, line := range code {
		for x, dark := range line {
			if !dark {
				continue
			}
			for dy := range pixels {
				row := img.Pix[(y*pixels+dy)*img.Stride:]
				for dx := range pixels {
					row[x*pixels+dx] = 1
				}
			}
		}
	}
	return img
}

// FileName makes a name of small letters, digits and dashes, which every disk takes.
func FileName(parts ...string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(strings.Join(parts, " "))) {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent of the letter before
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 40 {
			break
		}
	}
	if name := strings.Trim(b.String(), "-"); name != "" {
		return name
	}
	return "home"
}
