package config

import (
	"slices"
	"testing"
)

func TestProcessIsThisProcess(t *testing.T) {
	t.Setenv("OPENHOUSE_CONFIG_PROBE", "here")
	lookup, environ := Process()
	if got, ok := lookup("OPENHOUSE_CONFIG_PROBE"); got != "here" || !ok {
		t.Errorf("lookup gives %q, %t", got, ok)
	}
	if !slices.Contains(environ, "OPENHOUSE_CONFIG_PROBE=here") {
		t.Error("environ lacks the variable")
	}
}
