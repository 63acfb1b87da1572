package store

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
)

// ErrNoAddress says that a home has no buyer's e-mail address to send a link to.
var ErrNoAddress = errors.New("the home has no buyer's e-mail address")

// ErrMovedOut says that the buyer of a home has left it: a link would open nothing to them.
var ErrMovedOut = errors.New("the buyer has moved out of the home")

// LinkMail is what a mail with a link is written from.
type LinkMail struct{ Company, Development, Home string }

// LinkToSend is a one-time link that is to be mailed: the hash of its secret, under which it is stored, and the mail that
// carries it.
type LinkToSend struct {
	Hash  []byte
	Write func(LinkMail) (subject, body string)
}

// LinkSent says where a link went.
type LinkSent struct {
	To string `json:"to"`
}

// SendLink stores a one-time sign-in link for a home, by the hash of its secret, and queues the mail to the buyer that
// carries it. ErrNoAddress if there is no address, ErrMovedOut if the buyer has left the home; db.ErrNotFound if who can see no home by that id.
func (s *Store) SendLink(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, link LinkToSend) (LinkSent, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (LinkSent, error) {
		q := dbgen.New(tx)
		h, err := home(ctx, q, who, id)
		if err != nil {
			return LinkSent{}, err
		}
		if h.PurchaserEmail == "" {
			return LinkSent{}, ErrNoAddress
		}
		left, err := q.HasLeft(ctx, dbgen.HasLeftParams{TenantID: who.TenantID, Email: h.PurchaserEmail, UnitID: id})
		switch {
		case err != nil:
			return LinkSent{}, err
		case left:
			return LinkSent{}, ErrMovedOut
		}
		if err := mailLink(ctx, tx, who, h, h.PurchaserEmail, link); err != nil {
			return LinkSent{}, err
		}
		tx.Audit(db.Event{Action: "home.link", Object: "unit", ObjectID: id})
		return LinkSent{To: h.PurchaserEmail}, nil
	})
}

// mailLink stores a one-time link into a home and queues the mail to email that carries it.
func mailLink(ctx context.Context, tx *db.Tx, who Staff, h Home, email string, link LinkToSend) error {
	q := dbgen.New(tx)
	ids, err := newIDs(1)
	if err != nil {
		return err
	}
	frame, err := q.Frame(ctx, dbgen.FrameParams{TenantID: who.TenantID, StaffID: who.ID})
	if err != nil {
		return err
	}
	err = q.InsertResidentLink(ctx, dbgen.InsertResidentLinkParams{
		TenantID: who.TenantID, ID: ids[0], TokenHash: link.Hash, Email: email, DevelopmentID: &h.DevelopmentID, UnitID: &h.ID,
		LifeSeconds: platform.LinkLife.Seconds(),
	})
	if err != nil {
		return err
	}
	name := h.AddressLine1
	if name == "" {
		name = h.UnitNumber
	}
	subject, body := link.Write(LinkMail{Company: frame.Company, Development: h.Development, Home: name})
	_, err = platform.Enqueue(ctx, tx, platform.Mail{TenantID: who.TenantID, Kind: "resident_link", To: email, Subject: subject, Body: body})
	return err
}
