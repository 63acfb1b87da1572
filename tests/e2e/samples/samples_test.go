package samples

import (
	"strings"
	"testing"
)

// TestTruthIsRight keeps this reader honest: counts and letters that a person can see in the files.
func TestTruthIsRight(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		homes  int
		letter string
	}{
		"longview-park-20.csv":            {20, "Aoife Ó Broin"},
		"longview-park-75-with-3-bad.csv": {72, "Saoirse Walsh"},
		"messy-headers-semicolon.csv":     {40, "Amara Nguyễn"},
		"windows-1252.csv":                {15, "Fernández"},
		"utf-16.csv":                      {15, "Noor Petrović"},
		"ten-thousand.csv":                {10_000, "1 Bóthar Fada"},
	} {
		s := Named(t, name)
		homes := s.Homes(t)
		if len(homes) != want.homes {
			t.Errorf("%s: %d homes, want %d", name, len(homes), want.homes)
		}
		found := false
		for _, h := range homes {
			found = found || strings.Contains(h.BuyerName+"|"+h.Address1, want.letter)
			if len(h.Date) != 10 || h.Date[4] != '-' || h.Date[7] != '-' {
				t.Errorf("%s line %d: date %q", name, h.Line, h.Date)
			}
		}
		if !found {
			t.Errorf("%s: nobody is called %s", name, want.letter)
		}
	}
}
