package fault

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
)

// entry is one write that was asked for, under a key of its own, which is also the name of what it makes.
type entry struct {
	key   string
	id    string // of what was made, as the answer says
	cause string // "" = acknowledged
}

// commitUnknown is the portal's code for "ask again": neither done nor refused.
const commitUnknown = "commit_unknown"

// unknown reports that the answer doesn't say whether it was done.
func (e entry) unknown() bool {
	return e.cause == commitUnknown || e.cause == noAnswer || e.cause == cutShort
}

// writer makes developments, each under a key of its own, and keeps a ledger of what it was told.
type writer struct {
	client *http.Client
	url    string
	header http.Header
	prefix string // of all its keys

	last    atomic.Int64
	mu      sync.Mutex
	entries []entry
}

func (w *writer) ask() string {
	e := w.write(fmt.Sprintf("%s %d", w.prefix, w.last.Add(1)))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.entries = append(w.entries, e)
	return e.cause
}

// write asks for one development. The same key again must be answered with the same id.
func (w *writer) write(key string) entry {
	header := w.header.Clone()
	header.Set("Content-Type", "application/json")
	header.Set("Idempotency-Key", key)
	e := entry{key: key}
	a := send(w.client, http.MethodPost, w.url, header, fmt.Sprintf(`{"name":%q}`, key))
	if e.cause = a.cause; e.cause != "" {
		return e
	}
	var made struct{ ID string }
	if err := json.Unmarshal(a.body, &made); err != nil || made.ID == "" {
		e.cause = wrongAnswer
	}
	e.id = made.ID
	return e
}

// row is what the table holds under one key.
type row struct {
	count int
	id    string // one of them
}

// Ledger is what became of one contestant's writes.
type Ledger struct {
	Writes  int // asked for
	Refused int // answered with a failure that says it was not done
	Unknown int // answered with "nobody knows", or not at all
	Lost    int // acknowledged, and not there
	Doubled int // there more than once
	Ghosts  int // refused, and there all the same
	Other   int // there, but not as the answer said
}

// judge holds what writers were told against what is there.
func judge(entries []entry, rows map[string]row) Ledger {
	l := Ledger{Writes: len(entries)}
	for _, e := range entries {
		r := rows[e.key]
		if r.count > 1 {
			l.Doubled++
		}
		switch {
		case e.unknown():
			l.Unknown++
		case e.cause != "":
			l.Refused++
			if r.count > 0 {
				l.Ghosts++
			}
		case r.count == 0:
			l.Lost++
		case r.count == 1 && r.id != e.id:
			l.Other++
		}
	}
	return l
}

// wrong counts the writes that were not as the answer said.
func (l Ledger) wrong() int { return l.Lost + l.Doubled + l.Ghosts + l.Other }

// faults lists what may never be, whatever breaks: a write that was acknowledged and is lost, one that was refused
// and is there, one that is there twice.
func (l Ledger) faults() (broken []string) {
	for _, c := range []struct {
		n    int
		what string
	}{
		{l.Lost, "acknowledged, but lost"}, {l.Doubled, "done twice"}, {l.Ghosts, "refused, but done"}, {l.Other, "stored under another id than was answered"},
	} {
		if c.n > 0 {
			broken = append(broken, fmt.Sprintf("%d of %d writes were %s", c.n, l.Writes, c.what))
		}
	}
	return broken
}
