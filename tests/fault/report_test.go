package fault

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sample is one fault as three programs may see it.
func sample() []Result {
	one := func(name string, failed ...int) Result {
		l := Timeline{Bucket: bucket, Began: 1, Healed: 3, Good: []int{10, 4, 0, 0, 10}, Slow: []int{0, 6, 0, 0, 0}, Late: make([]int, 5), Failed: append([]int{0, 0, 0}, failed...)}
		r := Result{Fault: "F5 <long>", Title: "a long & weary outage of the whole house", Contestant: name, Requests: 1030, Worst: 3500 * time.Millisecond, Line: l}
		for _, n := range failed {
			r.Failed += n
		}
		return r
	}
	r := []Result{one("openhouse", 0, 0), one("pgxpool", 900, 100), one("pgxpool+retry", 10, 0)}
	r[2].Ledger = Ledger{Writes: 40, Doubled: 3}
	return r
}

func TestThePictureIsWhole(t *testing.T) {
	t.Parallel()
	picture := plot(sample())
	d := xml.NewDecoder(strings.NewReader(picture))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, picture)
		}
	}
	for _, want := range []string{"F5", "a long &amp; weary", "OpenHouse", "with retry", ">1,000<", ">3<", `class="failed"`, `class="slow"`, `class="none"`} {
		if !strings.Contains(picture, want) {
			t.Errorf("%q is missing in\n%s", want, picture)
		}
	}
}

// The README's table is taken from the document, not written beside it.
func TestTheReadmeQuotesTheDocument(t *testing.T) {
	t.Parallel()
	top, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	between := func(file string) string {
		text, err := os.ReadFile(filepath.Join(top, file))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), beginMark)
		inside, _, found := strings.Cut(rest, endMark)
		if !found {
			t.Fatalf("%s has no %q … %q", file, beginMark, endMark)
		}
		return strings.TrimSpace(inside)
	}
	want := strings.TrimSpace(excerpt(between("docs/reliability.md")))
	if n := strings.Count(want, "\n") + 1; n != len(quoted)+2 {
		t.Errorf("%d lines are quoted, want a head and %d faults:\n%s", n, len(quoted), want)
	}
	if got := between("README.md"); got != want {
		t.Errorf("the README says\n%s\nand docs/reliability.md\n%s\nmake fault DOCS=1 writes both", got, want)
	}
}

func TestOneFailureCanBeSeen(t *testing.T) {
	t.Parallel()
	s := shareOf(Timeline{Good: []int{999}, Slow: []int{0}, Late: []int{0}, Failed: []int{1}}, 0)
	if s != (share{good: 9, failed: 1}) {
		t.Errorf("1 of 1000 is drawn as %+v", s)
	}
}

func TestTheDocumentIsRenewedBetweenItsMarks(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "reliability.md")
	if err := os.WriteFile(file, []byte("# Before\n"+beginMark+"\nold\n"+endMark+"\n# After\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := markdown(sample(), []fact{{"F25", "a full pool", "80 pool_exhausted", "80 500", ""}})
	for range 2 {
		if err := renew(file, text); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# Before\n" + beginMark, endMark + "\n# After\n", "**0** of 1,030 · 3.5 s", "1,000 of 1,030", "| **0 / 0 / 0** |", "| 0 / 3 / 0 |", "| F25 | a full pool | 80 pool_exhausted | 80 500 |  |"} {
		if strings.Count(string(got), want) < 1 {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(string(got), "old") || strings.Count(string(got), "# After") != 1 {
		t.Errorf("not renewed:\n%s", got)
	}
	if err := renew(file+".none", text); err == nil {
		t.Error("a document that isn't there was renewed")
	}
	if err := os.WriteFile(file, []byte("no marks"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := renew(file, text); err == nil {
		t.Error("a document without marks was renewed")
	}
}
