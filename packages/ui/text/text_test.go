package text_test

import (
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"openhouse.example/packages/ui/text"
)

// words are those of a room that these tests play.
var words = fstest.MapFS{
	"words/en.json": {Data: []byte(`{
		"test.plain": "100 % yours",
		"test.name": "Hello %s",
		"test.homes": {"one": "%d home", "other": "%d homes"},
		"test.in": {"arg": 2, "one": "%[1]s has %[2]d home", "other": "%[1]s has %[2]d homes"},
		"test.silent": {"one": "There is a problem", "other": "There are %d problems"},
		"test.english": "only in English"
	}`)},
	"words/pl.json": {Data: []byte(`{
		"test.plain": "100 % twoje",
		"test.name": "Cześć, %s",
		"test.homes": {"one": "%d dom", "few": "%d domy", "many": "%d domów", "other": "%d domu"}
	}`)},
}

func TestMain(m *testing.M) {
	text.MustRegister(words, "words")
	goleak.VerifyTestMain(m)
}

func TestTChoosesLanguageFormAndSeparators(t *testing.T) {
	t.Parallel()
	en := t.Context()
	pl := text.With(en, "pl")
	for _, c := range []struct{ got, want string }{
		{text.T(en, "test.plain"), "100 % yours"},
		{text.T(pl, "test.plain"), "100 % twoje"},
		{text.T(en, "test.name", "Aoife"), "Hello Aoife"},
		{text.T(pl, "test.name", "100 %d"), "Cześć, 100 %d"},
		{text.T(en, "test.homes", 1), "1 home"},
		{text.T(en, "test.homes", 0), "0 homes"},
		{text.T(en, "test.homes", 12345), "12,345 homes"},
		{text.T(pl, "test.homes", 1), "1 dom"},
		{text.T(pl, "test.homes", 3), "3 domy"},
		{text.T(pl, "test.homes", 5), "5 domów"},
		{text.T(en, "test.in", "Longview Park", 1), "Longview Park has 1 home"},
		{text.T(en, "test.in", "Longview Park", 75), "Longview Park has 75 homes"},
		{text.T(en, "test.silent", 1), "There is a problem"},
		{text.T(en, "test.silent", 2), "There are 2 problems"},
		{text.T(pl, "test.english"), "only in English"},
		{text.T(en, "test.unknown"), "test.unknown"},
		{text.Number(en, 1234567), "1,234,567"},
		{text.Number(en, 0.5), "0.5"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// A message is said where it is read: the same one, in each reader's language.
func TestAMessageIsSaidInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	en := t.Context()
	pl := text.With(en, "pl")
	inner := text.M("test.homes", 3)
	outer := text.M("test.name", inner)
	for _, c := range []struct{ got, want string }{
		{text.M("test.plain").In(en), "100 % yours"},
		{text.M("test.plain").In(pl), "100 % twoje"},
		{outer.In(en), "Hello 3 homes"},
		{outer.In(pl), "Cześć, 3 domy"},
		{outer.In(en), "Hello 3 homes"}, // what was said once is not kept
		{text.T(pl, "test.name", inner), "Cześć, 3 domy"},
		{text.Message{}.In(en), ""},
		{text.M("test.unknown").In(en), "test.unknown"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestWithTakesTheNearestLanguage(t *testing.T) {
	t.Parallel()
	for wanted, want := range map[string]string{
		"pl": "pl", "pl-PL": "pl", "de, pl;q=0.8, en;q=0.5": "pl", "en-IE,en;q=0.9": "en",
		"de": "en", "": "en", "*": "en", "not a header;;;": "en", "pl;q=0, en": "en",
	} {
		if got := text.Lang(text.With(t.Context(), wanted)); got != want {
			t.Errorf("With(%q): language %q, want %q", wanted, got, want)
		}
	}
	if got := text.Lang(t.Context()); got != "en" {
		t.Errorf("without With: %q", got)
	}
	if diff := cmp.Diff([]string{"en", "pl"}, text.Languages()); diff != "" {
		t.Error(diff)
	}
}

func TestDatesNameTheMonthAndTheZone(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 11, 30, 23, 5, 0, 0, time.UTC)
	en := t.Context()
	warsaw := text.WithZone(en, time.FixedZone("CET", 3600))
	for _, c := range []struct{ got, want string }{
		{text.Date(en, at), "30 November 2025"},
		{text.DateShort(en, at), "30 Nov 2025"},
		{text.DateTime(en, at), "30 Nov 2025, 23:05 UTC"},
		{text.Date(warsaw, at), "1 December 2025"},
		{text.DateTime(text.With(warsaw, "pl"), at), "1 Dec 2025, 00:05 CET"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	for month := time.January; month <= time.December; month++ {
		if got, want := text.Date(en, time.Date(2025, month, 1, 0, 0, 0, 0, time.UTC)), "1 "+month.String()+" 2025"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestRegisterRefusesMistakes(t *testing.T) {
	t.Parallel()
	before := text.Keys()
	for name, files := range map[string]map[string]string{
		"no English":          {"pl.json": `{"new.a": "x"}`},
		"not JSON":            {"en.json": `{"new.a": `},
		"no language":         {"en.json": `{}`, "words_of_ours.json": `{}`},
		"key English lacks":   {"en.json": `{"new.a": "x"}`, "pl.json": `{"new.b": "x"}`},
		"key of another room": {"en.json": `{"action.save": "Keep"}`},
		"number":              {"en.json": `{"new.a": 7}`},
		"form without other":  {"en.json": `{"new.a": {"one": "x"}}`},
		"unknown form":        {"en.json": `{"new.a": {"other": "x", "couple": "y"}}`},
		"form of no text":     {"en.json": `{"new.a": {"other": 5}}`},
		"argument zero":       {"en.json": `{"new.a": {"other": "x", "arg": 0}}`},
	} {
		room := fstest.MapFS{}
		for file, content := range files {
			room["w/"+file] = &fstest.MapFile{Data: []byte(content)}
		}
		if err := text.Register(room, "w"); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := text.Register(fstest.MapFS{}, "w"); err == nil {
		t.Error("an empty folder was accepted")
	}
	if diff := cmp.Diff(before, text.Keys()); diff != "" {
		t.Errorf("a refused catalogue changed the keys:\n%s", diff)
	}
}

func TestEveryWordIsUsedAndEveryUseHasItsWord(t *testing.T) {
	t.Parallel()
	err := text.CheckUsage(text.Usage{Words: os.DirFS("."), Root: "words", Dirs: []string{".."}})
	if err != nil {
		t.Error(err)
	}
}
