package homecsv

import (
	"math"
	"strconv"
	"strings"
)

const (
	// MaxRooms is the most bedrooms or bathrooms of a home; 0 is a studio.
	MaxRooms = 20

	// A floor area is at least MinArea and less than MaxArea square metres.
	// Because one is a thousand times the other, "4,500" and "142,300" can each
	// be read in only one way, whatever the comma means.
	MinArea = 5
	MaxArea = 5000
)

// roomWords may follow a number of rooms.
var roomWords = map[string]bool{
	"": true, "bed": true, "beds": true, "bedroom": true, "bedrooms": true,
	"bath": true, "baths": true, "bathroom": true, "bathrooms": true,
}

// parseRooms reads "3", "3.0", "3 bed" and "Studio".
func parseRooms(s string) (int, Code) {
	s = strings.ToLower(s)
	if s == "studio" {
		return 0, ""
	}
	end := 0
	for end < len(s) && digit(s[end]) {
		end++
	}
	rest := s[end:]
	if len(rest) > 1 && (rest[0] == '.' || rest[0] == ',') {
		rest = strings.TrimLeft(rest[1:], "0") // a fraction of zeros
	}
	if end == 0 || !roomWords[strings.TrimLeft(rest, " -")] {
		return 0, CodeBadNumber
	}
	n, err := strconv.Atoi(s[:end])
	if err != nil || n > MaxRooms {
		return 0, CodeNumberRange
	}
	return n, ""
}

// areaUnits are stripped from the end, longest first.
var areaUnits = []string{
	"square metres", "square meters", "sq metres", "sq meters", "sq. m.", "sq.m.", "sq. m", "sq.m", "sq m", "sqm",
	"m^2", "m2", "m²",
}

// parseArea reads square metres with a decimal point or comma, thousands set
// off by point, comma, apostrophe or space, and a unit behind. Two decimals are
// kept.
func parseArea(s string) (float64, Code) {
	s = strings.ToLower(s)
	for _, u := range areaUnits {
		if t, ok := strings.CutSuffix(s, u); ok {
			s = strings.TrimSpace(t)
			break
		}
	}
	readings := areaReadings(s)
	if len(readings) == 0 {
		return 0, CodeBadNumber
	}
	for _, v := range readings {
		if v >= MinArea && v < MaxArea {
			return math.Round(v*100) / 100, ""
		}
	}
	return 0, CodeNumberRange
}

// areaReadings are the one or two numbers that the text can mean.
func areaReadings(s string) []float64 {
	for i := range len(s) {
		if !digit(s[i]) && !strings.ContainsRune(".,' ", rune(s[i])) {
			return nil
		}
	}
	if s == "" || !digit(s[0]) || !digit(s[len(s)-1]) || len(s) > 20 {
		return nil
	}
	groups := strings.FieldsFunc(s, func(r rune) bool { return !digit(byte(r)) })
	if len(groups)-1 != strings.Count(s, ".")+strings.Count(s, ",")+strings.Count(s, "'")+strings.Count(s, " ") {
		return nil // two separators in a row
	}
	last := len(groups) - 1
	var out []float64
	if sep := strings.LastIndexAny(s, ".,"); last == 0 || sep >= 0 && strings.Count(s, s[sep:sep+1]) == 1 && sep == len(s)-len(groups[last])-1 {
		whole := groups
		fraction := ""
		if last > 0 {
			whole, fraction = groups[:last], groups[last]
		}
		if grouped(whole) {
			out = append(out, number(strings.Join(whole, "")+"."+fraction))
		}
	}
	if last > 0 && grouped(groups) && oneSeparator(s) {
		out = append(out, number(strings.Join(groups, "")))
	}
	return out
}

// grouped says whether the digits stand in groups of three.
func grouped(groups []string) bool {
	for _, g := range groups[1:] {
		if len(g) != 3 {
			return false
		}
	}
	return len(groups) == 1 || len(groups[0]) <= 3
}

func oneSeparator(s string) bool {
	var sep byte
	for i := range len(s) {
		if digit(s[i]) {
			continue
		}
		if sep != 0 && s[i] != sep {
			return false
		}
		sep = s[i]
	}
	return true
}

// number is only given a few digits and a point, which always fit.
func number(s string) float64 {
	v, _ := strconv.ParseFloat(s, 64)
	return v
}
