package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/pgdev/pgtest"
)

func TestEverySampleIsImportedOnceAndChangesNothingTheSecondTime(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		file     string
		want     counts
		encoding string
	}{
		{"longview-park-20.csv", counts{New: 20}, "UTF-8"},
		{"longview-park-75-with-3-bad.csv", counts{New: 72, Errors: 3}, "UTF-8"},
		{"messy-headers-semicolon.csv", counts{New: 40}, "UTF-8 with BOM"},
		{"windows-1252.csv", counts{New: 15}, "Windows-1252"},
		{"utf-16.csv", counts{New: 15}, "UTF-16 LE"},
	} {
		t.Run(tc.file, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			first := o.preview(t, tc.file, sample(t, tc.file))
			if first.State != "previewed" || first.Encoding != tc.encoding {
				t.Fatalf("state %s, encoding %q, want previewed and %q: %+v", first.State, first.Encoding, tc.encoding, first.Problems)
			}
			if diff := cmp.Diff(tc.want, first.counts()); diff != "" {
				t.Fatalf("preview (-want +got):\n%s", diff)
			}
			if n := pgtest.Value[int](o.db, `select count(*) from units`); n != 0 {
				t.Fatalf("the preview made %d homes", n)
			}
			if done := o.commit(t, first); done.State != "committed" {
				t.Fatalf("state %s after the commit: %s", done.State, done.Note)
			}
			if n := pgtest.Value[int](o.db, `select count(*) from units`); n != tc.want.New {
				t.Fatalf("%d homes, want %d", n, tc.want.New)
			}
			again := o.preview(t, tc.file, sample(t, tc.file))
			if diff := cmp.Diff(counts{Unchanged: tc.want.New, Errors: tc.want.Errors}, again.counts()); diff != "" {
				t.Errorf("the same file again (-want +got):\n%s", diff)
			}
		})
	}
}
