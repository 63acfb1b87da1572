package pgdev

import "regexp"

// pgBouncer is the PgBouncer that tests need: Debian 12's, or a later one.
var pgBouncer = wantedProgram{
	title: "PgBouncer", name: "pgbouncer", variable: "PGBOUNCER_BIN", size: "0.5 MB",
	askVersion: "--version", version: regexp.MustCompile(`PgBouncer (?:version )?((\d+)\.(\d+)[^\s]*)`), oldest: release{1, 18},
}
