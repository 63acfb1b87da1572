package startup

import (
	"bytes"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
)

// visible spells out, as JSON does, what the handlers of log/slog leave as it is:
// DEL, control characters beyond ASCII, which some terminals obey, and marks that
// can't be seen or turn the direction of reading. Line ends are the handlers' own.
type visible struct{ to io.Writer }

func (v visible) Write(line []byte) (int, error) {
	if !bytes.ContainsFunc(line, hidden) {
		return v.to.Write(line)
	}
	var b bytes.Buffer
	for _, c := range string(line) {
		if !hidden(c) {
			b.WriteRune(c)
			continue
		}
		for _, unit := range utf16.Encode([]rune{c}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	if _, err := v.to.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(line), nil
}

// hidden leaves out ASCII's other control characters: the handlers escape them.
func hidden(c rune) bool { return c >= 0x7f && !unicode.IsPrint(c) }
