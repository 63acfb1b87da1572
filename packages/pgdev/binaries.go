package pgdev

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
)

// oldestMajor is the oldest Postgres that the project runs on.
const oldestMajor = 15

// Binaries is a directory that holds a usable Postgres server.
type Binaries struct {
	// Dir holds initdb and postgres; symbolic links are resolved.
	Dir string
	// Major is the server's major version, 15 or higher.
	Major int
	// Version is the version as the server prints it, such as "15.18".
	Version string
	// Source is the step of the search that found it, such as "local" or "npm".
	Source string
}

func (b Binaries) program(name string) string { return filepath.Join(b.Dir, name) }

// versionLine matches what `postgres --version` prints; distributions append
// their own words, and betas have no minor number.
var versionLine = regexp.MustCompile(`PostgreSQL\)\s+((\d+)[^\s]*)`)

func parseVersion(line string) (version string, major int, err error) {
	m := versionLine.FindStringSubmatch(line)
	if m == nil {
		return "", 0, fmt.Errorf("no version in %q", line)
	}
	major, err = strconv.Atoi(m[2])
	if err != nil {
		return "", 0, fmt.Errorf("no version in %q", line)
	}
	return m[1], major, nil
}
