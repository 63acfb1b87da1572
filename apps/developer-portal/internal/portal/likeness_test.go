package portal

import (
	"strings"
	"testing"

	"openhouse.example/apps/developer-portal/internal/pages"
)

func TestLikeness(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, email, buyerName, buyerEmail string
		wantEmail                          string
		letters                            int
		wantName                           string
	}{
		{"Seán Ó Broin", "sean@example.org", "Sean O Broin", "sean@example.org", pages.Same, 0, pages.Same},
		{"BROIN, Seán Ó", "saen@example.org", "Seán Ó Broin", "sean@example.org", pages.Near, 1, pages.Same},
		{"Aoife O’Brien", "obrien@example.org", "Tom O'Brien", "o.brien@example.org", pages.Near, 1, pages.Near},
		{"Aoife Kelly", "aoife@example.org", "Tom Byrne", "tom@example.org", pages.Another, 0, pages.Another},
		{"", "aoife@example.org", "Tom Byrne", "", pages.Unknown, 0, pages.Unknown},
		{"Aoife", "aoife@example.org", "", "", pages.Unknown, 0, pages.Unknown},
		{"...", "a@b", "?", "c@d", pages.Another, 0, pages.Unknown},                               // two of three letters are no misspelling
		{"J. Murphy", "x@example.org", "Jane Murphy", "y@example.org", pages.Near, 1, pages.Near}, // one letter on paper is still one letter
		{"李 明", "li@example.org", "明 李", "li@example.com", pages.Near, 3, pages.Same},
	} {
		got := likenessOf(c.name, c.email, c.buyerName, c.buyerEmail)
		if got.Email != c.wantEmail || got.Letters != c.letters || got.Name != c.wantName {
			t.Errorf("%q %q beside %q %q: %+v", c.name, c.email, c.buyerName, c.buyerEmail, got)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 10_000)
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"kitten", "sitting", 3}, {"é", "e", 1}, {long, long, 0}, {long, "x", 10_000},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("from %.20q to %.20q: %d, want %d", c.a, c.b, got, c.want)
		}
		if distance(c.a, c.b) != distance(c.b, c.a) {
			t.Errorf("from %.20q to %.20q is another way than back", c.a, c.b)
		}
	}
}
