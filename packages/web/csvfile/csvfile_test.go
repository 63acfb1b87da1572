package csvfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
)

func TestFormulasAreText(t *testing.T) {
	t.Parallel()
	attacks := []string{
		"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00A0=1", "\u3000＝1", "＝1", "＋1", "－1", "＠x", "-",
		"=HYPERLINK(\"http://example.org\",\"x\")", "=cmd|' /C calc'!A0", "=1;=2", "=1\n=2",
	}
	for _, comma := range []rune{0, ',', ';', '\t', '|'} {
		var b bytes.Buffer
		w := New(&b, comma)
		for _, a := range attacks {
			if err := w.Line(a, "x", a); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		text, marked := strings.CutPrefix(b.String(), byteOrderMark)
		if !marked || !strings.Contains(text, "\r\n") || strings.Contains(text, byteOrderMark) {
			t.Errorf("%q: Excel needs one mark at the start and \\r\\n between lines", comma)
		}
		r := csv.NewReader(strings.NewReader(text))
		if comma != 0 {
			r.Comma = comma
		}
		all, err := r.ReadAll()
		if err != nil || len(all) != len(attacks) {
			t.Fatalf("%q: %d lines, %v", comma, len(all), err)
		}
		for i, line := range all {
			for _, cell := range []string{line[0], line[2]} {
				if !strings.HasPrefix(cell, "'") {
					t.Errorf("%q: %q became %q, which may be calculated", comma, attacks[i], cell)
				}
			}
			if line[1] != "x" {
				t.Errorf("%q: plain text became %q", comma, line[1])
			}
		}
	}
}

func TestPlainTextStaysAsItIs(t *testing.T) {
	t.Parallel()
	for _, cell := range []string{"", "7", "O'Shea", "'7", " 7", "a=1", "Ó", "\xff", "\u200E7"} {
		if got := Defuse(cell); got != cell {
			t.Errorf("%q became %q", cell, got)
		}
	}
}

type full struct{ left int }

var errFull = errors.New("disk full")

func (w *full) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestErrorsAreKept(t *testing.T) {
	t.Parallel()
	for _, room := range []int{0, 10, 5000} {
		w := New(&full{room}, 0)
		for range 3000 {
			_ = w.Line("cell")
		}
		if err := w.Close(); !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: %v", room, err)
		}
	}
	w := New(&bytes.Buffer{}, '\n')
	if w.Line("a") == nil || w.Close() == nil {
		t.Error("a line end was taken for a delimiter")
	}
}
