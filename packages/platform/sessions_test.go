package platform_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
)

func (h *house) session(staff uuid.UUID) platform.StaffSession {
	return platform.StaffSession{
		TenantID: h.tenant, ID: uuid.New(), StaffID: staff, Expires: time.Now().Add(8 * time.Hour),
		From: netip.MustParseAddr("192.0.2.7"), UserAgent: "Phone\x00\xff\n" + strings.Repeat("é", 300),
	}
}

func (h *house) openSession(s platform.StaffSession) error {
	_, err := write(h, db.Intent{Subject: h.staff}, func(ctx context.Context, tx *db.Tx) (int, error) {
		return 0, platform.OpenStaffSession(ctx, tx, s)
	})
	return err
}

func (h *house) living() int64 {
	return pgtest.Value[int64](h.DB, "select count(*) from sessions where revoked_at is null and expires_at > now()")
}

func TestOpenAndEndSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.session(h.staff)
	if err := h.openSession(s); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value[string](h.DB, "select kind || ' ' || from_ip || ' ' || user_agent from sessions"); got != "staff 192.0.2.7 Phone"+strings.Repeat("é", 195) {
		t.Errorf("stored %q", got)
	}
	if got := h.noted(); got != "session.begin "+s.ID.String() {
		t.Errorf("the audit log says %q", got)
	}
	for i, want := range []bool{true, false} {
		if got, err := h.endSession(s.ID); err != nil || got != want {
			t.Errorf("EndSession for the %d. time: %v, %v; want %v", i+1, got, err, want)
		}
	}
	if h.living() != 0 {
		t.Error("the session still lives")
	}
	if got, want := h.noted(), "session.begin "+s.ID.String()+", session.end "+s.ID.String(); got != want {
		t.Errorf("the audit log says %q, want %q", got, want)
	}
}

// noted is what the audit log says of sessions, in order.
func (h *house) noted() string {
	return pgtest.Value[string](h.DB, "select coalesce(string_agg(action || ' ' || object_id, ', ' order by at), '') from audit_log where object = 'session'")
}

func (h *house) endSession(id uuid.UUID) (bool, error) {
	return write(h, db.Intent{Subject: h.staff}, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return platform.EndSession(ctx, tx, h.tenant, id)
	})
}

// What was never there, or is over by itself, is not ended a second time.
func TestOnlyALivingSessionEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	expired := uuid.New()
	h.Exec(`insert into sessions (tenant_id, id, kind, staff_id, created_at, expires_at)
		values ($1, $2, 'staff', $3, now() - interval '9 hours', now() - interval '1 hour')`, h.tenant, expired, h.staff)
	for name, id := range map[string]uuid.UUID{"one that never was": uuid.New(), "an expired one": expired} {
		if ended, err := h.endSession(id); err != nil || ended {
			t.Errorf("%s: ended %t, %v", name, ended, err)
		}
	}
	if got := h.noted(); got != "" {
		t.Errorf("the audit log says %q", got)
	}
}

// Two clicks on "Sign out" at once are one end.
func TestASessionEndsOnceHoweverManyEndIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.session(h.staff)
	if err := h.openSession(s); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var ends atomic.Int64
	for range 4 {
		wg.Go(func() {
			ended, err := h.endSession(s.ID)
			if err != nil {
				t.Error(err)
			}
			if ended {
				ends.Add(1)
			}
		})
	}
	wg.Wait()
	if n := pgtest.Value[int](h.DB, "select count(*) from audit_log where action = 'session.end'"); n != 1 || ends.Load() != 1 {
		t.Errorf("%d ends, %d in the audit log", ends.Load(), n)
	}
}

func TestSessionsAreOnesOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if err := h.openSession(h.session(h.other)); !errors.Is(err, db.ErrForbidden) {
		t.Errorf("Ann opened a session for Ben: %v", err)
	}
}

func TestEndStaffSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 3 {
		if err := h.openSession(h.session(h.staff)); err != nil {
			t.Fatal(err)
		}
	}
	h.Exec(`insert into sessions (tenant_id, id, kind, staff_id, expires_at) values ($1, $2, 'staff', $3, now() + interval '1 hour')`, h.tenant, uuid.New(), h.other)
	got, err := write(h, db.Intent{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		return platform.EndStaffSessions(ctx, tx, h.tenant, h.staff)
	})
	if err != nil || got != 3 || h.living() != 1 {
		t.Errorf("ended %d, %v; %d still live, want 3 ended and Ben's left", got, err, h.living())
	}
}

func TestExtendSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pool := h.open(h.ResidentURL(), platform.RoleResident)
	id := uuid.New()
	h.Exec(`insert into sessions (tenant_id, id, kind, resident_id, development_id, unit_id, expires_at)
		values ($1, $2, 'resident', $3, $4, $5, now() + interval '1 hour')`, h.tenant, id, h.resident, h.development, h.unit)
	extend := func() (time.Duration, error) {
		return db.Write(t.Context(), pool, h.residentScope(), db.Intent{}, func(ctx context.Context, tx *db.Tx) (time.Duration, error) {
			end, err := platform.ExtendSession(ctx, tx, h.tenant, id, 24*time.Hour, 30*24*time.Hour)
			return time.Until(end).Round(time.Hour), err
		})
	}
	if got, err := extend(); err != nil || got != 24*time.Hour {
		t.Errorf("a young session lives for %v, %v; want 24 h", got, err)
	}
	h.Exec("update sessions set created_at = now() - interval '29 days 12 hours'")
	h.Exec("update sessions set expires_at = now() + interval '1 hour'")
	if got, err := extend(); err != nil || got != 12*time.Hour {
		t.Errorf("an old session lives for %v, %v; want 12 h, to the end of its 30 days", got, err)
	}
	h.Exec("update sessions set revoked_at = now()")
	if _, err := extend(); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a revoked session: %v, want ErrNotFound", err)
	}
	h.Exec("update sessions set revoked_at = null, expires_at = now() - interval '1 second'")
	if _, err := extend(); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("an expired session: %v, want ErrNotFound", err)
	}
}
