package config_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"openhouse.example/packages/config"
)

var errRange = errors.New("out of range")

type Limits struct {
	Min int `envconfig:"DB_POOL_MIN" default:"2"`
	Max int `envconfig:"DB_POOL_MAX" default:"20"`
}

func (l *Limits) Validate() error {
	var errs []error
	if l.Min > l.Max {
		errs = append(errs, fmt.Errorf("DB_POOL_MIN=%d is above DB_POOL_MAX=%d: %w", l.Min, l.Max, errRange))
	}
	if l.Max < 1 {
		errs = append(errs, errors.New("DB_POOL_MAX must be 1 or more"))
	}
	return errors.Join(errs...)
}

type Address struct {
	URL config.Secret `envconfig:"DATABASE_URL"`
}

func (a Address) Validate() error {
	_, err := url.Parse(a.URL.Reveal())
	if err != nil {
		return fmt.Errorf("DATABASE_URL is no address: %w", err)
	}
	return nil
}

type whole struct {
	Limits Limits
	DB     Address
	Port   int `envconfig:"PORT" default:"3001"`
}

func (w *whole) Validate() error {
	if w.Port < 1024 {
		return fmt.Errorf("PORT=%d needs root: choose one above 1023", w.Port)
	}
	return nil
}

type promoted struct {
	Limits
	Extra int `envconfig:"EXTRA"`
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		target any
		env    map[string]string
		want   []string // the lines, each by its beginning
	}{
		"all well":              {&whole{}, nil, nil},
		"inner then outer":      {&whole{}, map[string]string{"DB_POOL_MIN": "30", "PORT": "80"}, []string{"DB_POOL_MIN=30 is above", "PORT=80 needs root"}},
		"joined errors apart":   {&whole{}, map[string]string{"DB_POOL_MAX": "0"}, []string{"DB_POOL_MIN=2 is above", "DB_POOL_MAX must be"}},
		"failed: not asked":     {&whole{}, map[string]string{"DB_POOL_MAX": "x"}, []string{`DB_POOL_MAX="x"`}},
		"failed: others asked":  {&whole{}, map[string]string{"DB_POOL_MAX": "x", "PORT": "80"}, []string{`DB_POOL_MAX="x"`, "PORT=80"}},
		"outer failed":          {&whole{}, map[string]string{"DB_POOL_MIN": "30", "PORT": "x"}, []string{`PORT="x"`, "DB_POOL_MIN=30"}},
		"promoted: said once":   {&promoted{}, map[string]string{"DB_POOL_MIN": "30"}, []string{"DB_POOL_MIN=30"}},
		"embedded field failed": {&promoted{}, map[string]string{"DB_POOL_MAX": "x"}, []string{`DB_POOL_MAX="x"`}},
		"its own field failed":  {&promoted{}, map[string]string{"EXTRA": "x", "DB_POOL_MIN": "30"}, []string{`EXTRA="x"`, "DB_POOL_MIN=30"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := load(c.target, c.env)
			if len(c.want) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(c.want) {
				t.Fatalf("%d lines, want %d:\n%v", len(lines), len(c.want), err)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("line %d should begin with %q: %s", i+1, want, lines[i])
				}
			}
		})
	}
	if err := load(&whole{}, map[string]string{"DB_POOL_MIN": "30"}); !errors.Is(err, errRange) {
		t.Errorf("the cause cannot be found any more: %v", err)
	}
}

func TestValidateCannotTellASecret(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]string{
		"whole":            "postgres://u:hunter22@db.example.org:port/house",
		"quoted":           "postgres://u:hunter22@db.example.org/\x01\"house",
		"escaped password": "postgres://u:hunter%32%32@db.example.org:port/house",
		"wrong escape":     "postgres://u:hunter22%zz@db.example.org/house",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := load(&Address{}, map[string]string{"DATABASE_URL": secret})
			if err == nil || !strings.Contains(err.Error(), "DATABASE_URL is no address") {
				t.Fatalf("got %v", err)
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(fmt.Sprintf("%+v %#v", e, e), "hunter") {
					t.Errorf("the secret shows: %#v", e)
				}
			}
			var parse *url.Error
			if errors.As(err, &parse) {
				t.Errorf("the secret can be unwrapped: %v", parse)
			}
		})
	}
}

type talkative struct {
	Key config.Secret `envconfig:"KEY"`
}

func (k talkative) Validate() error {
	return fmt.Errorf("KEY is weak: %s", k.Key.Reveal())
}

func TestValidateCannotTellASecretUnquoted(t *testing.T) {
	t.Parallel()
	err := load(&talkative{}, map[string]string{"KEY": "hunter\"22"})
	if err == nil || err.Error() != "KEY is weak: [redacted]" {
		t.Errorf("got %v", err)
	}
}
