package fault

import (
	"time"
)

// schemaRaces are what happens to the tables.
func schemaRaces() []race {
	return []race{{
		id: "F34", title: "a column that everybody reads changes its type, eight times", after: time.Second,
		inflict: changeSchema, bar: noFailure(3 * time.Second),
	}}
}

// changeSchema makes every prepared statement stale: "cached plan must not change result type".
func changeSchema(l *lab) time.Time {
	l.t.Helper()
	for range 4 {
		for _, kind := range []string{"varchar(400)", "text"} {
			l.sql("alter table developments alter column address type " + kind)
			time.Sleep(200 * time.Millisecond)
		}
	}
	return time.Time{}
}
