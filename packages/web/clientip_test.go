package web_test

import (
	"net/http"
	"net/netip"
	"testing"

	"openhouse.example/packages/web"
)

func TestClientIP(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, c := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"straight":                      {"192.0.2.7:4000", nil, "192.0.2.7"},
		"straight, lying":               {"192.0.2.7:4000", []string{"198.51.100.1"}, "192.0.2.7"},
		"one proxy":                     {"10.1.1.1:4000", []string{"198.51.100.1"}, "198.51.100.1"},
		"one proxy, client lies":        {"10.1.1.1:4000", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},
		"two proxies":                   {"10.1.1.1:4000", []string{"198.51.100.1, 10.2.2.2"}, "198.51.100.1"},
		"two headers":                   {"10.1.1.1:4000", []string{"203.0.113.9", "198.51.100.1, 10.2.2.2"}, "198.51.100.1"},
		"all trusted":                   {"10.1.1.1:4000", []string{"10.3.3.3, 10.2.2.2"}, "10.3.3.3"},
		"no header":                     {"10.1.1.1:4000", nil, "10.1.1.1"},
		"rubbish stops it":              {"10.1.1.1:4000", []string{"198.51.100.1, unknown, 10.2.2.2"}, "10.2.2.2"},
		"rubbish only":                  {"10.1.1.1:4000", []string{"_hidden"}, "10.1.1.1"},
		"with port":                     {"10.1.1.1:4000", []string{"198.51.100.1:5555"}, "198.51.100.1"},
		"IPv6":                          {"[fd00::1]:4000", []string{"[2001:db8::5]:99"}, "2001:db8::5"},
		"IPv4 in IPv6 clothes, trusted": {"[::ffff:10.1.1.1]:4000", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		"zone dropped":                  {"[fe80::1%eth0]:4000", nil, "fe80::1"},
		"no address at all":             {"@", nil, "invalid IP"},
	} {
		s := newStand(t, func(a *web.App) { a.TrustedProxies = proxies })
		var got netip.Addr
		s.on("/", func(w http.ResponseWriter, r *http.Request) error { got = web.ClientIP(r); return ok(w, r) })
		r := get("/")
		r.RemoteAddr = c.remote
		r.Header["X-Forwarded-For"] = c.forwarded
		s.do(r)
		if got.String() != c.want {
			t.Errorf("%s: ClientIP = %v, want %v", name, got, c.want)
		}
	}
}

func TestALimitCountsAnIPv6CustomerOnce(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7":             "192.0.2.7",
		"2001:db8:1:2:3:4:5:6":  "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::99": "2001:db8:1:2::/64",
	} {
		if got := web.Network(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s counts as %s, want %s", address, got, want)
		}
	}
}
