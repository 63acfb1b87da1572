package pgdev

import "regexp"

// haProxy is the HAProxy that tests need: Debian 12's, or a later one.
var haProxy = wantedProgram{
	title: "HAProxy", name: "haproxy", variable: "HAPROXY_BIN", size: "2.3 MB",
	askVersion: "-v", version: regexp.MustCompile(`HA-?Proxy version ((\d+)\.(\d+)[^\s]*)`), oldest: release{2, 6},
}
