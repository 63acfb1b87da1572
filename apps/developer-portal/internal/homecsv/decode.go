package homecsv

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Encoding names how the bytes of a file were read.
type Encoding string

// The encodings that spreadsheets write.
const (
	UTF8        Encoding = "UTF-8"
	UTF8BOM     Encoding = "UTF-8 with BOM"
	UTF16LE     Encoding = "UTF-16 LE"
	UTF16BE     Encoding = "UTF-16 BE"
	Windows1252 Encoding = "Windows-1252"
)

// sniffed is how many bytes at the start decide what kind of file it is.
const sniffed = 4096

// decode turns the file into text with \n between lines and no byte order
// mark. A non-nil problem says why the file is refused.
//
// A byte sequence that is not UTF-8 is taken for Windows-1252, which can read
// anything; only when far more letters are good UTF-8 than bad is the file
// read as UTF-8 with a hole in it, so that the hole becomes the problem of one
// line instead of every accent being wrong.
func decode(b []byte) (string, Encoding, *Problem) {
	if p := refuseKind(b); p != nil {
		return "", "", p
	}
	var text string
	var enc Encoding
	switch {
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		text, enc = strings.ToValidUTF8(string(b[3:]), "\uFFFD"), UTF8BOM
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		text, enc = fromUTF16(b[2:], binary.LittleEndian), UTF16LE
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		text, enc = fromUTF16(b[2:], binary.BigEndian), UTF16BE
	default:
		text, enc = withoutMark(b)
	}
	if strings.IndexByte(text, 0) >= 0 || mostlyControl(text) {
		return "", "", &Problem{Code: CodeBinary, Value: string(KindUnknown)}
	}
	text = strings.TrimRight(text, "\x1a") // the end-of-file mark of old DOS programs
	if strings.IndexByte(text, '\n') < 0 {
		text = strings.ReplaceAll(text, "\r", "\n") // line ends of old Macs
	}
	return text, enc, nil
}

func withoutMark(b []byte) (string, Encoding) {
	switch zeroPattern(b) {
	case UTF16LE:
		return fromUTF16(b, binary.LittleEndian), UTF16LE
	case UTF16BE:
		return fromUTF16(b, binary.BigEndian), UTF16BE
	}
	if utf8.Valid(b) {
		return string(b), UTF8
	}
	good, bad := countMultibyte(b)
	if good > 2*bad {
		return strings.ToValidUTF8(string(b), "\uFFFD"), UTF8
	}
	var out strings.Builder
	out.Grow(len(b) + bad)
	for _, c := range b {
		out.WriteRune(charmap.Windows1252.DecodeByte(c))
	}
	return out.String(), Windows1252
}

// zeroPattern recognises UTF-16 without a mark: digits, separators and line
// ends have a zero in one half of the pair, and hardly any in the other.
func zeroPattern(b []byte) Encoding {
	head := b[:min(len(b), sniffed)]
	pairs := len(head) / 2
	if pairs == 0 {
		return ""
	}
	var zeros [2]int
	for i := range pairs * 2 {
		if head[i] == 0 {
			zeros[i%2]++
		}
	}
	switch {
	case zeros[1]*10 >= pairs*3 && zeros[0]*20 <= pairs:
		return UTF16LE
	case zeros[0]*10 >= pairs*3 && zeros[1]*20 <= pairs:
		return UTF16BE
	}
	return ""
}

// fromUTF16 puts U+FFFD where half a pair is missing.
func fromUTF16(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, 0, len(b)/2+1)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	if len(b) == 1 {
		units = append(units, 0xFFFD)
	}
	return string(utf16.Decode(units))
}

func countMultibyte(b []byte) (good, bad int) {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			bad++
		} else if n > 1 {
			good++
		}
		b = b[n:]
	}
	return good, bad
}

func mostlyControl(text string) bool {
	head := text[:min(len(text), sniffed)]
	n := 0
	for i := range len(head) {
		if c := head[i]; c < ' ' && (c < '\t' || c > '\r') && c != 0x1a {
			n++
		}
	}
	return n*20 > len(head)
}
