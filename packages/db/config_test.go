package db_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
)

const localURL = "postgres://portal:s3cret-word@localhost:5432/openhouse"

func load(env map[string]string) (db.Config, error) {
	var c db.Config
	environ := make([]string, 0, len(env))
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	err := config.LoadFrom(&c, func(name string) (string, bool) { v, ok := env[name]; return v, ok }, environ)
	return c, err
}

func TestConfigDefaultsAreTheSeeds(t *testing.T) {
	t.Parallel()
	c, err := load(map[string]string{"DATABASE_URL": localURL, "DB_POOL_MAX": "", "DATABASE_SSL": "  "})
	if err != nil {
		t.Fatal(err)
	}
	if c.Max != 20 || c.Min != 2 || c.IdleTime.Duration() != 30*time.Second || c.ConnTimeout.Duration() != 5*time.Second {
		t.Errorf("max %d, min %d, idle %v, timeout %v: want 20, 2, 30s, 5s", c.Max, c.Min, c.IdleTime, c.ConnTimeout)
	}
	if c.SSL != nil || c.SingleClient || c.PoolerMode != db.PoolerNone {
		t.Errorf("ssl %v, single %v, pooler %q: want unset, false, none", c.SSL, c.SingleClient, c.PoolerMode)
	}
}

func TestConfigAccepts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env  map[string]string
		want func(db.Config) bool
	}{
		"durations with a unit":          {map[string]string{"DB_POOL_IDLE_MS": "45s"}, func(c db.Config) bool { return c.IdleTime.Duration() == 45*time.Second }},
		"one client means a pool of one": {map[string]string{"DB_USE_SINGLE_CLIENT": "true"}, func(c db.Config) bool { return c.Max == 1 && c.Min == 1 }},
		"a Supabase pooler is recognised by its port": {
			map[string]string{"DATABASE_URL": "postgres://p:x@aws-0-eu-west-1.pooler.supabase.com:6543/postgres"},
			func(c db.Config) bool { return c.PoolerMode == db.PoolerTransaction },
		},
		"another host, once TLS is decided": {
			map[string]string{"DATABASE_URL": "postgres://p:x@db.example.org/openhouse", "DATABASE_SSL": "true"},
			func(c db.Config) bool { return *c.SSL },
		},
		"plain text that was asked for": {
			map[string]string{"DATABASE_URL": "postgres://p:x@db/openhouse", "DATABASE_SSL": "false"},
			func(c db.Config) bool { return !*c.SSL },
		},
		"unknown DB_ names that a cluster injects": {map[string]string{"DB_SERVICE_HOST": "10.0.0.1"}, func(db.Config) bool { return true }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.env["DATABASE_URL"] == "" {
				test.env["DATABASE_URL"] = localURL
			}
			c, err := load(test.env)
			if err != nil {
				t.Fatal(err)
			}
			if !test.want(c) {
				t.Errorf("got %+v", c)
			}
		})
	}
}

