package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// fault is one thing wrong with a value. item counts from 1 within a list and
// is 0 elsewhere; err is a phrase that follows the value.
type fault struct {
	item int
	raw  string
	err  error
}

const mostShown = 120 // characters of a wrong value repeated in an error

var credentials = regexp.MustCompile(`://\S*@`)

// problem is the sentence for whoever set the variable. A secret's value and
// the decoder's words, which may repeat it, are left out.
func (f *field) problem(bad fault) error {
	at, before := "", "="
	if bad.item > 0 {
		at, before = fmt.Sprintf(" item %d", bad.item), " "
	}
	if f.Secret {
		return fmt.Errorf("%s%s (a secret, not shown) cannot be read: write %s%s", f.Name, at, wanted(f.value.Type()), f.suchAs())
	}
	if credentials.MatchString(bad.err.Error()) {
		bad.err = errors.New(withoutCredentials(bad.err.Error()))
	}
	return fmt.Errorf("%s%s%s%s %w%s", f.Name, at, before, show(bad.raw), bad.err, f.suchAs())
}

func (f *field) missing() error {
	var about, other string
	if f.Description != "" {
		about = " (" + strings.TrimSuffix(f.Description, ".") + ")"
	}
	if f.File {
		other = ", or put it into a file and set " + f.fileName()
	}
	return fmt.Errorf("%s is required but not set%s: set it%s%s", f.Name, about, other, f.suchAs())
}

func (f *field) suchAs() string {
	example := f.Example
	if example == "" {
		example = f.Default
	}
	if example == "" {
		return ""
	}
	return "; for example " + f.Name + "=" + example
}

// withoutCredentials hides user and password of an address, which even a
// setting that is no secret may carry by mistake.
func withoutCredentials(s string) string {
	return credentials.ReplaceAllString(s, "://[hidden]@")
}

func show(raw string) string {
	raw = withoutCredentials(raw)
	if runes := []rune(raw); len(runes) > mostShown {
		raw = string(runes[:mostShown]) + "…"
	}
	return strconv.Quote(raw)
}

// phrase turns a conversion's error into what is wrong and what to write.
func phrase(t reflect.Type, err error) error {
	if decodesItself(t) {
		return fmt.Errorf("%w: write %s", err, wanted(t))
	}
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("does not fit: write %s", wanted(t))
	}
	return fmt.Errorf("is not %s: write %s", wanted(t), wanted(t))
}

// wanted says what kind of text a t is read from.
func wanted(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[Millis]():
		return "a number of milliseconds, such as 30000, or a number with a unit, such as 30s"
	case t == reflect.TypeFor[time.Duration]():
		return "a number with a unit, such as 30s, 500ms or 24h"
	case isList(t):
		return "a comma list, each item " + wanted(t.Elem())
	case decodesItself(t):
		return "a valid " + t.String()
	case isWholeNumber(t):
		low, high := limits(t)
		return "a whole number from " + low + " to " + high
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		return "a number such as 0.5"
	}
	return "text"
}

func isWholeNumber(t reflect.Type) bool {
	if t == reflect.TypeFor[time.Duration]() || decodesItself(t) {
		return false
	}
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64
}

func limits(t reflect.Type) (low, high string) {
	bits := uint(t.Bits())
	if t.Kind() >= reflect.Uint {
		return "0", strconv.FormatUint(1<<bits-1, 10)
	}
	return strconv.FormatInt(-1<<(bits-1), 10), strconv.FormatInt(1<<(bits-1)-1, 10)
}
