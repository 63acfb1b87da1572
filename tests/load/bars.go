package load

import (
	"fmt"
	"time"
)

// Bar is what a run had to reach, and whether it did.
type Bar struct {
	Name string `json:"name"`
	Want string `json:"want"`
	Got  string `json:"got"`
	Met  bool   `json:"met"`
}

// Judge holds a report against a bar.
type Judge func(Report) Bar

// AllOK demands that every planned visit was made and was ok.
func AllOK(r Report) Bar {
	return Bar{"success", "100 %", fmt.Sprintf("%s of %s", grouped(r.OK), grouped(r.Planned)), r.OK == r.Planned && r.Planned > 0}
}

// NoneRefused demands that no rate limit stood in a visitor's way.
func NoneRefused(r Report) Bar {
	return Bar{"429", "0", grouped(r.TooMany), r.TooMany == 0}
}

// MeanWithin demands a mean latency of visits.
func MeanWithin(most time.Duration) Judge {
	return func(r Report) Bar {
		return Bar{"mean", fmt.Sprintf("at most %s ms", number(ms(most))), number(r.LatencyMs.Mean) + " ms", r.LatencyMs.Mean <= ms(most) && r.Attempted > 0}
	}
}
