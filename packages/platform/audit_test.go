package platform_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
)

func TestAuditRow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	object := uuid.New()
	in := h.intent("")
	_, err := write(h, in, func(_ context.Context, tx *db.Tx) (int, error) {
		tx.Audit(db.Event{Action: "development.update", Object: "development", ObjectID: object, Detail: map[string]any{"fields": []string{"name"}}})
		tx.Audit(db.Event{Action: "import.commit"})
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	row := pgtest.Value[string](h.DB, `select to_jsonb(a) - 'id' - 'at' from audit_log a where action = 'development.update'`)
	var got map[string]any
	if err := json.Unmarshal([]byte(row), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"tenant_id": h.tenant.String(), "actor_kind": "staff", "actor_id": h.staff.String(),
		"action": "development.update", "object": "development", "object_id": object.String(),
		"detail": map[string]any{"fields": []any{"name"}}, "request_id": "edge-12345678", "from_ip": "192.0.2.7",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("audit row (-want +got):\n%s", diff)
	}
	bare := pgtest.Value[string](h.DB, `select detail::text || coalesce(object_id::text, '-') from audit_log where action = 'import.commit'`)
	if bare != "{}-" {
		t.Errorf("a bare event has detail and object %s", bare)
	}
	if n := pgtest.Value[int64](h.DB, "select count(*) from idempotency_keys"); n != 0 {
		t.Errorf("without a key there are %d keys", n)
	}
}

func TestResidentsHaveTheLedgerToo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pool := h.open(h.ResidentURL(), platform.RoleResident)
	in := h.intent("k")
	in.Subject = h.resident
	var done atomic.Int64
	for range 2 {
		if got, err := db.Write(t.Context(), pool, h.residentScope(), in, counted(&done)); err != nil || got != 1 {
			t.Fatalf("answer %d, %v", got, err)
		}
	}
	if got := pgtest.Value[string](h.DB, "select actor_kind || ' ' || actor_id from audit_log"); got != "resident "+h.resident.String() {
		t.Errorf("the actor is %q", got)
	}
}
