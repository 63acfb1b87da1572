package homecsv

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const samples = "../../../../tests/testdata/samples"

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(samples, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(t testing.TB, b []byte, o Options) *File {
	t.Helper()
	f, err := Parse(bytes.NewReader(b), o)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	checkFile(t, b, f)
	return f
}

// plain is the shortest file that is accepted, with the given rows.
func plain(rows ...string) string {
	return "unit_number,address_line_1,house_type_code\n" + strings.Join(rows, "\n") + "\n"
}

// withColumn is a file of good homes that differ in one more column.
func withColumn(name string, values ...string) string {
	var b strings.Builder
	b.WriteString("unit_number;address_line_1;house_type_code;" + name + "\n")
	for i, v := range values {
		b.WriteString(string(rune('a'+i)) + ";1 Main Street;T" + string(rune('a'+i)) + ";" + v + "\n")
	}
	return b.String()
}

// said is what the tests compare of a problem.
type said struct {
	Line  int
	Field Field
	Code  Code
	Other int
}

func problemsOf(f *File) []said {
	var out []said
	for _, p := range f.Problems {
		out = append(out, said{p.Line, p.Field, p.Code, p.OtherLine})
	}
	for _, r := range f.Rows {
		for _, p := range r.Problems {
			out = append(out, said{p.Line, p.Field, p.Code, p.OtherLine})
		}
	}
	return out
}

// checkFile holds for any input whatever.
func checkFile(t testing.TB, input []byte, f *File) {
	t.Helper()
	if !f.Ready() && f.Rows != nil {
		t.Errorf("a refused file has %d rows", len(f.Rows))
	}
	if f.Ready() && len(f.Rows) == 0 {
		t.Error("neither rows nor a problem")
	}
	if len(f.Good())+len(f.Bad()) != len(f.Rows) {
		t.Errorf("%d good and %d bad of %d rows", len(f.Good()), len(f.Bad()), len(f.Rows))
	}
	for _, p := range f.Problems {
		checkProblem(t, p, f.Lines)
	}
	last := f.HeaderLine
	keys := map[string]bool{}
	for _, r := range f.Rows {
		if r.Line <= last || r.Line > f.Lines {
			t.Errorf("row on line %d after line %d of %d", r.Line, last, f.Lines)
		}
		last = r.Line
		for _, p := range r.Problems {
			checkProblem(t, p, f.Lines)
			if p.Line < r.Line {
				t.Errorf("problem on line %d of the row on line %d", p.Line, r.Line)
			}
			if p.OtherLine == p.Line {
				t.Errorf("line %d is compared with itself", p.Line)
			}
		}
		if !r.Good() {
			continue
		}
		if r.Home.UnitNumber == "" || r.Home.AddressLine1 == "" || r.Home.HouseTypeCode == "" {
			t.Errorf("line %d is good without a required value: %+v", r.Line, r.Home)
		}
		if keys[r.Home.Key()] {
			t.Errorf("line %d is good and repeats a home", r.Line)
		}
		keys[r.Home.Key()] = true
		if changes := Diff(r.Home, r.Home); changes != nil {
			t.Errorf("line %d differs from itself: %v", r.Line, changes)
		}
	}
	if len(input) <= MaxBytes && f.Lines > len(input) {
		t.Errorf("%d lines in %d bytes", f.Lines, len(input))
	}
}

func checkProblem(t testing.TB, p Problem, lines int) {
	t.Helper()
	if p.Line < 0 || p.Line > lines || p.OtherLine < 0 || p.OtherLine > lines {
		t.Errorf("line %d (other %d) of %d: %s", p.Line, p.OtherLine, lines, p.Code)
	}
	if p.Code == "" {
		t.Errorf("problem without a code: %+v", p)
	}
	if len([]rune(p.Value)) > maxShown {
		t.Errorf("value of %d bytes is repeated", len(p.Value))
	}
}
