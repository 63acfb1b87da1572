package config_test

import (
	"encoding"
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/config"
)

type level struct{ n int }

func (l *level) UnmarshalText(b []byte) error {
	if string(b) != "low" && string(b) != "high" {
		return fmt.Errorf("is no level, %q", b)
	}
	l.n = len(b)
	return nil
}

var _ encoding.TextUnmarshaler = (*level)(nil)

type pool struct {
	Max     int           `envconfig:"DB_POOL_MAX" default:"20"`
	Min     int           `envconfig:"DB_POOL_MIN" default:"2"`
	Idle    config.Millis `envconfig:"DB_POOL_IDLE_MS" default:"30000"`
	URL     config.Secret `envconfig:"DATABASE_URL" required:"true" desc:"Where the database is." example:"postgres://name@db.example.org/house"`
	SSL     *bool         `envconfig:"DATABASE_SSL"`
	Single  bool          `envconfig:"DB_USE_SINGLE_CLIENT" default:"false"`
	Ignored string        `ignored:"true"`
}

type extras struct {
	Small  int8            `envconfig:"SMALL"`
	Count  uint16          `envconfig:"COUNT"`
	Ratio  float64         `envconfig:"RATIO"`
	Wait   time.Duration   `envconfig:"WAIT"`
	Hosts  []string        `envconfig:"HOSTS"`
	Ports  []int           `envconfig:"PORTS"`
	Trust  []netip.Prefix  `envconfig:"TRUSTED_PROXIES"`
	Public url.URL         `envconfig:"PUBLIC_URL"`
	Other  *url.URL        `envconfig:"OTHER_URL"`
	Level  level           `envconfig:"LEVEL"`
	Pause  *config.Millis  `envconfig:"PAUSE_MS"`
	Pin    int             `envconfig:"PIN" secret:"true"`
	Keys   []config.Secret `envconfig:"KEYS"`
	Bytes  []byte          `envconfig:"BYTES"`
	Title  string          `envconfig:"TITLE"`
}

type program struct {
	pool   // embedded structs must be exported to be filled; see TestDeclarations
	Extras extras
}

type Program struct {
	DB     pool
	Extras *extras
}

func environment(pairs ...string) map[string]string {
	env := map[string]string{"DATABASE_URL": "postgres://u:p4ssw0rd@db.example.org/house"}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	return env
}

func load(target any, env map[string]string) error {
	var environ []string
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	return config.LoadFrom(target, func(name string) (string, bool) { v, ok := env[name]; return v, ok }, environ)
}

