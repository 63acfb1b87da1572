package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
)

var (
	// ErrInTeam refuses to invite an address that the company's team has already.
	ErrInTeam = errors.New("the address is in the team already")
	// ErrNotInvited refuses an invitation to somebody who has chosen a password, or who is disabled.
	ErrNotInvited = errors.New("only who is invited and has not come yet can be sent the invitation again")
)

// Invitation is a link that is to be mailed: the hash under which it is stored, and the mail, given the company's name.
type Invitation struct {
	Hash  []byte
	Write func(company string) (subject, body string)
}

// Invite adds a member without a password, and queues the mail with the one-time link to choose one.
//
// ErrInTeam if the company has the address; whether another company has it makes no difference. ErrDevelopments;
// db.ErrScopeRefused if who was no administrator any more when it came to it.
func (s *Store) Invite(ctx context.Context, who Staff, in db.Intent, email string, f MemberFields, link Invitation) (Created, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Created{}, fmt.Errorf("make an id: %w", err)
	}
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		if err := lockAdmins(ctx, q, who); err != nil {
			return Created{}, err
		}
		made, err := q.InsertTeamMember(ctx, dbgen.InsertTeamMemberParams{
			TenantID: who.TenantID, ID: id, Email: email, FullName: f.Name, Role: f.Role, Limited: f.Limited,
		})
		switch {
		case err != nil:
			return Created{}, err
		case made == 0:
			return Created{}, ErrInTeam
		}
		if err := limitTo(ctx, q, who, id, f); err != nil {
			return Created{}, err
		}
		if err := mailInvitation(ctx, tx, who, id, email, link); err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "staff.invite", Object: "staff", ObjectID: id, Detail: map[string]any{
			"role": f.Role, "limited": f.Limited, "developments": f.Developments,
		}})
		return Created{ID: id}, nil
	})
}

// InviteAgain queues another mail with a new link; earlier ones work until one of them is used. ErrNotInvited; else the
// errors of SaveMember.
func (s *Store) InviteAgain(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, link Invitation) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		m, err := lockMember(ctx, q, who, id)
		switch {
		case err != nil:
			return Created{}, err
		case m.HasPassword || m.DisabledAt != nil:
			return Created{}, ErrNotInvited
		}
		if err := mailInvitation(ctx, tx, who, id, m.Email, link); err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "staff.invite_again", Object: "staff", ObjectID: id})
		return Created{ID: id}, nil
	})
}

func mailInvitation(ctx context.Context, tx *db.Tx, who Staff, id uuid.UUID, email string, link Invitation) error {
	token, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	q := dbgen.New(tx)
	frame, err := q.Frame(ctx, dbgen.FrameParams{TenantID: who.TenantID, StaffID: who.ID})
	if err != nil {
		return err
	}
	err = q.InsertStaffInvite(ctx, dbgen.InsertStaffInviteParams{
		TenantID: who.TenantID, ID: token, TokenHash: link.Hash, Email: email, StaffID: &id, LifeSeconds: platform.InviteLife.Seconds(),
	})
	if err != nil {
		return err
	}
	subject, body := link.Write(frame.Company)
	_, err = platform.Enqueue(ctx, tx, platform.Mail{TenantID: who.TenantID, Kind: "staff_invite", To: email, Subject: subject, Body: body})
	return err
}
