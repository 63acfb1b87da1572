package db

import (
	"strings"
	"testing"
)

func TestJudgeVersion(t *testing.T) {
	t.Parallel()
	for version, want := range map[int]struct{ refusal, warning string }{
		140019: {refusal: "PostgreSQL 14.19: use 15 or later"},
		90624:  {refusal: "use 15 or later"},
		150013: {warning: "update it to 15.14 or later"},
		150014: {},
		150018: {},
		160009: {warning: "update it to 16.10"},
		170006: {},
		180000: {},
	} {
		refusal, warning := judgeVersion(version)
		if (refusal == "") != (want.refusal == "") || !strings.Contains(refusal, want.refusal) ||
			(warning == "") != (want.warning == "") || !strings.Contains(warning, want.warning) {
			t.Errorf("%d: %q, %q", version, refusal, warning)
		}
	}
}
