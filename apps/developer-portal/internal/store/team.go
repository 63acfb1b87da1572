package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
)

var (
	// ErrOwnAccount refuses an administrator who would lock themself out.
	ErrOwnAccount = errors.New("nobody changes their own role or access, nor disables themself")
	// ErrDevelopments refuses a limit to something that is no development of the company.
	ErrDevelopments = errors.New("not every id is a development of the company")
)

// The states of a member of staff.
const (
	StaffActive   = "active"
	StaffInvited  = "invited" // has not chosen a password yet
	StaffDisabled = "disabled"
)

// Member is a member of the company's staff, as the team page shows one.
type Member struct {
	ID           uuid.UUID  `json:"id"`
	Name         string     `json:"name"`
	Email        string     `json:"email"`
	Role         string     `json:"role"`
	Limited      bool       `json:"limited"` // sees the developments below only
	Status       string     `json:"status"`
	LastSignInAt *time.Time `json:"lastSignInAt"` // nil: none on record
	UpdatedAt    time.Time  `json:"updatedAt"`    // also the version for SaveMember
}

// TeamLine is a member in the list, with the names of the developments of a limited one.
type TeamLine struct {
	Member
	Developments []string `json:"developments"`
}

// NamedDevelopment is a development as a choice.
type NamedDevelopment struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

// MemberView is a member with the developments of a limited one.
type MemberView struct {
	Member
	Developments []NamedDevelopment `json:"developments"`
}

// MemberFields is what an administrator decides about a member of staff.
type MemberFields struct {
	Name         string      `json:"name"`
	Role         string      `json:"role"`
	Limited      bool        `json:"limited"`      // to Developments; never an administrator
	Developments []uuid.UUID `json:"developments"` // of the company, each once
}

// inOrder is f with its developments in the order of their ids, to be compared.
func (f MemberFields) inOrder() MemberFields {
	f.Developments = slices.SortedFunc(slices.Values(f.Developments), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return f
}

// fields is what was decided about a member.
func (m MemberView) fields() MemberFields {
	f := MemberFields{Name: m.Name, Role: m.Role, Limited: m.Limited}
	for _, d := range m.Developments {
		f.Developments = append(f.Developments, d.ID)
	}
	return f
}

func statusOf(disabledAt, lastSignIn *time.Time, hasPassword bool) string {
	switch {
	case disabledAt != nil:
		return StaffDisabled
	case !hasPassword && lastSignIn == nil:
		return StaffInvited
	}
	return StaffActive
}

// Team lists one page of the company's staff by name. more says whether another page follows.
func (s *Store) Team(ctx context.Context, who Staff, page Page) (list []TeamLine, more bool, err error) {
	list, err = db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, q db.Querier) ([]TeamLine, error) {
		rows, err := dbgen.New(q).ListTeam(ctx, dbgen.ListTeamParams{
			TenantID: who.TenantID, PageSize: int32(page.Size + 1), PageOffset: int32(page.Offset),
		})
		if err != nil {
			return nil, err
		}
		list := make([]TeamLine, len(rows))
		for i, r := range rows {
			list[i] = TeamLine{Member: Member{
				ID: r.ID, Name: r.FullName, Email: r.Email, Role: r.Role, Limited: r.Limited,
				Status: statusOf(r.DisabledAt, r.LastSignIn, r.HasPassword), LastSignInAt: r.LastSignIn, UpdatedAt: r.UpdatedAt,
			}, Developments: r.Developments}
		}
		return list, nil
	})
	if len(list) > page.Size {
		return list[:page.Size], true, err
	}
	return list, false, err
}

// MemberToEdit is a member with the developments that they could be limited to.
type MemberToEdit struct {
	MemberView
	Choices []NamedDevelopment
}

// MemberToEdit reads a member of who's company and what there is to choose; db.ErrNotFound if there is none by that id.
func (s *Store) MemberToEdit(ctx context.Context, who Staff, id uuid.UUID) (MemberToEdit, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (MemberToEdit, error) {
		q := dbgen.New(h)
		view, err := member(ctx, q, who, id)
		if err != nil {
			return MemberToEdit{}, err
		}
		choices, err := developmentNames(ctx, q, who)
		return MemberToEdit{MemberView: view, Choices: choices}, err
	})
}

// DevelopmentNames lists what a new member could be limited to.
func (s *Store) DevelopmentNames(ctx context.Context, who Staff) ([]NamedDevelopment, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) ([]NamedDevelopment, error) {
		return developmentNames(ctx, dbgen.New(h), who)
	})
}

func developmentNames(ctx context.Context, q *dbgen.Queries, who Staff) ([]NamedDevelopment, error) {
	rows, err := q.DevelopmentNames(ctx, who.TenantID)
	list := make([]NamedDevelopment, len(rows))
	for i, r := range rows {
		list[i] = NamedDevelopment(r)
	}
	return list, err
}

func member(ctx context.Context, q *dbgen.Queries, who Staff, id uuid.UUID) (MemberView, error) {
	r, err := q.GetTeamMember(ctx, dbgen.GetTeamMemberParams{TenantID: who.TenantID, ID: id})
	if err != nil {
		return MemberView{}, err
	}
	rows, err := q.TeamMemberDevelopments(ctx, dbgen.TeamMemberDevelopmentsParams{TenantID: who.TenantID, StaffID: id})
	view := MemberView{Member: Member{
		ID: r.ID, Name: r.FullName, Email: r.Email, Role: r.Role, Limited: r.Limited,
		Status: statusOf(r.DisabledAt, r.LastSignIn, r.HasPassword), LastSignInAt: r.LastSignIn, UpdatedAt: r.UpdatedAt,
	}, Developments: make([]NamedDevelopment, len(rows))}
	for i, d := range rows {
		view.Developments[i] = NamedDevelopment(d)
	}
	return view, err
}

