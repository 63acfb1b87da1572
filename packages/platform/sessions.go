package platform

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
)

// StaffSession is a member of staff who has just signed in. ID becomes the
// token's sid.
type StaffSession struct {
	TenantID  uuid.UUID
	ID        uuid.UUID // random (version 4): it must not be guessed
	StaffID   uuid.UUID
	Expires   time.Time
	From      netip.Addr
	UserAgent string // cut to what a person can tell devices apart by
}

const (
	insertSession = `insert into sessions (tenant_id, id, kind, staff_id, expires_at, from_ip, user_agent)
		values ($1, $2, 'staff', $3, $4, $5, $6)`

	endSession = `update sessions set revoked_at = now()
		where tenant_id = $1 and id = $2 and revoked_at is null and expires_at > now()`

	endStaffSessions = `update sessions set revoked_at = now()
		where tenant_id = $1 and staff_id = $2 and revoked_at is null and expires_at > now()`

	extendSession = `update sessions
		set last_seen_at = now(),
		    expires_at = greatest(expires_at, least(now() + make_interval(secs => $3), created_at + make_interval(secs => $4)))
		where tenant_id = $1 and id = $2 and revoked_at is null and expires_at > now()
		returning expires_at`
)

// OpenStaffSession writes a new session of staff, in the scope of that person,
// and notes it in the audit log. (A resident's session is opened by the door
// that consumes the one-time link.)
func OpenStaffSession(ctx context.Context, tx *db.Tx, s StaffSession) error {
	if _, err := tx.Exec(ctx, insertSession, s.TenantID, s.ID, s.StaffID, s.Expires, addressText(s.From), deviceText(s.UserAgent)); err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	tx.Audit(db.Event{Action: "session.begin", Object: "session", ObjectID: s.ID})
	return nil
}

// EndSession revokes a session that still lives, and notes its end in the audit
// log. ended is false, and nothing is noted, if there was none: of two that end
// the same session, one does.
func EndSession(ctx context.Context, tx *db.Tx, tenantID, id uuid.UUID) (ended bool, err error) {
	tag, err := tx.Exec(ctx, endSession, tenantID, id)
	if err != nil {
		return false, fmt.Errorf("end a session: %w", err)
	}
	if ended = tag.RowsAffected() == 1; ended {
		tx.Audit(db.Event{Action: "session.end", Object: "session", ObjectID: id})
	}
	return ended, nil
}

// EndStaffSessions revokes every living session of a member of staff and returns
// how many there were.
func EndStaffSessions(ctx context.Context, q db.Querier, tenantID, staffID uuid.UUID) (int64, error) {
	tag, err := q.Exec(ctx, endStaffSessions, tenantID, staffID)
	if err != nil {
		return 0, fmt.Errorf("end the sessions of a person: %w", err)
	}
	return tag.RowsAffected(), nil
}

// ExtendSession lets a living session slide: it lives for step from now on, but
// no longer than most since it was opened. It returns the session's new end.
//
// Errors: db.ErrNotFound if the session is over.
func ExtendSession(ctx context.Context, q db.Querier, tenantID, id uuid.UUID, step, most time.Duration) (time.Time, error) {
	var expires time.Time
	err := q.QueryRow(ctx, extendSession, tenantID, id, step.Seconds(), most.Seconds()).Scan(&expires)
	if err != nil {
		return time.Time{}, fmt.Errorf("extend a session: %w", err)
	}
	return expires, nil
}

// deviceText makes a header that a client may fill with anything fit for a table
// and for a page.
func deviceText(userAgent string) string {
	const most = 200
	clean := strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return -1
		}
		return c
	}, strings.ToValidUTF8(userAgent, ""))
	if runes := []rune(clean); len(runes) > most {
		return string(runes[:most])
	}
	return clean
}
