package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Millis is a length of time whose documented unit is the millisecond. It is
// written as a bare number of milliseconds ("30000") or with a unit ("30s").
// It holds whole milliseconds and is never negative.
type Millis time.Duration

const mostMillis = math.MaxInt64 / int64(time.Millisecond)

// Decode reads a value as written in the environment.
func (m *Millis) Decode(value string) error {
	value = strings.TrimSpace(value)
	if digitsOnly(value) {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n > mostMillis {
			return errors.New("is more milliseconds than can be counted")
		}
		*m = Millis(time.Duration(n) * time.Millisecond)
		return nil
	}
	d, err := time.ParseDuration(value)
	switch {
	case err != nil:
		return errors.New("is neither a whole number of milliseconds nor a number with a unit")
	case d < 0:
		return errors.New("is negative")
	case d%time.Millisecond != 0:
		return errors.New("is finer than a millisecond")
	}
	*m = Millis(d)
	return nil
}

// Duration is the same length of time as the standard library counts it.
func (m Millis) Duration() time.Duration { return time.Duration(m) }

// String is the length of time with its unit, such as "30s".
func (m Millis) String() string { return time.Duration(m).String() }

func digitsOnly(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
