package homecsv

import (
	"bytes"
	"encoding/binary"
	"testing"

	"openhouse.example/packages/web/csvfile"
)

// FuzzParse holds whatever the bytes are: checkFile's rules, the same answer
// twice, and an error file that can be read again.
func FuzzParse(f *testing.F) {
	for _, name := range []string{
		"longview-park-20.csv", "longview-park-75-with-3-bad.csv", "messy-headers-semicolon.csv", "windows-1252.csv", "utf-16.csv",
	} {
		b := sample(f, name)
		f.Add(b[:min(len(b), 900)], byte(0), false)
	}
	f.Add([]byte(plain("1,\"a\nb\",B", "2,\"x,B", "3,\"y\"z,B", "4,=1,B,,")), byte(','), true)
	f.Add([]byte("sep=;\r\n\"unit\r\n\";address;type;beds;date\r\n1;a;B;3;1/2/27\r\n1;a;b;4;25.12.2027\r\n"), byte(0), false)
	f.Add(toUTF16(plain("1,a,B"), binary.BigEndian), byte(0), false)
	f.Add([]byte("line\rproblem\r'=\"x\",''\r"), byte('|'), false)
	f.Fuzz(func(t *testing.T, b []byte, delimiter byte, month bool) {
		o := Options{Delimiter: delimiter}
		if month {
			o.DateOrder = MonthFirst
		}
		file := parse(t, b, o)
		again := parse(t, b, o)
		if len(file.Rows) != len(again.Rows) || len(file.Bad()) != len(again.Bad()) {
			t.Errorf("%d rows with %d bad, then %d with %d", len(file.Rows), len(file.Bad()), len(again.Rows), len(again.Bad()))
		}
		if len(file.Columns) == 0 || len(file.Bad()) == 0 {
			return
		}
		out := errorFile(t, file)
		if !bytes.HasPrefix(out, []byte("\uFEFF")) {
			t.Error("the error file has no mark")
		}
		parse(t, out, Options{Delimiter: file.Delimiter[0]})
	})
}

// FuzzCells keeps the readers of single values honest.
func FuzzCells(f *testing.F) {
	for _, s := range []string{"31/02/2027", "2 Feb 2027", "1.142,35 m²", "3 bed", "a@example.org", "+353 1 5551234", "'=1", "\u202Ex"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, code := clean(s)
		if code != "" {
			return
		}
		if again, _ := clean(csvfile.Defuse(text)); again != text && again != unprotect(text) {
			t.Errorf("clean(Defuse(%q)) = %q", text, again)
		}
		for _, field := range Fields() {
			var h Home
			code, _ := setField(&h, field, text, DayFirst)
			if code != "" && h != (Home{}) {
				t.Errorf("%s %q: %s and still %+v", field, text, code, h)
			}
			if d, ok := h.Handover(); ok && (d.Year() < MinYear || d.Year() > MaxYear) {
				t.Errorf("%q is read as %s", text, h.HandoverDate)
			}
		}
	})
}
