package config_test

import (
	"strings"
	"testing"

	"openhouse.example/packages/config"
)

type endless struct {
	Next *endless
}

func TestDeclarations(t *testing.T) {
	t.Parallel()
	type Inner struct {
		Port int `envconfig:"PORT" default:"3001"`
	}
	for name, c := range map[string]struct {
		target any
		want   string
	}{
		"nil":                 {nil, "give a pointer to a struct"},
		"a struct by value":   {Inner{}, "give a pointer to a struct"},
		"a nil pointer":       {(*Inner)(nil), "give a pointer to a struct"},
		"a pointer to number": {new(int), "give a pointer to a struct"},
		"no tag":              {&struct{ Port int }{}, "no envconfig tag"},
		"small letters": {&struct {
			Port int `envconfig:"port"`
		}{}, "use capitals"},
		"unexported": {&struct {
			port int `envconfig:"PORT"`
		}{}, "not exported"},
		"embedded unexported": {&program{}, "not exported"},
		"a channel": {&struct {
			C chan int `envconfig:"C"`
		}{}, "no text can fill"},
		"a map": {&struct {
			M map[string]string `envconfig:"M"`
		}{}, "no text can fill"},
		"lists in a list": {&struct {
			L [][]string `envconfig:"L"`
		}{}, "no text can fill"},
		"required with default": {&struct {
			P int `envconfig:"P" required:"true" default:"1"`
		}{}, "keep one"},
		"secret with default": {&struct {
			P config.Secret `envconfig:"P" default:"x"`
		}{}, "everybody can read"},
		"file without secret": {&struct {
			P string `envconfig:"P" file:"true"`
		}{}, "only a Secret"},
		"file name taken": {&struct {
			P config.Secret `envconfig:"P" file:"true"`
			Q string        `envconfig:"P_FILE"`
		}{}, "rename one"},
		"twins that disagree": {&struct {
			A Inner
			P int `envconfig:"PORT" default:"3002"`
		}{}, "unlike"},
		"endless": {&endless{}, "endless"},
		"a wrong default": {&struct {
			P int `envconfig:"P" default:"x"`
		}{}, `P="x" is not a whole number`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := load(c.target, nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
	t.Run("twins that agree", func(t *testing.T) {
		t.Parallel()
		var two struct{ A, B Inner }
		if err := load(&two, map[string]string{"PORT": "80"}); err != nil || two.A.Port != 80 || two.B.Port != 80 {
			t.Errorf("got %+v, %v", two, err)
		}
		err := load(&two, map[string]string{"PORT": "x"})
		if err == nil || strings.Count(err.Error(), "PORT=\"x\"") != 1 {
			t.Errorf("a shared variable should be complained about once: %v", err)
		}
	})
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	type Room struct {
		Max int           `envconfig:"DB_POOL_MAX" default:"20" unit:"connections" desc:"Most open." tradeoff:"More cost memory."`
		Key config.Secret `envconfig:"KEY" file:"true" required:"true" example:"abc"`
	}
	type House struct {
		A    Room
		B    *Room
		Last bool `envconfig:"LAST"`
	}
	want := []config.Variable{
		{Name: "DB_POOL_MAX", Default: "20", Unit: "connections", Description: "Most open.", Tradeoff: "More cost memory."},
		{Name: "KEY", Required: true, Secret: true, File: true, Example: "abc"},
		{Name: "LAST"},
	}
	for _, target := range []any{House{}, &House{}, (*House)(nil)} {
		got := config.Describe(target)
		if len(got) != len(want) {
			t.Fatalf("got %+v", got)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("got %+v, want %+v", got[i], want[i])
			}
		}
	}
	if h := (House{}); h.B != nil {
		t.Error("Describe changed its target")
	}
	for _, bad := range []any{nil, 3, struct{ P int }{}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Describe(%v) should panic", bad)
				}
			}()
			config.Describe(bad)
		}()
	}
}
