package text

import (
	"context"
	"embed"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

//go:embed words/*.json
var shared embed.FS

func init() { MustRegister(shared, "words") }

type contextKey struct{}

// choice is what a context says about words: language and time zone.
type choice struct {
	lang string
	zone *time.Location
}

func from(ctx context.Context) choice {
	if c, ok := ctx.Value(contextKey{}).(choice); ok {
		return c
	}
	return choice{lang: reference, zone: time.UTC}
}

// With chooses the language. wanted is a tag ("pl") or the value of an
// Accept-Language header; the nearest registered language is taken, English
// when none is near.
func With(ctx context.Context, wanted string) context.Context {
	b, c := current.Load(), from(ctx)
	tags, _, err := language.ParseAcceptLanguage(wanted)
	if err != nil || len(tags) == 0 {
		c.lang = reference
	} else {
		// The index, not the tag: the matched tag may carry extensions.
		_, i, _ := b.matcher.Match(tags...)
		c.lang = b.tags[i].String()
	}
	return context.WithValue(ctx, contextKey{}, c)
}

// WithZone chooses the time zone that dates and times are shown in; UTC
// otherwise.
func WithZone(ctx context.Context, zone *time.Location) context.Context {
	c := from(ctx)
	c.zone = zone
	return context.WithValue(ctx, contextKey{}, c)
}

// Lang is the language tag of the context, for the lang attribute.
func Lang(ctx context.Context) string { return from(ctx).lang }

// T is the message under key in the context's language. args fill Go verbs; %d
// prints thousands separators, and a Message among them is said in the same
// language. A plural message chooses its form by its first argument. A message
// without arguments is taken literally, percent signs included. An unknown key
// is returned as it is, which a test catches.
func T(ctx context.Context, key string, args ...any) string {
	b := current.Load()
	e, lang, ok := b.find(from(ctx).lang, key)
	if !ok {
		return key
	}
	if len(args) == 0 && e.plural == nil {
		return e.plain
	}
	return b.printers[lang].Sprintf(message.Key(key, key), said(ctx, args)...)
}

// Number prints n with the language's separators: "1,234".
func Number[N ~int | ~int32 | ~int64 | ~float64](ctx context.Context, n N) string {
	return current.Load().printers[from(ctx).lang].Sprint(number.Decimal(n))
}
