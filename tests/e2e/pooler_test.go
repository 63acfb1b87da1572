package e2e

import (
	"strings"
	"testing"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/stack"
)

// TestFromSignInToMyHomeThroughAPooler is the demo again, with both portals behind a PgBouncer in transaction mode that
// has two server connections for each: whatever the portals send, it must not depend on a session.
func TestFromSignInToMyHomeThroughAPooler(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	pooler := pgtest.NewPooler(t, db, map[string]string{"default_pool_size": "2"})
	s := stack.Start(t, db, stack.Options{Env: []string{"DB_POOLER_MODE=transaction"}, Through: pooler.URL})
	fromSignInToMyHome(t, s)
	for _, p := range []*stack.Portal{s.Developer, s.Tenant} {
		if strings.Contains(p.Log(), "level=ERROR") || strings.Contains(p.Log(), "DB_POOLER_MODE") {
			t.Errorf("the log of %s has complaints:\n%s", p.Name, p.Trouble())
		}
	}
}
