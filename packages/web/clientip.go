package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientIP walks the X-Forwarded-For list from the right, where our own proxies
// wrote, and stops at the first address that no trusted proxy vouches for: what
// stands further left is only the client's word.
func clientIP(r *http.Request, trusted []netip.Prefix) netip.Addr {
	addr := address(r.RemoteAddr)
	if !addr.IsValid() || !isTrusted(addr, trusted) {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		next := address(strings.TrimSpace(hop))
		if !next.IsValid() {
			return addr // the last one that somebody we trust has seen
		}
		addr = next
		if !isTrusted(addr, trusted) {
			return addr
		}
	}
	return addr
}

// Network is what a limit counts an address as: one IPv6 customer has a whole /64.
func Network(ip netip.Addr) string {
	if ip.Is6() {
		if prefix, err := ip.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return ip.String()
}

// address reads "ip", "ip:port" and "[ip]:port". An IPv4 address in IPv6 clothes
// is the IPv4 address; a zone is dropped, since it means nothing elsewhere.
func address(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

func isTrusted(a netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
}
