package structure

import (
	"testing"

	"golang.org/x/tools/go/packages"
)

// unaudited are functions that write without an entry in the audit log, with the
// reason. docs/SECURITY.md says so, too.
var unaudited = map[string]string{
	"(*apps/tenant-portal/internal/store.Store).ExtendSession": "the portal moves a session's end on while it is used; its begin and end are logged",

	"(*apps/tenant-portal/internal/store.Store).MarkNoticeRead": "what a resident reads is a record of its own, which goes when they are erased; the audit log stays",

	"(*apps/tenant-portal/internal/store.Store).Ask": "what a resident asks is a conversation of their own, which goes when they are erased; the audit log stays, and staff read it",

	"(*apps/developer-portal/internal/selfcheck.opened).writeAs": "the self-check tries, between companies that it has planted, what must be refused, and rolls each attempt back",
	"packages/platform.sweep":                                    "the worker takes away rows whose time is over, as the documentation says, and companies that a self-check has planted and left, with what was logged about them; no person decides it",

	"(*packages/platform/jobs.Queue).renew":    "the worker keeps its claim on a job; the job's end is logged",
	"(*packages/platform/jobs.Queue).postpone": "the worker puts a job off; its end is logged",

	"(*apps/developer-portal/internal/documents.Reader).read": "the worker begins to read a document, whose upload and the job's end are logged",

	"(*apps/developer-portal/internal/store.Store).step":          "the portal stages an import's rows; its upload, its approval and its commit are logged",
	"(*apps/developer-portal/internal/store.Store).FinishStaging": "the portal ends the staging of an import",
	"(*apps/developer-portal/internal/store.Store).FailImport":    "the portal puts an import back that it could not read or commit",
	"(*apps/developer-portal/internal/store.Store).printStep":     "the portal draws the sheets of a print; its order and the moment when its codes begin to work are logged",
	"(*apps/developer-portal/internal/store.Store).FailPrint":     "the portal ends a print that it could not make, which has changed nothing",
	"(*apps/developer-portal/internal/store.Store).ReopenImport":  "the portal compares an import anew, because homes have changed since",
}

func TestEveryWriteIsAudited(t *testing.T) {
	t.Parallel()
	var shipped []*packages.Package
	for _, p := range wholeTree(t) {
		if insideAny(room(p), []string{"apps", "packages"}) && !insideAny(room(p), append([]string{"packages/db"}, testRooms...)) {
			shipped = append(shipped, p)
		}
	}
	search := searchWrites(shipped, unaudited)
	for _, f := range search.findings {
		t.Error(f)
	}
	for name, why := range unaudited {
		if !search.used[name] {
			t.Errorf("the exception for %s (%s) is not needed", name, why)
		}
	}
	if search.writes < 10 {
		t.Errorf("only %d writes were found", search.writes)
	}
}

func TestTheSearchFindsWritesWithoutAudit(t *testing.T) {
	t.Parallel()
	const excepted = "tests/structure/testdata/seeded/audit.excepted"
	seeded(t, "audit", func(pkgs []*packages.Package) []finding {
		s := searchWrites(pkgs, map[string]string{excepted: "to prove that exceptions work"})
		if !s.used[excepted] {
			t.Error("the exception was not needed")
		}
		return s.findings
	})
}
