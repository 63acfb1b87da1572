// Package samples reads the sample imports in its own way, as the truth that the portals' pages are held to. It
// shares no code with the import: every file's encoding, delimiter and order of dates is written down here.
package samples

import (
	"encoding/binary"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"openhouse.example/tests/stack"
)

// Sample is one file and what is known about it.
type Sample struct {
	Name     string
	Comma    rune
	Decode   func([]byte) string
	DayFirst bool  // dates are written 31/12/2027
	Bad      []int // lines that can't be imported, in the order of the file
}

// All are the files, the large one last.
var All = []Sample{
	{Name: "longview-park-20.csv", Comma: ',', Decode: utf8},
	{Name: "longview-park-75-with-3-bad.csv", Comma: ',', Decode: utf8, Bad: []int{18, 42, 64}},
	{Name: "messy-headers-semicolon.csv", Comma: ';', Decode: utf8, DayFirst: true},
	{Name: "windows-1252.csv", Comma: ',', Decode: latin1},
	{Name: "utf-16.csv", Comma: '\t', Decode: utf16LE},
	{Name: "ten-thousand.csv", Comma: ',', Decode: utf8},
}

// Named is one of All.
func Named(t testing.TB, name string) Sample {
	t.Helper()
	for _, s := range All {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("there is no sample %s", name)
	return Sample{}
}

// Home is one row of a file, cell for cell, with the date in the order year, month, day.
type Home struct {
	Line                                    int
	Number                                  string
	Address1, Address2, City, Postcode      string
	TypeCode, TypeName                      string
	Bedrooms, Bathrooms, Area               string // area without a needless ".0"
	BuyerName, BuyerEmail, BuyerPhone, Date string
}

// columns is what every sample has, whatever it calls them.
const columns = 14

// Bytes is the file as it is.
func (s Sample) Bytes(t testing.TB) []byte {
	t.Helper()
	raw, err := os.ReadFile(s.Path(t))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Path is where the file is.
func (s Sample) Path(t testing.TB) string {
	t.Helper()
	return filepath.Join(stack.Root(t), "tests", "testdata", "samples", s.Name)
}

// Homes are the good rows.
func (s Sample) Homes(t testing.TB) []Home {
	t.Helper()
	var homes []Home
	for i, cells := range s.Cells(t)[1:] {
		line := i + 2
		if slices.Contains(s.Bad, line) {
			continue
		}
		h := Home{
			Line: line, Number: cells[0], Address1: cells[1], Address2: cells[2], City: cells[3], Postcode: cells[4],
			TypeCode: cells[5], TypeName: cells[6], Bedrooms: cells[7], Bathrooms: cells[8], Area: strings.TrimSuffix(cells[9], ".0"),
			BuyerName: cells[10], BuyerEmail: cells[11], BuyerPhone: cells[12], Date: cells[13],
		}
		if s.DayFirst {
			h.Date = h.Date[6:] + "-" + h.Date[3:5] + "-" + h.Date[:2]
		}
		homes = append(homes, h)
	}
	return homes
}

// Cells are all rows as written, the names of the columns first.
func (s Sample) Cells(t testing.TB) [][]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(s.Decode(s.Bytes(t))))
	r.Comma = s.Comma
	r.FieldsPerRecord = columns
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	return rows
}

func utf8(raw []byte) string { return strings.TrimPrefix(string(raw), "\uFEFF") }

// latin1 will do for Windows-1252: the sample has no letter in which they differ.
func latin1(raw []byte) string {
	var b strings.Builder
	for _, c := range raw {
		b.WriteRune(rune(c))
	}
	return b.String()
}

func utf16LE(raw []byte) string {
	units := make([]uint16, 0, len(raw)/2)
	for i := 2; i+1 < len(raw); i += 2 { // behind the mark
		units = append(units, binary.LittleEndian.Uint16(raw[i:]))
	}
	return string(utf16.Decode(units))
}
