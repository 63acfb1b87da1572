package sheets

import (
	"strings"
	"testing"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"golang.org/x/image/font/sfnt"
)

// What is said to be printable is judged by one of the two fonts.
func TestTheRegularFontHasWhatTheBoldOneHas(t *testing.T) {
	t.Parallel()
	bold, err := sfnt.Parse(dejavusansbold.TTF)
	if err != nil {
		t.Fatal(err)
	}
	regular, err := sfnt.Parse(dejavusans.TTF)
	if err != nil {
		t.Fatal(err)
	}
	var letters int
	for r := rune(' '); r <= 0xFFFF; r++ {
		if lacks(bold, r) {
			continue
		}
		letters++
		if lacks(regular, r) {
			t.Errorf("%q (%U) is in the bold font only", r, r)
		}
	}
	if letters < 3000 || lacks(bold, missing) {
		t.Errorf("%d letters", letters)
	}
}

func TestVisual(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ logical, seen string }{
		{"14 Longview Park", "14 Longview Park"},
		{"שלום", "םולש"},
		{"רחוב 12 א", "א 12 בוחר"},
		{"12 רחוב", "בוחר 12"},
		{"Longview רחוב 12 א Park", "Longview א 12 בוחר Park"},
		{"Longview שלום Park שלום", "Longview םולש Park םולש"},
		{"שלום (אב)", "(בא) םולש"},
		{"", ""},
	} {
		if got := visual(tc.logical); got != tc.seen {
			t.Errorf("visual(%q) = %q, want %q", tc.logical, got, tc.seen)
		}
	}
}

// Letters of one millimetre at one point.
func square(s string) float64 { return float64(len([]rune(s))) }

func TestFit(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text          string
		width, height float64
		want          setting
	}{
		"short":             {"Longview", 160, 100, setting{20, []string{"Longview"}}},
		"smaller":           {"Longview", 96, 6, setting{12, []string{"Longview"}}},
		"two lines":         {"Longview Park", 160, 100, setting{20, []string{"Longview", "Park"}}},
		"inside a word":     {"Llanfairpwll", 40, 100, setting{8, []string{"Llanf", "airpw", "ll"}}},
		"more than it fits": {"Llanfairpwll", 32, 7.1, setting{8, []string{"Llan", "fai…"}}},
		"not even a letter": {"Łą", 1, 2, setting{8, []string{"…"}}},
		"nothing":           {"", 10, 10, setting{20, nil}},
	} {
		most := 20.0
		if name == "inside a word" {
			most = 8
		}
		got := fit(tc.text, tc.width, tc.height, most, 8, square)
		if got.size != tc.want.size || strings.Join(got.lines, "|") != strings.Join(tc.want.lines, "|") {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
		if h := got.height(); h > tc.height && name != "not even a letter" {
			t.Errorf("%s: %.1f mm high", name, h)
		}
	}
}

func FuzzFit(f *testing.F) {
	f.Add("14 Longview Park", 80.0, 10.0)
	f.Add(" 0000\xae", 77.0, 60.0)
	f.Fuzz(func(t *testing.T, text string, width, height float64) {
		if !(width > 5 && width < 1000 && height > 3 && height < 1000) || len(text) > 2000 {
			return
		}
		s := fit(text, width, height, 17, 5, square)
		if s.height() > height && len(s.lines) > 1 {
			t.Errorf("%.2f mm high, %.2f allowed", s.height(), height)
		}
		for _, line := range s.lines {
			if square(line) > width/s.size && len([]rune(line)) > 1 {
				t.Errorf("%q is %.2f mm wide, %.2f allowed", line, square(line)*s.size, width)
			}
		}
	})
}
