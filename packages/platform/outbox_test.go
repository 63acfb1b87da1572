package platform_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
)

func TestOutbox(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	real, namesake := uuid.New(), uuid.New()
	h.Exec(`insert into tenants (id, name, slug) values ($1, 'Real Homes', 'real-homes')`, real)
	h.Exec(`insert into tenants (id, name, slug, demo) values ($1, 'Meadow Homes', 'namesake', true)`, namesake)
	for _, other := range []uuid.UUID{real, namesake} {
		h.Exec(`insert into mail_outbox (tenant_id, id, kind, to_email, subject, body) values ($1, $2, 'resident_link', 'x@example.org', 's', 'b')`, other, uuid.New())
	}
	if mail, err := platform.RecentMail(t.Context(), h.pool, real, 10); err != nil || len(mail) != 0 {
		t.Errorf("mail of a real company: %+v, %v", mail, err)
	}
	var ids []uuid.UUID
	for _, subject := range []string{"First", "Second"} {
		id, err := write(h, db.Intent{}, func(ctx context.Context, tx *db.Tx) (uuid.UUID, error) {
			return platform.Enqueue(ctx, tx, platform.Mail{
				TenantID: h.tenant, Kind: "resident_link", To: " Mia@Example.org ", Subject: subject, Body: "https://home.example.org/enter/abc",
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	got, err := platform.RecentMail(t.Context(), h.pool, h.tenant, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 {
		t.Fatalf("%d mails, want the company's two: %+v", len(got), got)
	}
	if time.Since(got[1].CreatedAt).Abs() > time.Minute {
		t.Errorf("CreatedAt = %v", got[1].CreatedAt)
	}
	got[1].CreatedAt = time.Time{}
	want := platform.QueuedMail{
		ID: ids[0], Kind: "resident_link", To: "mia@example.org",
		Subject: "First", Body: "https://home.example.org/enter/abc",
	}
	if diff := cmp.Diff(want, got[1]); diff != "" || got[0].Subject != "Second" {
		t.Errorf("newest first, got %q; the older one (-want +got):\n%s", got[0].Subject, diff)
	}
	if one, err := platform.RecentMail(t.Context(), h.pool, h.tenant, 1); err != nil || len(one) != 1 {
		t.Errorf("RecentMail(1) = %d, %v", len(one), err)
	}
}

func TestMailGoesWithItsReason(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, err := write(h, db.Intent{}, func(ctx context.Context, tx *db.Tx) (int, error) {
		if _, err := platform.Enqueue(ctx, tx, platform.Mail{TenantID: h.tenant, Kind: "k", To: "a@example.org", Subject: "s", Body: "b"}); err != nil {
			return 0, err
		}
		return 0, context.DeadlineExceeded
	})
	if err == nil {
		t.Fatal("the write succeeded")
	}
	if n := pgtest.Value[int64](h.DB, "select count(*) from mail_outbox"); n != 0 {
		t.Errorf("%d mails although their reason was rolled back", n)
	}
	_, err = write(h, db.Intent{}, func(ctx context.Context, tx *db.Tx) (uuid.UUID, error) {
		return platform.Enqueue(ctx, tx, platform.Mail{TenantID: h.tenant, Kind: "k", To: "a@example.org", Subject: "s\r\nBcc: b@example.org", Body: "b"})
	})
	if err == nil {
		t.Error("a subject of two lines, which could forge headers, was taken")
	}
}
