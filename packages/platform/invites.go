package platform

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
)

// A printed code is one secret in two shapes: in the address behind the QR code,
// and to be typed. It is written in Crockford's base32, which has no letters
// that people take for others. It opens nothing by itself: who has it must still
// prove their address, and every try is counted, so 60 bits are plenty.
const (
	codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeLength   = 12
	codeGroup    = 4 // letters between two dashes
)

// NewInviteCode makes the secret of a printed code and the hash that is stored in
// its place.
func NewInviteCode() (code string, hash []byte) {
	raw := make([]byte, codeLength)
	_, _ = rand.Read(raw) // it never fails; the program would be stopped
	for i, b := range raw {
		raw[i] = codeAlphabet[b%byte(len(codeAlphabet))] // 32 divides 256: no letter is likelier
	}
	code = string(raw)
	return code, HashToken(code)
}

// FormatInviteCode groups a code for the eye: "K7QF-2M9D-X3TB".
func FormatInviteCode(code string) string {
	var b strings.Builder
	for i, r := range code {
		if i > 0 && i%codeGroup == 0 {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// mostTyped is how much of what somebody typed is looked at, in bytes: a code
// with a dash and a blank after every letter fits.
const mostTyped = 100

// ParseInviteCode reads a code as it came, from an address or typed by a person:
// in capitals or not, with dashes and blanks anywhere, with O for 0 and I or L for
// 1. ok is false for what can't be a code.
func ParseInviteCode(typed string) (code string, ok bool) {
	if len(typed) > mostTyped {
		return "", false
	}
	var b strings.Builder
	for _, r := range typed {
		if unicode.IsSpace(r) || unicode.Is(unicode.Dash, r) {
			continue
		}
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		switch r {
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if !strings.ContainsRune(codeAlphabet, r) {
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), b.Len() == codeLength
}

// InviteState is what has become of a printed code.
type InviteState string

// The states of a code. A code of a suspended company is unknown.
const (
	InviteValid   InviteState = "valid"
	InviteRevoked InviteState = "revoked" // a newer sheet was printed
	InviteUnknown InviteState = "unknown"
)

// Invite is what the bearer of a printed code may know about it. Unless the code
// is valid, everything but State is empty.
type Invite struct {
	State         InviteState
	TenantID      uuid.UUID
	ID            uuid.UUID
	DevelopmentID uuid.UUID
	UnitID        uuid.UUID
	Company       string
	Development   string
	Address       string // masked: "14 L••• P•••"
}

const (
	lookUpInvite = `select state, tenant_id, invite_id, development_id, unit_id, tenant_name, development_name, masked_address
		from invite_look_up($1)`

	countScan = `select invite_scan($1)`
)

// LookUpInvite finds a printed code by the hash of its secret (HashToken of what
// ParseInviteCode returned), before there is a person. It changes nothing.
func LookUpInvite(ctx context.Context, p *db.Pool, hash []byte) (Invite, error) {
	return db.Door(ctx, p, func(ctx context.Context, q db.Querier) (Invite, error) {
		rows, err := q.Query(ctx, lookUpInvite, hash)
		if err != nil {
			return Invite{}, fmt.Errorf("look a printed code up: %w", err)
		}
		return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Invite])
	})
}

// CountScan counts that somebody has come with a printed code, also with one that
// was taken back: staff see that old sheets are still about. found is false for a
// code that nobody has printed. Whoever shows a page goes on without it when it
// fails: while codes are being replaced it may wait.
func CountScan(ctx context.Context, p *db.Pool, hash []byte) (found bool, err error) {
	return db.Door(ctx, p, func(ctx context.Context, q db.Querier) (bool, error) {
		var found bool
		if err := q.QueryRow(ctx, countScan, hash).Scan(&found); err != nil {
			return false, fmt.Errorf("count a scan: %w", err)
		}
		return found, nil
	})
}
