package migrations_test

import (
	"strings"
	"testing"

	"openhouse.example/packages/pgdev/pgtest"
)

// writesWithoutEntry are functions with their owner's rights that write and note nothing in the audit log, each with the
// reason. What portals write by statements of their own is held by the test of the tree's structure.
var writesWithoutEntry = map[string]string{
	"rate_hit":            "counts attempts, of nobody and no company",
	"invite_scan":         "counts that somebody came with a code; what they then do is noted",
	"invite_files_expire": "the program tidies up after itself",
	"job_claim":           "the worker takes work on; what the work changes is noted there",
	"mail_claim":          "as above",
	"planted_sweep":       "companies that never were",
	"retention_sweep":     "rows whose time is over, as the documentation says; no person decides it",
	"take_stock_of_homes": "the database's own statistics",
	"person_erase":        "the caller notes it in the same transaction: an administrator, or the operator",
}

// A function that may write writes an entry as well, or says here why not.
func TestDoorsThatWriteNoteIt(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.New(t).AdminURL())
	rows, err := conn.Query(t.Context(), `select proname, prosrc from pg_proc
		where pronamespace = 'public'::regnamespace and prosecdef and provolatile = 'v' order by proname`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	needed, noted := map[string]bool{}, 0
	for rows.Next() {
		var name, source string
		if err := rows.Scan(&name, &source); err != nil {
			t.Fatal(err)
		}
		_, excused := writesWithoutEntry[name]
		writes := strings.Contains(strings.Join(strings.Fields(source), " "), "insert into audit_log ")
		switch {
		case writes && excused:
			t.Errorf("%s notes what it does in the audit log: take it off the list", name)
		case writes:
			noted++
		case !excused:
			t.Errorf("%s may write and notes nothing in the audit log: insert an entry, or give the reason in writesWithoutEntry", name)
		}
		needed[name] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for name := range writesWithoutEntry {
		if !needed[name] {
			t.Errorf("writesWithoutEntry has %s, and there is no such function any more", name)
		}
	}
	if noted < 6 {
		t.Errorf("only %d functions that note what they do were found", noted)
	}
}
