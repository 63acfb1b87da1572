package store

import (
	"strings"
	"testing"
)

func TestSlug(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Longview Park":            "longview-park",
		"  Ráth  Bhoth / Phase 2 ": "rath-bhoth-phase-2",
		"Ørsted's Łąka":            "rsted-s-aka", // letters that are no accented ones are left out
		"公園":                       "development",
		"---":                      "development",
		strings.Repeat("ab ", 40):  strings.TrimSuffix(strings.Repeat("ab-", 20), "-"),
	} {
		if got := Slug(name, "development"); got != want {
			t.Errorf("Slug(%q) = %q, want %q", name, got, want)
		}
	}
	if got := numbered("park", 3); got != "park-3" {
		t.Errorf("the third is %q", got)
	}
}
