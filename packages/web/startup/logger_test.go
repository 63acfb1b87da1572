package startup_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"openhouse.example/packages/web/startup"
)

// Whatever somebody gets into the log, it is one line, and a terminal shows it as
// it is: no second event, no colours, nothing wiped out or turned round.
func TestOneEventIsOneVisibleLine(t *testing.T) {
	t.Parallel()
	const fake = `time=2026-01-01T00:00:00Z level=INFO msg=request route=/team status=200`
	for _, nasty := range []string{
		"a\n" + fake, "a\r\n" + fake, "a\r" + fake, "a\v" + fake, "a\f" + fake, "a\u0085" + fake, "a\u2028" + fake, "a\u2029" + fake,
		"\x1b[2K\x1b[1A", "\x1b]0;title\a", "\u009b31m", "\x00", "\x7f", "\b\b\b", "\u202Etxt.exe", "\u2066x\u2069", "\u200Bx", "\xff\xfe", `" level=ERROR msg="x`, "\uFEFF", "\U000E0041",
	} {
		for _, production := range []bool{true, false} {
			var out bytes.Buffer
			log := startup.Logger(&out, production).With("tenant", nasty)
			log.Warn(nasty, "value", nasty, nasty, "key", "error", fmt.Errorf("can't read: %w", errors.New(nasty)), "list", []string{nasty}, "any", struct{ A string }{nasty})
			line, rest, found := strings.Cut(out.String(), "\n")
			if !found || rest != "" {
				t.Errorf("production %v: %q is more than a line: %q", production, nasty, out.String())
			}
			if at := strings.IndexFunc(line, func(c rune) bool { return c != ' ' && !unicode.IsPrint(c) }); at >= 0 {
				t.Errorf("production %v: %q hides something: %q", production, nasty, line)
			}
			if production && !json.Valid([]byte(line)) {
				t.Errorf("%q makes a line that is no JSON: %s", nasty, line)
			}
		}
	}
}
