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

// ErrNoAddress says that a home has no buyer's e-mail address to send a link to.
var ErrNoAddress = errors.New("the home has no buyer's e-mail address")

// LinkMail is what a mail with a link is written from.
type LinkMail struct{ Company, Development, Home string }

// LinkSent says where a link went.
type LinkSent struct {
	To string `json:"to"`
}

// SendLink stores a one-time sign-in link for a home, by the hash of its secret, and queues the mail to the buyer that
// carries it, written by write. ErrNoAddress if there is no address; db.ErrNotFound if who can see no home by that id.
func (s *Store) SendLink(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, hash []byte, write func(LinkMail) (subject, body string)) (LinkSent, error) {
	link, err := uuid.NewV7()
	if err != nil {
		return LinkSent{}, fmt.Errorf("make an id: %w", err)
	}
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (LinkSent, error) {
		q := dbgen.New(tx)
		h, err := home(ctx, q, who, id)
		if err != nil {
			return LinkSent{}, err
		}
		if h.PurchaserEmail == "" {
			return LinkSent{}, ErrNoAddress
		}
		frame, err := q.Frame(ctx, dbgen.FrameParams{TenantID: who.TenantID, StaffID: who.ID})
		if err != nil {
			return LinkSent{}, err
		}
		err = q.InsertResidentLink(ctx, dbgen.InsertResidentLinkParams{
			TenantID: who.TenantID, ID: link, TokenHash: hash, Email: h.PurchaserEmail, DevelopmentID: &h.DevelopmentID, UnitID: &id,
			LifeSeconds: platform.LinkLife.Seconds(),
		})
		if err != nil {
			return LinkSent{}, err
		}
		name := h.AddressLine1
		if name == "" {
			name = h.UnitNumber
		}
		subject, body := write(LinkMail{Company: frame.Company, Development: h.Development, Home: name})
		if _, err := platform.Enqueue(ctx, tx, platform.Mail{TenantID: who.TenantID, Kind: "resident_link", To: h.PurchaserEmail, Subject: subject, Body: body}); err != nil {
			return LinkSent{}, err
		}
		tx.Audit(db.Event{Action: "home.link", Object: "unit", ObjectID: id})
		return LinkSent{To: h.PurchaserEmail}, nil
	})
}
