package web_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/config"
	"openhouse.example/packages/web"
)

func load(t *testing.T, environment map[string]string) (web.ServerConfig, error) {
	t.Helper()
	var c web.ServerConfig
	var names []string
	for name, value := range environment {
		names = append(names, name+"="+value)
	}
	err := config.LoadFrom(&c, func(name string) (string, bool) { v, ok := environment[name]; return v, ok }, names)
	return c, err
}

func TestServerConfigDefaults(t *testing.T) {
	t.Parallel()
	c, err := load(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Production() || c.DrainDelay.Duration() != 5*time.Second || c.ShutdownTimeout.Duration() != 15*time.Second || c.MaxInFlight != 2000 || c.TrustedProxies != nil {
		t.Errorf("defaults: %+v", c)
	}
}

func TestServerConfigReads(t *testing.T) {
	t.Parallel()
	c, err := load(t, map[string]string{
		"OPENHOUSE_ENV": "development", "PORT": "4001", "DRAIN_DELAY_MS": "0", "SHUTDOWN_TIMEOUT_MS": "2s",
		"MAX_IN_FLIGHT": "100", "TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	if c.Production() || c.Port != 4001 || c.DrainDelay != 0 || c.ShutdownTimeout.Duration() != 2*time.Second || c.MaxInFlight != 100 ||
		len(c.TrustedProxies) != 2 || c.TrustedProxies[0] != want[0] || c.TrustedProxies[1] != want[1] {
		t.Errorf("read: %+v", c)
	}
}

func TestServerConfigRefuses(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"OPENHOUSE_ENV": "staging", "PORT": "70000", "LISTEN_ADDR": "3001", "DRAIN_DELAY_MS": "10m",
		"SHUTDOWN_TIMEOUT_MS": "0", "MAX_IN_FLIGHT": "0", "TRUSTED_PROXIES": "0.0.0.0/0",
	} {
		if _, err := load(t, map[string]string{name: value}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: %v, want an error with the name", name, value, err)
		}
	}
	if _, err := load(t, map[string]string{"TRUSTED_PROXIES": "10.0.0.0"}); err == nil {
		t.Error("an address instead of a network was taken")
	}
	_, err := load(t, map[string]string{"PORT": "3001", "LISTEN_ADDR": ":3002", "MAX_IN_FLIGHT": "-1"})
	if err == nil || !strings.Contains(err.Error(), "only one of them") || !strings.Contains(err.Error(), "MAX_IN_FLIGHT") {
		t.Errorf("a contradiction and another mistake: %v, want both", err)
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]web.ServerConfig{
		":3001":          {Env: web.Production},
		":80":            {Env: web.Production, Port: 80},
		"127.0.0.1:3001": {Env: web.Development},
		"127.0.0.1:80":   {Env: web.Development, Port: 80},
		"192.0.2.5:9999": {Env: web.Development, ListenAddr: "192.0.2.5:9999"},
	} {
		if got := c.Listen(3001); got != want {
			t.Errorf("Listen = %q, want %q", got, want)
		}
	}
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]web.PublicURL{
		"https://staff.example.org":       "https://staff.example.org",
		"https://Staff.Example.org:8443/": "https://staff.example.org:8443",
		"http://localhost:3001":           "http://localhost:3001",
		"staff.example.org":               "",
		"ftp://staff.example.org":         "",
		"https://":                        "",
		"https://staff.example.org/app":   "",
		"https://staff.example.org/?a":    "",
		"https://a:b@staff.example.org":   "",
		"https://staff.example.org/#top":  "",
	} {
		var p web.PublicURL
		if err := p.Decode(value); p != want || (err == nil) != (want != "") {
			t.Errorf("Decode(%q) = %q, %v; want %q", value, p, err, want)
		}
	}
	for p, good := range map[web.PublicURL]bool{
		"https://staff.example.org": true, "http://staff.example.org": false, "": false,
		"https://localhost": false, "https://127.0.0.1:3001": false, "https://[::1]": false, "https://x.localhost": false,
	} {
		err := p.Check("DEVELOPER_PUBLIC_URL", true)
		if (err == nil) != good || err != nil && !strings.Contains(err.Error(), "DEVELOPER_PUBLIC_URL") {
			t.Errorf("%q in production: %v", p, err)
		}
		if err := p.Check("DEVELOPER_PUBLIC_URL", false); err != nil {
			t.Errorf("%q in development: %v", p, err)
		}
	}
	if got := web.PublicURL(publicURL).Join("/enter/abc"); got != "https://staff.example.org/enter/abc" {
		t.Errorf("Join = %q", got)
	}
}
