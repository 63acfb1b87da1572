package homecsv

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

func toUTF16(s string, order binary.AppendByteOrder) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	text := plain("1,1 Bóthar Fada,B", "2,2 Bóthar Fada,Ó")
	le, be := toUTF16(text, binary.LittleEndian), toUTF16(text, binary.BigEndian)
	latin := make([]byte, 0, len(text))
	for _, r := range text {
		latin = append(latin, byte(r))
	}
	for name, c := range map[string]struct {
		raw  []byte
		want Encoding
	}{
		"utf-8":              {[]byte(text), UTF8},
		"utf-8 bom":          {append([]byte("\uFEFF"), text...), UTF8BOM},
		"utf-16 le bom":      {append([]byte{0xFF, 0xFE}, le...), UTF16LE},
		"utf-16 be bom":      {append([]byte{0xFE, 0xFF}, be...), UTF16BE},
		"utf-16 le":          {le, UTF16LE},
		"utf-16 be":          {be, UTF16BE},
		"windows-1252":       {latin, Windows1252},
		"dos end of file":    {append([]byte(text), 0x1A), UTF8},
		"windows line ends":  {[]byte(strings.ReplaceAll(text, "\n", "\r\n")), UTF8},
		"old mac line ends":  {[]byte(strings.ReplaceAll(text, "\n", "\r")), UTF8},
		"no last line end":   {[]byte(strings.TrimSuffix(text, "\n")), UTF8},
		"decomposed accents": {[]byte(strings.NewReplacer("ó", "o\u0301", "Ó", "O\u0301").Replace(text)), UTF8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := parse(t, c.raw, Options{})
			if f.Encoding != c.want || f.Lines != 3 || len(f.Good()) != 2 {
				t.Fatalf("%s, %d lines, %d good: %+v", f.Encoding, f.Lines, len(f.Good()), f.Problems)
			}
			if h := f.Rows[1].Home; h.AddressLine1 != "2 Bóthar Fada" || h.HouseTypeCode != "Ó" {
				t.Errorf("got %+v", h)
			}
		})
	}
}

func TestWindows1252Signs(t *testing.T) {
	t.Parallel()
	f := parse(t, []byte(plain("1,\x93Caf\xE9\x94 \x96 5\x80,B")), Options{})
	if got := f.Rows[0].Home.AddressLine1; got != "“Café” – 5€" {
		t.Errorf("got %q", got)
	}
}

func TestDelimiters(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ content, want string }{
		"comma":                     {plain("1,a,B"), ","},
		"semicolon":                 {strings.ReplaceAll(plain("1,a,B"), ",", ";"), ";"},
		"tab":                       {strings.ReplaceAll(plain("1,a,B"), ",", "\t"), "\t"},
		"pipe":                      {strings.ReplaceAll(plain("1,a,B"), ",", "|"), "|"},
		"commas inside quotes":      {"unit;address;type\n1;\"a, b, c, d, e\";B\n2;\"a, b, c, d, e\";B\n", ";"},
		"commas outside quotes":     {"unit;address;type\n1;a, b, c, d;B\n2;a, b, c, d;B\n", ";"},
		"semicolons inside quotes":  {"unit,address,type\n1,\"a; b; c; d; e\",B\n2,\"a;b;c;d;e\",B\n", ","},
		"quoted header":             {"\"unit\"|\"address\"|\"type\"\n\"1\"|\"a, b\"|\"B\"\n", "|"},
		"said in the first line":    {"sep=;\nunit;address;type\n1;a;B\n", ";"},
		"decimal commas":            {"unit;address;type;area sqm\n1;a;B;82,5\n2;a;C;99,1\n", ";"},
		"unknown names, alike rows": {"foo;bar;baz\n1,5;a;B\n2;a,b,c;B\n", ";"},
		"one column":                {"foo\nbar\n", ","},
	} {
		if f := parse(t, []byte(c.content), Options{}); f.Delimiter != c.want {
			t.Errorf("%s: %q, want %q", name, f.Delimiter, c.want)
		}
	}
	f := parse(t, []byte("unit|address;type|more;x\n1|a;B|c;d\n"), Options{Delimiter: ';'})
	if f.Delimiter != ";" || len(f.Columns) != 3 {
		t.Errorf("the caller's delimiter: %q with %d columns", f.Delimiter, len(f.Columns))
	}
}

func TestLineNumbersArePhysical(t *testing.T) {
	t.Parallel()
	content := "sep=,\r\n" + // 1
		"Homes of Longview Park,,\r\n" + // 2
		"\r\n" + // 3
		"unit number,\"address\r\nline 1\",type\r\n" + // 4, 5
		"1,\"1 Main Street\r\nUpper\r\nFloor\",B\r\n" + // 6, 7, 8
		",,\r\n" + // 9
		"2, \"2 \"\"New\"\" Street\" ,B\r\n" + // 10
		"\r\n" + // 11
		"3,3 \"Old\" Street,\r\n" // 12
	f := parse(t, []byte(content), Options{})
	if f.HeaderLine != 4 || f.TitleRows != 1 || f.BlankRows != 3 || f.Lines != 12 {
		t.Errorf("header %d, titles %d, blank %d, lines %d", f.HeaderLine, f.TitleRows, f.BlankRows, f.Lines)
	}
	type seen struct {
		Line    int
		Address string
	}
	var got []seen
	for _, r := range f.Rows {
		got = append(got, seen{r.Line, r.Home.AddressLine1})
	}
	want := []seen{{6, "1 Main Street Upper Floor"}, {10, `2 "New" Street`}, {12, `3 "Old" Street`}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]said{{12, FieldHouseType, CodeRequired, 0}}, problemsOf(f)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEmptyColumnsAtTheEndAreIgnored(t *testing.T) {
	t.Parallel()
	f := parse(t, []byte("unit,address,type,,,\n1,a,B,,,\n2,b,B,,,\n3,c,B\n4,d,B,,,,,,\n"), Options{})
	if len(f.Columns) != 3 || len(f.Good()) != 4 {
		t.Errorf("%d columns, %d good: %v", len(f.Columns), len(f.Good()), problemsOf(f))
	}
}

func TestUnclosedQuotesStayFast(t *testing.T) {
	t.Parallel()
	// Every line opens a quote that nothing closes: the search for its end must
	// not run to the end of the file each time.
	rows := strings.Repeat("1,\"Main Street"+strings.Repeat("x", 450)+",B\n", MaxRows)
	f := parse(t, []byte(plain(strings.TrimSuffix(rows, "\n"))), Options{})
	if len(f.Bad()) != MaxRows {
		t.Errorf("%d bad rows", len(f.Bad()))
	}
}

func TestCleanCells(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain":                "plain",
		"  a \u00A0 b\t c  ":   "a b c",
		"a\r\nb":               "a b",
		"\u200Ba\uFEFFb\u202E": "ab",
		"o\u0301":              "ó",
		"'=1+1":                "=1+1",
		"'+353 1":              "+353 1",
		"'007":                 "007",
		"'t Hart":              "'t Hart",
		"'":                    "'",
		`="0042"`:              "0042",
		"=1+1":                 "=1+1",
		"\t'@x":                "@x",
	} {
		if got, code := clean(in); got != want || code != "" {
			t.Errorf("clean(%q) = %q, %q, want %q", in, got, code, want)
		}
	}
	for in, want := range map[string]Code{"a\x00": CodeControl, "a\x1b[0m": CodeControl, "a\uFFFD": CodeLost} {
		if _, code := clean(in); code != want {
			t.Errorf("clean(%q): %q, want %q", in, code, want)
		}
	}
}
