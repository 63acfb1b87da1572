package text

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// reference is the language that every key must exist in.
const reference = "en"

// forms are the plural forms that a message may have, in the order in which
// they are tried; "other" is required.
var forms = []string{"zero", "one", "two", "few", "many", "other"}

// entry is one message of one language. Either plain is set, or plural is.
type entry struct {
	plain  string
	plural map[string]string
	arg    int // which argument chooses the plural form, from 1
}

// UnmarshalJSON accepts "text" or {"one": "…", "other": "…", "arg": 2}.
func (e *entry) UnmarshalJSON(raw []byte) error {
	if raw[0] == '"' {
		return json.Unmarshal(raw, &e.plain)
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return errors.New(`want a string or an object with plural forms, such as {"one": "%d home", "other": "%d homes"}`)
	}
	e.arg, e.plural = 1, map[string]string{}
	for name, value := range fields {
		switch {
		case name == "arg":
			if err := json.Unmarshal(value, &e.arg); err != nil || e.arg < 1 {
				return errors.New(`"arg" must be a number from 1`)
			}
		case slices.Contains(forms, name):
			var s string
			if err := json.Unmarshal(value, &s); err != nil {
				return fmt.Errorf("plural form %q must be a string", name)
			}
			e.plural[name] = s
		default:
			return fmt.Errorf("unknown plural form %q; use %s", name, strings.Join(forms, ", "))
		}
	}
	if e.plural["other"] == "" {
		return errors.New(`the plural form "other" is missing`)
	}
	return nil
}

// variants lists every wording of the entry.
func (e entry) variants() []string {
	if e.plural == nil {
		return []string{e.plain}
	}
	return slices.Collect(maps.Values(e.plural))
}

// book is an immutable set of messages with one printer per language.
type book struct {
	words    map[string]map[string]entry // language → key → message
	printers map[string]*message.Printer
	tags     []language.Tag // reference first
	matcher  language.Matcher
}

var (
	current    atomic.Pointer[book]
	registerMu sync.Mutex
)

// Register adds the catalogue in folder dir of fsys: every *.json in it, named
// after its language. It refuses a key that another catalogue already has and a
// key that the English file lacks, and then changes nothing.
func Register(fsys fs.FS, dir string) error {
	more, err := load(fsys, dir)
	if err != nil {
		return err
	}
	registerMu.Lock()
	defer registerMu.Unlock()
	all := map[string]map[string]entry{}
	if old := current.Load(); old != nil {
		for lang, words := range old.words {
			all[lang] = maps.Clone(words)
		}
	}
	for lang, words := range more {
		if all[lang] == nil {
			all[lang] = map[string]entry{}
		}
		for key, e := range words {
			if _, taken := all[lang][key]; taken {
				return fmt.Errorf("text: key %q (%s) is registered twice; rename it in one catalogue", key, lang)
			}
			all[lang][key] = e
		}
	}
	b, err := newBook(all)
	if err != nil {
		return err
	}
	current.Store(b)
	return nil
}

// MustRegister is Register for embedded catalogues, whose mistakes are the
// programmer's: it panics.
func MustRegister(fsys fs.FS, dir string) {
	if err := Register(fsys, dir); err != nil {
		panic(err)
	}
}

// load reads one catalogue folder.
func load(fsys fs.FS, dir string) (map[string]map[string]entry, error) {
	files, err := fs.Glob(fsys, path.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("text: list %s: %w", dir, err)
	}
	all := map[string]map[string]entry{}
	for _, file := range files {
		raw, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("text: %w", err)
		}
		words := map[string]entry{}
		if err := json.Unmarshal(raw, &words); err != nil {
			return nil, fmt.Errorf("text: %s: %w", file, err)
		}
		lang := strings.TrimSuffix(path.Base(file), ".json")
		if _, err := language.Parse(lang); err != nil {
			return nil, fmt.Errorf("text: %s: the file's name must be a language tag such as pl.json", file)
		}
		all[lang] = words
	}
	if all[reference] == nil {
		return nil, fmt.Errorf("text: %s has no %s.json", dir, reference)
	}
	for lang, words := range all {
		for key := range words {
			if _, ok := all[reference][key]; !ok {
				return nil, fmt.Errorf("text: key %q of %s.json is not in %s.json", key, lang, reference)
			}
		}
	}
	return all, nil
}

// newBook prepares the printers.
func newBook(all map[string]map[string]entry) (*book, error) {
	b := &book{words: all, printers: map[string]*message.Printer{}}
	langs := slices.Sorted(maps.Keys(all))
	slices.SortStableFunc(langs, func(a, c string) int {
		switch {
		case a == reference:
			return -1
		case c == reference:
			return 1
		}
		return 0
	})
	builder := catalog.NewBuilder(catalog.Fallback(language.English))
	for _, lang := range langs {
		tag := language.Make(lang)
		b.tags = append(b.tags, tag)
		for key, e := range all[lang] {
			if err := builder.Set(tag, key, e.message()); err != nil {
				return nil, fmt.Errorf("text: key %q (%s): %w", key, lang, err)
			}
		}
	}
	for _, tag := range b.tags {
		b.printers[tag.String()] = message.NewPrinter(tag, message.Catalog(builder))
	}
	b.matcher = language.NewMatcher(b.tags)
	return b, nil
}

// message is the entry in the form that the printer selects from.
func (e entry) message() catalog.Message {
	if e.plural == nil {
		return catalog.String(e.plain)
	}
	var cases []any
	for _, form := range forms {
		if s, ok := e.plural[form]; ok {
			cases = append(cases, form, s)
		}
	}
	return plural.Selectf(e.arg, "%d", cases...)
}

// find returns the message and the language it was found in.
func (b *book) find(lang, key string) (entry, string, bool) {
	if e, ok := b.words[lang][key]; ok {
		return e, lang, true
	}
	e, ok := b.words[reference][key]
	return e, reference, ok
}

// Keys lists every registered key in order.
func Keys() []string {
	return slices.Sorted(maps.Keys(current.Load().words[reference]))
}

// Languages lists the registered languages, English first.
func Languages() []string {
	var out []string
	for _, tag := range current.Load().tags {
		out = append(out, tag.String())
	}
	return out
}
