package main

import (
	"net/netip"
	"net/url"
	"strings"

	"openhouse.example/tests/load/estate"
)

// origin reads the address of a portal: scheme and host, nothing behind.
func origin(name, typed string) (string, error) {
	u, err := url.Parse(strings.TrimSuffix(typed, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", wrong("--%s %q is not a portal's address: write it like https://homes.example.org", name, typed)
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

// loopback reports whether an address leads to this machine only.
func loopback(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// readCompany reads the file of a throw-away company. One of another machine is only touched if target, as it was typed,
// names it: a file that lies about must not send load to somebody.
func readCompany(file, target string) (*estate.Company, error) {
	if file == "" {
		return nil, wrong("--file is missing: it is what loadtest prepare has written, with the codes and the way in")
	}
	c, err := estate.Load(file)
	if err != nil {
		return nil, err
	}
	if target == "" {
		for _, portal := range []string{c.Tenant, c.Developer} {
			if !loopback(portal) {
				return nil, wrong("%s leads to %s, which is not this machine: say --target %s, if that is meant", file, portal, c.Tenant)
			}
		}
		return c, nil
	}
	named, err := origin("target", target)
	if err != nil {
		return nil, err
	}
	if named != c.Tenant {
		return nil, wrong("%s was prepared at %s, not at %s", file, c.Tenant, named)
	}
	return c, nil
}