func TestConfigRefuses(t *testing.T) {
	t.Parallel()
	noPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(noPEM, []byte("not a certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	const remote = "postgres://p:s3cret-word@db.example.org/openhouse"
	for name, test := range map[string]struct {
		env  map[string]string
		want string // must name the variable
	}{
		"no address":                     {map[string]string{"DATABASE_URL": ""}, "DATABASE_URL"},
		"not a URL":                      {map[string]string{"DATABASE_URL": "postgres://p:%zz@h/d"}, "DATABASE_URL can't be read"},
		"key=value form":                 {map[string]string{"DATABASE_URL": "host=localhost user=p"}, "DATABASE_URL starts with"},
		"another database":               {map[string]string{"DATABASE_URL": "mysql://p:x@localhost/d"}, "DATABASE_URL starts with"},
		"no host":                        {map[string]string{"DATABASE_URL": "postgres://p:x@/d"}, "DATABASE_URL names no host"},
		"no login":                       {map[string]string{"DATABASE_URL": "postgres://localhost/d"}, "DATABASE_URL names no login"},
		"no database":                    {map[string]string{"DATABASE_URL": "postgres://p:x@localhost/"}, "DATABASE_URL names no database"},
		"max zero":                       {map[string]string{"DB_POOL_MAX": "0"}, "DB_POOL_MAX"},
		"max negative":                   {map[string]string{"DB_POOL_MAX": "-5"}, "DB_POOL_MAX"},
		"max huge":                       {map[string]string{"DB_POOL_MAX": "100000"}, "DB_POOL_MAX"},
		"max no number":                  {map[string]string{"DB_POOL_MAX": "twenty"}, "DB_POOL_MAX"},
		"max with decimals":              {map[string]string{"DB_POOL_MAX": "20.5"}, "DB_POOL_MAX"},
		"min above max":                  {map[string]string{"DB_POOL_MAX": "5", "DB_POOL_MIN": "6"}, "DB_POOL_MIN is 6"},
		"min negative":                   {map[string]string{"DB_POOL_MIN": "-1"}, "DB_POOL_MIN"},
		"idle too short":                 {map[string]string{"DB_POOL_IDLE_MS": "10"}, "DB_POOL_IDLE_MS"},
		"idle negative":                  {map[string]string{"DB_POOL_IDLE_MS": "-30000"}, "DB_POOL_IDLE_MS"},
		"idle no number":                 {map[string]string{"DB_POOL_IDLE_MS": "soon"}, "DB_POOL_IDLE_MS"},
		"timeout too short":              {map[string]string{"DB_POOL_CONN_TIMEOUT_MS": "100"}, "DB_POOL_CONN_TIMEOUT_MS"},
		"timeout too long":               {map[string]string{"DB_POOL_CONN_TIMEOUT_MS": "1h"}, "DB_POOL_CONN_TIMEOUT_MS"},
		"cancel grace zero":              {map[string]string{"DB_CANCEL_GRACE_MS": "0"}, "DB_CANCEL_GRACE_MS"},
		"ssl neither true nor false":     {map[string]string{"DATABASE_SSL": "maybe"}, "DATABASE_SSL"},
		"single client no boolean":       {map[string]string{"DB_USE_SINGLE_CLIENT": "2"}, "DB_USE_SINGLE_CLIENT"},
		"unknown pooler":                 {map[string]string{"DB_POOLER_MODE": "statement"}, "DB_POOLER_MODE"},
		"misspelt pool setting":          {map[string]string{"DB_POOL_MAXX": "5"}, "did you mean DB_POOL_MAX?"},
		"unknown pool setting":           {map[string]string{"DB_POOL_COLOUR": "red"}, "DB_POOL_COLOUR"},
		"falls back to plain text":       {map[string]string{"DATABASE_URL": remote + "?sslmode=prefer"}, "sslmode=prefer"},
		"falls back to TLS":              {map[string]string{"DATABASE_URL": localURL + "?sslmode=allow"}, "sslmode=allow"},
		"no such sslmode":                {map[string]string{"DATABASE_URL": remote + "?sslmode=verify"}, "sslmode"},
		"TLS wanted and disabled":        {map[string]string{"DATABASE_URL": remote + "?sslmode=disable", "DATABASE_SSL": "true"}, "DATABASE_SSL=true contradicts"},
		"TLS refused and required":       {map[string]string{"DATABASE_URL": remote + "?sslmode=verify-full", "DATABASE_SSL": "false"}, "DATABASE_SSL=false contradicts"},
		"plain text over the internet":   {map[string]string{"DATABASE_URL": remote}, "DATABASE_SSL is unset"},
		"plain text to Supabase":         {map[string]string{"DATABASE_URL": "postgres://p:x@db.abc.supabase.co/postgres", "DATABASE_SSL": "false"}, "Supabase"},
		"authorities without TLS":        {map[string]string{"DATABASE_SSL_CA": noPEM}, "DATABASE_SSL_CA is given but TLS is off"},
		"authorities that are missing":   {map[string]string{"DATABASE_SSL": "true", "DATABASE_SSL_CA": noPEM + ".not"}, "DATABASE_SSL_CA can't be read"},
		"authorities that are not PEM":   {map[string]string{"DATABASE_SSL": "true", "DATABASE_SSL_CA": noPEM}, "holds no PEM certificate"},
		"a host that hides in the query": {map[string]string{"DATABASE_URL": localURL + "?host=db.example.org"}, "DATABASE_URL has host in its query"},
		"TLS by another name":            {map[string]string{"DATABASE_URL": localURL + "?ssl=true"}, "DATABASE_URL has ssl in its query"},
		"a client certificate":           {map[string]string{"DATABASE_URL": localURL + "?sslcert=me.pem"}, "DATABASE_URL has sslcert in its query"},
		"one of several hosts is remote": {map[string]string{"DATABASE_URL": "postgres://p:x@localhost,db.example.org/d"}, "DATABASE_SSL is unset"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, given := test.env["DATABASE_URL"]; !given {
				test.env["DATABASE_URL"] = localURL
			}
			_, err := load(test.env)
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error does not say %q: %v", test.want, err)
			}
			if strings.Contains(err.Error(), "s3cret-word") {
				t.Errorf("error shows the password: %v", err)
			}
		})
	}
}

func TestConfigReportsAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(map[string]string{"DATABASE_URL": localURL, "DB_POOL_MAX": "0", "DB_POOL_IDLE_MS": "1", "DB_POOLER_MODE": "x", "DB_POOL_MIX": "1"})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, name := range []string{"DB_POOL_MAX", "DB_POOL_IDLE_MS", "DB_POOLER_MODE", "DB_POOL_MIX"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is missing in: %v", name, err)
		}
	}
}
