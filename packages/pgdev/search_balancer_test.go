package pgdev

import (
	"strings"
	"testing"
)

func TestBalancerSearch(t *testing.T) {
	t.Parallel()
	const recent = "HAProxy version 2.6.12-1+deb12u3 2025/10/03 - https://haproxy.org/\n"
	for name, c := range map[string]struct {
		machine bouncerMachine
		want    string // "path version", or words of the error
	}{
		"HAPROXY_BIN before all": {
			bouncerMachine{env: map[string]string{"HAPROXY_BIN": "/opt/h"}, versions: map[string]string{"/opt/h": "HAProxy version 3.2.1 2026/01/01", "/usr/sbin/haproxy": recent}},
			"/opt/h 3.2.1",
		},
		"an installed one": {
			bouncerMachine{versions: map[string]string{"/usr/sbin/haproxy": recent}}, "/usr/sbin/haproxy 2.6.12-1+deb12u3",
		},
		"old ones do not count": {
			bouncerMachine{versions: map[string]string{"/usr/sbin/haproxy": "HA-Proxy version 1.8.30 2021/04/12"}}, "version 1.8.30 is older than 2.6",
		},
		"nothing at all": {
			bouncerMachine{}, "HAPROXY_BIN=/path/to/haproxy, version 2.6 or later",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := c.machine.machine(t, t.TempDir()).findProgram(t.Context(), haProxy)
			got := found.path + " " + found.version
			if err != nil {
				got = err.Error()
			}
			if err == nil && got != c.want || err != nil && !strings.Contains(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
