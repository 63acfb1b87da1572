package config

import (
	"errors"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// validate asks one struct whether its values fit together. It is not asked
// when a field of its own could not be read: its answer would repeat that, or
// complain about a zero that nobody set. A named struct inside it that failed
// does not silence it, so that every mistake comes at once.
func (r *reader) validate(g *group) []error {
	v, ok := g.value.Addr().Interface().(interface{ Validate() error })
	if !ok || g.failed {
		return nil
	}
	var errs []error
	for _, err := range apart(v.Validate()) {
		errs = append(errs, r.scrub(err))
	}
	return errs
}

// apart takes joined errors apart, so that each is one line of its own. An error
// that has several causes and words of its own stays whole.
func apart(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || strings.TrimSpace(err.Error()) != strings.TrimSpace(errors.Join(joined.Unwrap()...).Error()) {
		return []error{err}
	}
	var errs []error
	for _, e := range joined.Unwrap() {
		errs = append(errs, apart(e)...)
	}
	return errs
}

var passwordInURL = regexp.MustCompile(`://[^:/?#\s]*:(.+)@`)

// scrub removes secret values from an error that repeats one, as errors of
// net/url do. What is left can no longer be unwrapped, for the same reason.
func (r *reader) scrub(err error) error {
	text := err.Error()
	for _, secret := range r.secrets {
		parts := []string{secret}
		if m := passwordInURL.FindStringSubmatch(secret); m != nil {
			parts = append(parts, m[1])
			if plain, err := url.PathUnescape(m[1]); err == nil {
				parts = append(parts, plain)
			}
		}
		for _, part := range parts {
			if len(part) < 4 {
				continue // would only tear ordinary words apart
			}
			quoted := strconv.Quote(part)
			text = strings.ReplaceAll(text, part, redacted)
			text = strings.ReplaceAll(text, quoted[1:len(quoted)-1], redacted)
		}
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}
