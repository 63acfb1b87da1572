package fault

import (
	"testing"
)

func TestTheLedgerSeesEveryFault(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		entry entry
		row   row
		want  Ledger
	}{
		"done once":            {entry{id: "a"}, row{1, "a"}, Ledger{Writes: 1}},
		"lost":                 {entry{id: "a"}, row{}, Ledger{Writes: 1, Lost: 1}},
		"done twice":           {entry{id: "a"}, row{2, "a"}, Ledger{Writes: 1, Doubled: 1}},
		"another's id":         {entry{id: "a"}, row{1, "b"}, Ledger{Writes: 1, Other: 1}},
		"refused":              {entry{cause: "database_unavailable"}, row{}, Ledger{Writes: 1, Refused: 1}},
		"refused and done":     {entry{cause: "database_unavailable"}, row{1, "a"}, Ledger{Writes: 1, Refused: 1, Ghosts: 1}},
		"unknown, done":        {entry{cause: commitUnknown}, row{1, "a"}, Ledger{Writes: 1, Unknown: 1}},
		"unknown, not done":    {entry{cause: noAnswer}, row{}, Ledger{Writes: 1, Unknown: 1}},
		"unknown, done twice":  {entry{cause: cutShort}, row{2, "a"}, Ledger{Writes: 1, Unknown: 1, Doubled: 1}},
		"an error without us":  {entry{cause: "500"}, row{1, "a"}, Ledger{Writes: 1, Refused: 1, Ghosts: 1}},
		"an answer of nothing": {entry{cause: wrongAnswer}, row{1, "a"}, Ledger{Writes: 1, Refused: 1, Ghosts: 1}},
	} {
		c.entry.key = name
		got := judge([]entry{c.entry}, map[string]row{name: c.row})
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
		if bad := c.want.Lost+c.want.Doubled+c.want.Ghosts+c.want.Other > 0; (len(got.faults()) > 0) != bad {
			t.Errorf("%s: faults %q", name, got.faults())
		}
	}
}
