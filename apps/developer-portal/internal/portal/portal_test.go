package portal

import (
	"bytes"
	"errors"
	"io"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/web"
)

func TestAChoiceOfCompanyEndsAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	p := &Portal{choiceKey: []byte("key"), now: func() time.Time { return now }}
	accounts := []store.Account{{TenantID: uuid.New(), StaffID: uuid.New(), Role: "admin", PasswordHash: "$argon2id$secret", Company: "Harbour Homes"}}
	choice, err := p.proof(accounts)
	if err != nil {
		t.Fatal(err)
	}
	if body := p.proved(choice); len(body) != 1 || body[0].StaffID != accounts[0].StaffID || body[0].PasswordHash != "" {
		t.Errorf("proved %+v", body)
	}
	other := &Portal{choiceKey: []byte("another key"), now: p.now}
	if other.proved(choice) != nil {
		t.Error("another portal's key accepts it")
	}
	now = now.Add(choiceLife)
	if p.proved(choice) != nil {
		t.Error("it is accepted after its end")
	}
	for _, broken := range []string{"", ".", "a.b", choice + "A", strings.Replace(choice, ".", "", 1)} {
		if p.proved(broken) != nil {
			t.Errorf("%q is accepted", broken)
		}
	}
}

func TestNamesOfFiles(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"homes.csv": "homes.csv", `C:\Users\nora\homes.csv`: "homes.csv", "../../etc/passwd": "passwd", "a\x00b\nc.csv": "abc.csv",
		"": "homes.csv", "/": "homes.csv", "..": "homes.csv", "\xff.csv": ".csv", strings.Repeat("x", 200): strings.Repeat("x", 120),
	} {
		if got := fileName(sent); got != want {
			t.Errorf("fileName(%q) = %q, want %q", sent, got, want)
		}
	}
}

func TestABodyIsCutWithoutLosingTheRest(t *testing.T) {
	t.Parallel()
	for size, over := range map[int]bool{9: false, 10: false, 11: true, 5000: true} {
		whole := io.NopCloser(bytes.NewReader(make([]byte, size)))
		cut := &cutBody{ReadCloser: whole, left: 10}
		read, err := io.ReadAll(cut)
		if cut.over != over || errors.Is(err, errTooLarge) != over || len(read) != min(size, 10) {
			t.Errorf("%d bytes: read %d, over %t, error %v", size, len(read), cut.over, err)
		}
		if rest, err := io.Copy(io.Discard, whole); over && (err != nil || int(rest) != size-11) {
			t.Errorf("%d bytes: %d are left, %v", size, rest, err)
		}
	}
}

func TestAddressesInAMailAreLinks(t *testing.T) {
	t.Parallel()
	got := linked("see https://homes.example.org/link/abc-_1 and javascript:alert(1)")
	want := []pages.MailPart{
		{Text: "see "}, {Text: "https://homes.example.org/link/abc-_1", Href: "https://homes.example.org/link/abc-_1"}, {Text: " and javascript:alert(1)"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		value string
		read  func(input) any
		want  any // nil: refused
	}{
		{" Nora@Example.org ", func(in input) any { return in.email("f") }, "nora@example.org"},
		{"Nora <nora@example.org>", func(in input) any { return in.email("f") }, nil},
		{"nora@", func(in input) any { return in.email("f") }, nil},
		{"+353 (1) 555-01.00", func(in input) any { return in.phone("f") }, "+353 (1) 555-01.00"},
		{"112", func(in input) any { return in.phone("f") }, "112"},
		{"12", func(in input) any { return in.phone("f") }, nil},
		{"0800-CALL-US", func(in input) any { return in.phone("f") }, nil},
		{"50", func(in input) any { return *in.rooms("f") }, int16(50)},
		{"108,25", func(in input) any { return *in.area("f") }, 108.25},
		{"2027-02-28", func(in input) any { return in.day("f").Format(time.DateOnly) }, "2027-02-28"},
		{"Mill   Road", func(in input) any { return in.name("f", 20) }, "Mill Road"},
		{"Mill\nRoad", func(in input) any { return in.name("f", 20) }, nil},
	} {
		in := read(t, tc.value)
		got := tc.read(in)
		if refused := in.Err() != nil; refused != (tc.want == nil) || !refused && got != tc.want {
			t.Errorf("%q is %v, %v", tc.value, got, in.Err())
		}
	}
	for value, field := range map[string]func(input){
		"51": func(in input) { in.rooms("f") }, "2.5": func(in input) { in.rooms("f") }, "-1": func(in input) { in.rooms("f") },
		"0": func(in input) { in.area("f") }, "1e3": func(in input) { in.area("f") }, "1.234": func(in input) { in.area("f") },
		"Inf": func(in input) { in.area("f") }, "NaN": func(in input) { in.area("f") }, "100000": func(in input) { in.area("f") },
		"2027-02-30": func(in input) { in.day("f") }, "0001-01-01": func(in input) { in.day("f") },
		"yesterday": func(in input) { in.version("f") },
	} {
		in := read(t, value)
		field(in)
		if in.Err() == nil {
			t.Errorf("%q is accepted", value)
		}
	}
}

// read is a form with one field.
func read(t *testing.T, value string) input {
	t.Helper()
	r := httptest.NewRequest("POST", "/", strings.NewReader(url.Values{"f": {value}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	form, err := web.ReadForm(r)
	if err != nil {
		t.Fatal(err)
	}
	return input{form}
}
