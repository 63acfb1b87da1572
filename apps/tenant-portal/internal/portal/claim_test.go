package portal

import (
	"testing"
	"time"

	"openhouse.example/packages/platform"
)

// A form that is sent again is the same claim until its link is too old, and another once anything in it differs.
func TestWhatIsTheSameClaim(t *testing.T) {
	t.Parallel()
	const key, code, name, email = "one-form", "CODE", "Una Gale", "una@example.org"
	begin := time.Date(2031, 3, 14, 15, 0, 0, 0, time.UTC) // of a slot
	first := claimID(key, code, name, email, begin)
	if again := claimID(key, code, name, email, begin.Add(platform.LinkLife-time.Second)); again != first {
		t.Error("the form was sent twice within a slot, and taken twice")
	}
	for what, other := range map[string]any{
		"key":  claimID("other", code, name, email, begin),
		"code": claimID(key, "OTHER", name, email, begin),
		"name": claimID(key, code, "Una Gael", email, begin),
		"mail": claimID(key, code, name, "other@example.org", begin),
		"time": claimID(key, code, name, email, begin.Add(platform.LinkLife)),
	} {
		if other == any(first) {
			t.Errorf("another %s is taken for the same claim", what)
		}
	}
	one, two := claimID("", code, name, email, begin), claimID("", code, name, email, begin)
	if one == two {
		t.Error("without a key two forms are taken for one")
	}
}