func TestValuesThatAreTaken(t *testing.T) {
	t.Parallel()
	yes := true
	pause := config.Millis(250 * time.Millisecond)
	for _, c := range []struct {
		set  string
		got  func(p *Program) any
		want any
	}{
		{"DB_POOL_MAX=", func(p *Program) any { return p.DB.Max }, 20},
		{"DB_POOL_MAX=  ", func(p *Program) any { return p.DB.Max }, 20},
		{"DB_POOL_MAX= 7 ", func(p *Program) any { return p.DB.Max }, 7},
		{"DB_POOL_MIN=0", func(p *Program) any { return p.DB.Min }, 0},
		{"DB_POOL_MIN=-3", func(p *Program) any { return p.DB.Min }, -3},
		{"DB_POOL_IDLE_MS=", func(p *Program) any { return p.DB.Idle.Duration() }, 30 * time.Second},
		{"DB_POOL_IDLE_MS=1500", func(p *Program) any { return p.DB.Idle.Duration() }, 1500 * time.Millisecond},
		{"DB_POOL_IDLE_MS=2m", func(p *Program) any { return p.DB.Idle.String() }, "2m0s"},
		{"DATABASE_SSL=", func(p *Program) any { return p.DB.SSL }, (*bool)(nil)},
		{"DATABASE_SSL=true", func(p *Program) any { return p.DB.SSL }, &yes},
		{"DATABASE_SSL=false", func(p *Program) any { return *p.DB.SSL }, false},
		{"DB_USE_SINGLE_CLIENT=1", func(p *Program) any { return p.DB.Single }, true},
		{"DATABASE_URL= keep me ", func(p *Program) any { return p.DB.URL.Reveal() }, " keep me "},
		{"SMALL=-128", func(p *Program) any { return p.Extras.Small }, int8(-128)},
		{"COUNT=65535", func(p *Program) any { return p.Extras.Count }, uint16(65535)},
		{"RATIO=0.25", func(p *Program) any { return p.Extras.Ratio }, 0.25},
		{"WAIT=1h30m", func(p *Program) any { return p.Extras.Wait }, 90 * time.Minute},
		{"HOSTS=a.example.org, b.example.org", func(p *Program) any { return p.Extras.Hosts }, []string{"a.example.org", "b.example.org"}},
		{"HOSTS=", func(p *Program) any { return p.Extras.Hosts }, []string(nil)},
		{"PORTS=80,443", func(p *Program) any { return p.Extras.Ports }, []int{80, 443}},
		{"TRUSTED_PROXIES=10.0.0.0/8, ::1/128", func(p *Program) any { return p.Extras.Trust }, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}},
		{"PUBLIC_URL=https://homes.example.org/x", func(p *Program) any { return p.Extras.Public.Host }, "homes.example.org"},
		{"OTHER_URL=https://homes.example.org/x", func(p *Program) any { return p.Extras.Other.Path }, "/x"},
		{"OTHER_URL=", func(p *Program) any { return p.Extras.Other }, (*url.URL)(nil)},
		{"LEVEL=high", func(p *Program) any { return p.Extras.Level.n }, 4},
		{"PAUSE_MS=250", func(p *Program) any { return p.Extras.Pause }, &pause},
		{"PAUSE_MS=", func(p *Program) any { return p.Extras.Pause }, (*config.Millis)(nil)},
		{"PIN=1234", func(p *Program) any { return p.Extras.Pin }, 1234},
		{"KEYS=alpha,beta", func(p *Program) any { return p.Extras.Keys[1].Reveal() }, "beta"},
		{"BYTES=a,b", func(p *Program) any { return string(p.Extras.Bytes) }, "a,b"},
		{`TITLE="$x", \n 'é' ` + "`", func(p *Program) any { return p.Extras.Title }, `"$x", \n 'é' ` + "`"},
	} {
		t.Run(c.set, func(t *testing.T) {
			t.Parallel()
			var p Program
			if err := load(&p, environment(c.set)); err != nil {
				t.Fatal(err)
			}
			if got := c.got(&p); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestValuesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set  string
		want []string // besides the variable's name
		not  string
	}{
		{"DATABASE_URL=", []string{"required but not set", "Where the database is", "for example DATABASE_URL=postgres://name@db"}, ""},
		{"DATABASE_URL= \t", []string{"required but not set"}, ""},
		{"DB_POOL_MAX=abc", []string{`="abc" is not a whole number`, "for example DB_POOL_MAX=20"}, ""},
		{"DB_POOL_MAX=010", []string{`="010"`, "without leading zeros"}, ""},
		{"DB_POOL_MAX=0x14", []string{`="0x14"`, "decimal digits only"}, ""},
		{"DB_POOL_MAX=1_000", []string{`="1_000"`, "separators"}, ""},
		{"DB_POOL_MAX=20 connections", []string{"unit"}, ""},
		{"DB_POOL_MAX=2.5", []string{`="2.5" is not a whole number`}, ""},
		{"DB_POOL_MAX=99999999999999999999", []string{"does not fit", "9223372036854775807"}, ""},
		{"DB_POOL_IDLE_MS=soon", []string{`="soon"`, "such as 30000", "30s"}, ""},
		{"DB_POOL_IDLE_MS=-1s", []string{"is negative"}, ""},
		{"DB_POOL_IDLE_MS=-5", []string{"neither a whole number"}, ""},
		{"DB_POOL_IDLE_MS=5us", []string{"finer than a millisecond"}, ""},
		{"DB_POOL_IDLE_MS=99999999999999999", []string{"more milliseconds than can be counted"}, ""},
		{"DB_POOL_IDLE_MS=999999999999999999999", []string{"more milliseconds than can be counted"}, ""},
		{"DATABASE_SSL=maybe", []string{`="maybe" is not true or false: write true or false`}, ""},
		{"DB_USE_SINGLE_CLIENT=yes", []string{`="yes" is not true or false`}, ""},
		{"SMALL=200", []string{"from -128 to 127"}, ""},
		{"COUNT=-1", []string{"from 0 to 65535"}, ""},
		{"COUNT=65536", []string{"from 0 to 65535"}, ""},
		{"RATIO=NaN", []string{"not an ordinary number"}, ""},
		{"RATIO=inf", []string{"not an ordinary number"}, ""},
		{"RATIO=half", []string{"a number such as 0.5"}, ""},
		{"WAIT=30", []string{`="30" is not a number with a unit`, "30s"}, ""},
		{"HOSTS=a,,b", []string{`item 2 "" is empty: remove the extra comma`}, ""},
		{"HOSTS=a,", []string{"item 2", "extra comma"}, ""},
		{"PORTS=80,http,443", []string{`item 2 "http" is not a whole number`}, ""},
		{"PORTS=a,b", []string{`item 1 "a"`, `item 2 "b"`}, ""},
		{"TRUSTED_PROXIES=10.0.0.1", []string{`item 1 "10.0.0.1"`, "netip.Prefix"}, ""},
		{"PUBLIC_URL=http://[::1", []string{"url.URL"}, ""},
		{"PUBLIC_URL=http://me:hunter22@[::1", []string{"://[hidden]@"}, "hunter22"},
		{"LEVEL=middle", []string{`="middle" is no level`}, ""},
		{"PAUSE_MS=x", []string{`="x"`, "milliseconds"}, ""},
		{"PIN=hunter22", []string{"a secret, not shown", "a whole number"}, "hunter22"},
		{"KEYS=hunter22,,x", []string{"item 2 (a secret, not shown)"}, "hunter22"},
		{"TITLE=a\x00b", []string{"NUL byte"}, ""},
		{"SMALL=" + strings.Repeat("9", 5000), []string{"…"}, strings.Repeat("9", 200)},
	} {
		t.Run(c.set[:min(len(c.set), 40)], func(t *testing.T) {
			t.Parallel()
			var p Program
			err := load(&p, environment(c.set))
			if err == nil {
				t.Fatalf("accepted, got %+v", p)
			}
			name, _, _ := strings.Cut(c.set, "=")
			for _, want := range append(c.want, name) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q:\n%v", want, err)
				}
			}
			if c.not != "" && strings.Contains(err.Error(), c.not) {
				t.Errorf("error shows what it must not:\n%v", err)
			}
		})
	}
}