// SaveMember replaces what is decided about a member who still is at version. Another role ends the member's sessions:
// their tokens say the old one. Another limit needs nothing of the kind, since policies ask for it with every statement.
//
// ErrChanged if the member isn't at version; ErrOwnAccount for who's own role or limit; ErrDevelopments; db.ErrNotFound
// if there is no member by that id; db.ErrScopeRefused if who was no administrator any more when it came to it.
func (s *Store) SaveMember(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, version time.Time, f MemberFields) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		old, err := lockMember(ctx, q, who, id)
		if err != nil {
			return Created{}, err
		}
		switch {
		case !old.UpdatedAt.Equal(version):
			return Created{}, ErrChanged
		case id == who.ID && (f.Role != old.Role || f.Limited != old.Limited):
			return Created{}, ErrOwnAccount
		}
		before, err := member(ctx, q, who, id)
		if err != nil {
			return Created{}, err
		}
		err = q.UpdateTeamMember(ctx, dbgen.UpdateTeamMemberParams{
			TenantID: who.TenantID, ID: id, FullName: f.Name, Role: f.Role, Limited: f.Limited,
		})
		if err != nil {
			return Created{}, err
		}
		if err := q.DeleteTeamMemberDevelopments(ctx, dbgen.DeleteTeamMemberDevelopmentsParams{TenantID: who.TenantID, StaffID: id}); err != nil {
			return Created{}, err
		}
		if err := limitTo(ctx, q, who, id, f); err != nil {
			return Created{}, err
		}
		if f.Role != old.Role {
			if _, err := platform.EndStaffSessions(ctx, tx, who.TenantID, id); err != nil {
				return Created{}, err
			}
		}
		event := db.Event{Action: "staff.update", Object: "staff", ObjectID: id, Detail: map[string]any{
			"role": f.Role, "role_before": old.Role, "limited": f.Limited, "developments": f.Developments,
		}}
		return Created{ID: id}, auditChange(tx, event, before.fields().inOrder(), f.inOrder())
	})
}

// lockMember holds the company's administrators and then the member until the transaction ends. Whoever asks must be
// among the first: so of two who disable or demote each other, one remains.
func lockMember(ctx context.Context, q *dbgen.Queries, who Staff, id uuid.UUID) (dbgen.LockTeamMemberRow, error) {
	if err := lockAdmins(ctx, q, who); err != nil {
		return dbgen.LockTeamMemberRow{}, err
	}
	return q.LockTeamMember(ctx, dbgen.LockTeamMemberParams{TenantID: who.TenantID, ID: id})
}

func lockAdmins(ctx context.Context, q *dbgen.Queries, who Staff) error {
	admins, err := q.LockAdmins(ctx, who.TenantID)
	if err != nil {
		return err
	}
	for _, id := range admins {
		if id == who.ID {
			return nil
		}
	}
	return db.ErrScopeRefused
}

// limitTo writes the developments of a limited member.
func limitTo(ctx context.Context, q *dbgen.Queries, who Staff, id uuid.UUID, f MemberFields) error {
	if !f.Limited {
		return nil
	}
	n, err := q.InsertTeamMemberDevelopments(ctx, dbgen.InsertTeamMemberDevelopmentsParams{
		TenantID: who.TenantID, StaffID: id, Ids: f.Developments,
	})
	if err == nil && n != int64(len(f.Developments)) {
		err = ErrDevelopments
	}
	return err
}

// DisableMember shuts a member out, and ends all their sessions and links: an invitation or a link to a new password would
// work again as soon as they are enabled. One who is out already is no error. ErrOwnAccount for
// who themself; else the errors of SaveMember.
func (s *Store) DisableMember(ctx context.Context, who Staff, in db.Intent, id uuid.UUID) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		old, err := lockMember(ctx, q, who, id)
		switch {
		case err != nil:
			return Created{}, err
		case id == who.ID:
			return Created{}, ErrOwnAccount
		case old.DisabledAt != nil:
			return Created{ID: id}, nil
		}
		if err := q.DisableTeamMember(ctx, dbgen.DisableTeamMemberParams{TenantID: who.TenantID, ID: id}); err != nil {
			return Created{}, err
		}
		if _, err := platform.EndStaffSessions(ctx, tx, who.TenantID, id); err != nil {
			return Created{}, err
		}
		if err := q.EndLinksOfStaff(ctx, dbgen.EndLinksOfStaffParams{TenantID: who.TenantID, StaffID: &id}); err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "staff.disable", Object: "staff", ObjectID: id})
		return Created{ID: id}, nil
	})
}

// EnableMember lets a member in again who was shut out; sessions and links that were ended stay ended. One who isn't out is no
// error. The errors are those of SaveMember.
func (s *Store) EnableMember(ctx context.Context, who Staff, in db.Intent, id uuid.UUID) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		old, err := lockMember(ctx, q, who, id)
		if err != nil || old.DisabledAt == nil {
			return Created{ID: id}, err
		}
		if err := q.EnableTeamMember(ctx, dbgen.EnableTeamMemberParams{TenantID: who.TenantID, ID: id}); err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "staff.enable", Object: "staff", ObjectID: id})
		return Created{ID: id}, nil
	})
}
