package config_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/config"
)

// FuzzLoad gives one value to every kind of field. Whatever it is: no panic,
// an error that names each variable it is about, nothing read in another way
// than written, and no secret in the error.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", " ", "20", "-1", "010", "0x1F", "1_0", "1e3", "true", "yes", "30s", "30000", "5us", "a,b", ",", "10.0.0.0/8",
		"http://[::1", "http://u:p@h/%zz", "NaN", "\x00", "\xff", "é", "9223372036854775808", "=", "$HOME", "`", "\"", "a\nb",
	} {
		f.Add(seed)
	}
	const mark = "s3cr3t-mark-"
	f.Fuzz(func(t *testing.T, value string) {
		env := map[string]string{"DATABASE_URL": mark + value, "PIN": mark + value, "KEYS": mark + value + ",," + mark}
		names := []string{
			"DB_POOL_MAX", "DB_POOL_IDLE_MS", "DATABASE_SSL", "SMALL", "COUNT", "RATIO", "WAIT", "HOSTS", "PORTS",
			"TRUSTED_PROXIES", "PUBLIC_URL", "OTHER_URL", "LEVEL", "PAUSE_MS", "BYTES", "TITLE",
		}
		for _, name := range names {
			env[name] = value
		}
		var p Program
		err := load(&p, env) // PIN and KEYS are always wrong
		if err == nil || !strings.Contains(err.Error(), "PIN") || !strings.Contains(err.Error(), "KEYS item") {
			t.Fatalf("PIN and KEYS are wrong, got %v", err)
		}
		if strings.Contains(err.Error(), mark) {
			t.Fatalf("a secret shows: %v", err)
		}
		if p.DB.URL.Reveal() != mark+value {
			t.Fatalf("the secret was changed to %q", p.DB.URL.Reveal())
		}
		said := func(name string) bool { return strings.Contains(err.Error(), name) }
		trimmed := strings.TrimSpace(value)
		if trimmed == "" {
			return
		}
		if !said("DB_POOL_MAX=") && strconv.Itoa(p.DB.Max) != strings.TrimPrefix(trimmed, "+") && trimmed != "-0" {
			t.Errorf("DB_POOL_MAX %q became %d", trimmed, p.DB.Max)
		}
		if !said("DB_POOL_IDLE_MS=") {
			var again config.Millis
			if e := again.Decode(p.DB.Idle.String()); e != nil || again != p.DB.Idle || p.DB.Idle < 0 {
				t.Errorf("DB_POOL_IDLE_MS %q became %v, which is not read back: %v", trimmed, p.DB.Idle, e)
			}
		}
		if !said("WAIT=") && p.Extras.Wait == 0 && strings.Trim(trimmed, "+-0.nuµμmsh") != "" {
			t.Errorf("WAIT %q became %v", trimmed, time.Duration(0))
		}
		for _, host := range p.Extras.Hosts {
			if host == "" || host != strings.TrimSpace(host) {
				t.Errorf("HOSTS %q has the item %q", trimmed, host)
			}
		}
		if !said("TITLE=") && p.Extras.Title != trimmed {
			t.Errorf("TITLE %q became %q", trimmed, p.Extras.Title)
		}
	})
}