func TestEveryMistakeAtOnce(t *testing.T) {
	t.Parallel()
	err := load(&Program{}, environment("DATABASE_URL=", "DB_POOL_MAX=x", "DB_POOL_MIN=y", "DATABASE_SSL=z",
		"DB_POOL_MAXX=1", "RATIO=r", "PORTS=1,b"))
	if err == nil {
		t.Fatal("accepted")
	}
	lines := strings.Split(err.Error(), "\n")
	for i, name := range []string{"DB_POOL_MAX=", "DB_POOL_MIN=", "DATABASE_URL ", "DATABASE_SSL=", "RATIO=", "PORTS item 2", "DB_POOL_MAXX "} {
		if i >= len(lines) || !strings.HasPrefix(lines[i], name) {
			t.Fatalf("line %d should begin with %q:\n%v", i+1, name, err)
		}
	}
	if len(lines) != 7 {
		t.Errorf("%d lines, want 7:\n%v", len(lines), err)
	}
}

func TestLoadReadsTheProcess(t *testing.T) { // alone: it changes the environment
	t.Setenv("DATABASE_URL", "postgres://db.example.org/house")
	t.Setenv("DB_POOL_MAX", "9")
	t.Setenv("DB_POOL_MIN", "")
	var p Program
	if err := config.Load(&p); err != nil {
		t.Fatal(err)
	}
	if p.DB.Max != 9 || p.DB.Min != 2 {
		t.Errorf("max %d min %d, want 9 and 2", p.DB.Max, p.DB.Min)
	}
	t.Setenv("DB_POOL_SZIE", "9")
	if err := config.Load(&p); err == nil || !strings.Contains(err.Error(), "DB_POOL_SZIE") {
		t.Errorf("a misspelt name in the process environment: got %v", err)
	}
}

func TestUnsetKeepsWhatTheFieldHolds(t *testing.T) {
	t.Parallel()
	p := Program{Extras: &extras{Title: "before"}}
	if err := load(&p, environment("TITLE=")); err != nil {
		t.Fatal(err)
	}
	if p.Extras.Title != "before" {
		t.Errorf("title %q, want the one from before", p.Extras.Title)
	}
}
