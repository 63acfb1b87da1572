package homecsv

import (
	"strconv"
	"strings"
	"time"
)

// DateOrder says how 03/04/2027 is read.
type DateOrder string

// The two orders. Empty means: find out.
const (
	DayFirst   DateOrder = "day_first"   // 3 April
	MonthFirst DateOrder = "month_first" // 4 March
)

// Years outside these are typing slips.
const (
	MinYear = 1950
	MaxYear = 2100
)

// Spreadsheets count days; these serial numbers lie between 1954 and 2119.
const (
	minSerial = 20000
	maxSerial = 80000
)

var serialEpoch = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// written is a date as the cell has it. With either set, month and day hold
// the first and the second number, and the order decides which is which.
type written struct {
	year, month, day int
	either           bool
}

// in is the date under an order; the month may be impossible.
func (w written) in(o DateOrder) written {
	if w.either && o == DayFirst {
		w.month, w.day = w.day, w.month
	}
	w.either = false
	return w
}

// iso is the date as YYYY-MM-DD, or the code of what is wrong with it.
func (w written) iso() (string, Code) {
	t := time.Date(w.year, time.Month(w.month), w.day, 0, 0, 0, 0, time.UTC)
	if t.Day() != w.day || int(t.Month()) != w.month || t.Year() != w.year {
		return "", CodeImpossibleDate
	}
	if w.year < MinYear || w.year > MaxYear {
		return "", CodeDateRange
	}
	return t.Format(time.DateOnly), ""
}

// parseDate reads a cleaned cell; false means that it isn't a date in any
// form: year first, either order of day and month (two-digit years are 20xx),
// names of months, 20270331, serial numbers of a spreadsheet. A time of day
// behind the date is dropped.
func parseDate(s string) (written, bool) {
	if len(s) > 48 || s == "" || !digit(s[0]) && !letter(s[0]) {
		return written{}, false
	}
	s = withoutTime(s)
	if w, ok := serial(s); ok {
		return w, true
	}
	var nums []string
	month, seps := 0, ""
	for i := 0; i < len(s); {
		start := i
		switch c := s[i]; {
		case digit(c):
			for i < len(s) && digit(s[i]) {
				i++
			}
			nums = append(nums, s[start:i])
		case letter(c):
			for i < len(s) && letter(s[i]) {
				i++
			}
			word := strings.ToLower(s[start:i])
			if m := monthNamed(word); m != 0 && month == 0 {
				month = m
			} else if !dateWord(word) {
				return written{}, false
			}
		case strings.IndexByte(" /.-,'", c) >= 0:
			i++
			if len(nums) < 3 && c != ' ' {
				seps += string(c)
			}
		default:
			return written{}, false
		}
	}
	if month != 0 {
		return namedDate(nums, month)
	}
	return plainDate(nums, seps)
}

// namedDate is a day and a year around the name of a month.
func namedDate(nums []string, month int) (written, bool) {
	if len(nums) != 2 {
		return written{}, false
	}
	day, year := nums[0], nums[1]
	if len(day) == 4 {
		day, year = year, day
	}
	y, ok := yearOf(year)
	return written{year: y, month: month, day: atoi(day)}, ok && len(day) <= 2
}

// plainDate is three numbers with the same separator between them.
func plainDate(nums []string, seps string) (written, bool) {
	if len(nums) != 3 || len(seps) == 1 || len(seps) >= 2 && seps[0] != seps[1] || strings.ContainsAny(seps, ",'") {
		return written{}, false
	}
	if len(nums[0]) == 4 {
		return written{year: atoi(nums[0]), month: atoi(nums[1]), day: atoi(nums[2])}, len(nums[1]) <= 2 && len(nums[2]) <= 2
	}
	y, ok := yearOf(nums[2])
	return written{year: y, month: atoi(nums[0]), day: atoi(nums[1]), either: true}, ok && len(nums[0]) <= 2 && len(nums[1]) <= 2
}

func yearOf(s string) (int, bool) {
	switch len(s) {
	case 2:
		return 2000 + atoi(s), true
	case 4:
		return atoi(s), true
	}
	return 0, false
}

// serial reads what a spreadsheet shows for a date in a column of numbers, and
// the eight digits of a compact date.
func serial(s string) (written, bool) {
	whole, fraction, _ := strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	if !digits(whole) || fraction != "" && !digits(fraction) {
		return written{}, false
	}
	switch {
	case len(whole) == 8 && fraction == "":
		return written{year: atoi(whole[:4]), month: atoi(whole[4:6]), day: atoi(whole[6:])}, true
	case len(whole) == 5 && atoi(whole) >= minSerial && atoi(whole) <= maxSerial:
		t := serialEpoch.AddDate(0, 0, atoi(whole))
		return written{year: t.Year(), month: int(t.Month()), day: t.Day()}, true
	}
	return written{}, false
}

// withoutTime cuts " 00:00", "T00:00:00Z" and the like.
func withoutTime(s string) string {
	colon := strings.IndexByte(s, ':')
	if colon < 0 {
		return s
	}
	if at := strings.LastIndexAny(s[:colon], " Tt"); at > 0 {
		return s[:at]
	}
	return s
}

var monthNames = []string{
	"january", "february", "march", "april", "may", "june", "july", "august",
	"september", "october", "november", "december",
}

// monthNamed understands whole names and their first three letters or more.
func monthNamed(word string) int {
	if len(word) < 3 {
		return 0
	}
	for i, name := range monthNames {
		if strings.HasPrefix(name, word) {
			return i + 1
		}
	}
	return 0
}

// dateWord says whether a word may stand in a date without a meaning.
func dateWord(word string) bool {
	switch word {
	case "st", "nd", "rd", "th", "of":
		return true
	}
	for _, day := range []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"} {
		if len(word) >= 3 && strings.HasPrefix(day, word) {
			return true
		}
	}
	return false
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func digits(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return s != ""
}

// atoi is for a few digits; more than fit are no date anyway.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}
