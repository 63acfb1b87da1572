package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"openhouse.example/packages/config"
)

func TestASecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	const value = "hunter22"
	type holder struct {
		Name string
		Key  config.Secret
		Ptr  *config.Secret
		List []config.Secret
		Map  map[string]config.Secret
		Any  any
	}
	s := config.Secret(value)
	h := holder{"a name", s, &s, []config.Secret{s}, map[string]config.Secret{"k": s}, s}

	var printed []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%30v", "%!", "%c", "%T%v", "%e", "%U", "%o"} {
		for _, what := range []any{s, h, &h, []any{s, h}, struct{ H holder }{h}} {
			printed = append(printed, fmt.Sprintf(verb, what))
		}
	}
	printed = append(printed, fmt.Sprint(s, h), fmt.Sprintln(h), s.String(), s.GoString())
	printed = append(printed, fmt.Errorf("cannot reach %v: %w", s, errors.New(s.String())).Error())
	for _, logger := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(logger(&b)).Info("start", "key", s, "holder", h, "pointer", &h, "any", slog.AnyValue(s), slog.Group("g", "key", s))
		printed = append(printed, b.String())
	}
	for _, what := range []any{s, h, &h} {
		b, err := json.Marshal(what)
		if err != nil {
			t.Fatal(err)
		}
		printed = append(printed, string(b))
	}
	text, _ := s.MarshalText()
	printed = append(printed, string(text))

	for _, p := range printed {
		for _, form := range []string{value, fmt.Sprintf("%x", value), fmt.Sprintf("%X", value), "104 117 110"} {
			if strings.Contains(p, form) {
				t.Errorf("the secret shows: %s", p)
			}
		}
	}
	for _, want := range []string{fmt.Sprintf("%v", s), fmt.Sprintf("%+v", h), string(text)} {
		if !strings.Contains(want, "[redacted]") {
			t.Errorf("nothing says that a secret was left out: %s", want)
		}
	}
	if s.Reveal() != value {
		t.Errorf("Reveal gives %q", s.Reveal())
	}
}

func TestMillisPrintsItsUnit(t *testing.T) {
	t.Parallel()
	var m config.Millis
	if err := m.Decode(" 5000 "); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(m); got != "5s" {
		t.Errorf("got %s, want 5s", got)
	}
}
