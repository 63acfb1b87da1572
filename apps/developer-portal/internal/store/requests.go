package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/auth"
)

// The states of a request.
const (
	RequestPending  = "pending"
	RequestApproved = "verified"
	RequestRejected = "rejected"
)

// The kinds of people who live in a home.
const (
	KindOwner    = "owner"
	KindOccupier = "occupier"
)

// mostOfHome bounds the requests and the people that the page of a home shows.
const mostOfHome = 100

// ErrDisabled refuses to let somebody in whose account is disabled.
var ErrDisabled = errors.New("the resident is disabled")

// DecidedError says that a request was decided before, and how. Nothing was changed.
type DecidedError struct {
	State string // RequestApproved or RequestRejected
	By    string // name of the member of staff; "" if nobody is on record
	At    time.Time
}

func (d *DecidedError) Error() string { return "the request was " + d.State + " before" }

// NamedHome is a home as people call it.
type NamedHome struct {
	ID            uuid.UUID `json:"id"`
	DevelopmentID uuid.UUID `json:"developmentId"`
	Development   string    `json:"development"`
	Block         string    `json:"block"`
	UnitNumber    string    `json:"unitNumber"`
	AddressLine1  string    `json:"addressLine1"`
}

// Request is somebody who says that a home is theirs, and waits for staff. Name and address are blank for those who may
// not see people.
type Request struct {
	ID    uuid.UUID `json:"id"`
	Name  string    `json:"name"`  // as they say
	Email string    `json:"email"` // as they say
	At    time.Time `json:"at"`
	Home  NamedHome `json:"home"`

	BuyerName  string `json:"-"` // of the home, as the company has it: not for everybody
	BuyerEmail string `json:"-"`
}

// RequestFilter narrows the queue. Blank means all that who may see.
type RequestFilter struct{ Development, Home uuid.UUID }

// RequestCount is a development with its number of requests that wait.
type RequestCount struct {
	ID       uuid.UUID
	Name     string
	Requests int64
}

// RequestList is one page of the queue, oldest first.
type RequestList struct {
	Requests []Request
	Total    int64          // on all pages; 0 also for a page behind the last one
	Counts   []RequestCount // of all developments with requests, whatever the filter
}

// Requests lists one page of the requests that wait for staff.
func (s *Store) Requests(ctx context.Context, who Staff, f RequestFilter, page Page) (RequestList, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (RequestList, error) {
		q := dbgen.New(h)
		counts, err := q.RequestFigures(ctx, who.TenantID)
		if err != nil {
			return RequestList{}, err
		}
		list, err := requests(ctx, q, who, f, page)
		for _, c := range counts {
			list.Counts = append(list.Counts, RequestCount(c))
		}
		return list, err
	})
}

func requests(ctx context.Context, q *dbgen.Queries, who Staff, f RequestFilter, page Page) (RequestList, error) {
	rows, err := q.ListRequests(ctx, dbgen.ListRequestsParams{
		TenantID: who.TenantID, DevelopmentID: given(f.Development), UnitID: given(f.Home),
		PageSize: int32(page.Size), PageOffset: int32(page.Offset), People: who.may(auth.SeePeople), Buyers: who.may(auth.SeeBuyers),
	})
	list := RequestList{Requests: make([]Request, len(rows))}
	for i, r := range rows {
		list.Total = r.Total
		list.Requests[i] = Request{
			ID: r.ID, Name: r.FullName, Email: r.Email, At: r.CreatedAt, BuyerName: r.PurchaserName, BuyerEmail: r.PurchaserEmail,
			Home: NamedHome{
				ID: r.UnitID, DevelopmentID: r.DevelopmentID, Development: r.Development, Block: r.Block, UnitNumber: r.UnitNumber,
				AddressLine1: r.AddressLine1,
			},
		}
	}
	return list, err
}

// given is an id, nil for the nil UUID.
func given(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// Decided is what became of a request.
type Decided struct {
	ID         uuid.UUID  `json:"id"`
	State      string     `json:"state"`
	HomeID     uuid.UUID  `json:"homeId"`
	ResidentID *uuid.UUID `json:"residentId,omitempty"`
}

// Approve lets whoever asked into the home, as KindOwner or KindOccupier; one who lives there already stays what they
// are. A resident is made if the company doesn't know the address, and a one-time link is queued to it.
//
// *DecidedError if the request was decided before, ErrDisabled if the company has shut the person out; db.ErrNotFound if
// who can see none by that id.
func (s *Store) Approve(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, kind string, link LinkToSend) (Decided, error) {
	ids, err := newIDs(2)
	if err != nil {
		return Decided{}, err
	}
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Decided, error) {
		q := dbgen.New(tx)
		h, r, err := holdRequest(ctx, q, who, id)
		if err != nil {
			return Decided{}, err
		}
		if err := q.InsertResident(ctx, dbgen.InsertResidentParams{TenantID: who.TenantID, ID: ids[0], Email: r.Email, FullName: r.FullName}); err != nil {
			return Decided{}, err
		}
		resident, err := q.FindResident(ctx, dbgen.FindResidentParams{TenantID: who.TenantID, Email: r.Email})
		switch {
		case err != nil:
			return Decided{}, err
		case resident.Disabled:
			return Decided{}, ErrDisabled
		}
		if _, err := q.InsertOccupancy(ctx, dbgen.InsertOccupancyParams{
			TenantID: who.TenantID, ID: ids[1], DevelopmentID: h.DevelopmentID, UnitID: h.ID, ResidentID: resident.ID, Kind: kind,
		}); err != nil {
			return Decided{}, err
		}
		if err := q.NameResident(ctx, dbgen.NameResidentParams{TenantID: who.TenantID, ID: resident.ID, FullName: r.FullName}); err != nil {
			return Decided{}, err
		}
		if err := decide(ctx, q, who, id, RequestApproved, &resident.ID); err != nil {
			return Decided{}, err
		}
		if err := mailLink(ctx, tx, who, h, r.Email, link); err != nil {
			return Decided{}, err
		}
		tx.Audit(db.Event{Action: "claim.approve", Object: "unit_claim", ObjectID: id, Detail: map[string]any{
			"unit": h.ID, "resident": resident.ID, "kind": kind,
		}})
		return Decided{ID: id, State: RequestApproved, HomeID: h.ID, ResidentID: &resident.ID}, nil
	})
}

// RejectionMail is what a mail about a rejected request is written from. It names no home: whoever asked has proved
// nothing.
type RejectionMail struct{ Company, Development, Contact, Phone string }

// Reject turns a request down and queues a mail that says to call the company. The errors are those of Approve.
func (s *Store) Reject(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, write func(RejectionMail) (subject, body string)) (Decided, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Decided, error) {
		q := dbgen.New(tx)
		h, r, err := holdRequest(ctx, q, who, id)
		if err != nil {
			return Decided{}, err
		}
		if err := decide(ctx, q, who, id, RequestRejected, nil); err != nil {
			return Decided{}, err
		}
		if err := mailRejections(ctx, tx, who, h.DevelopmentID, write, r.Email); err != nil {
			return Decided{}, err
		}
		tx.Audit(db.Event{Action: "claim.reject", Object: "unit_claim", ObjectID: id, Detail: map[string]any{"unit": h.ID}})
		return Decided{ID: id, State: RequestRejected, HomeID: h.ID}, nil
	})
}

// holdRequest reads a request that waits, and holds its home and then itself: whoever decides, comes in by a link, moves
// somebody out or sells the home at the same moment comes before or after.
func holdRequest(ctx context.Context, q *dbgen.Queries, who Staff, id uuid.UUID) (Home, dbgen.GetRequestRow, error) {
	unit, err := q.RequestHome(ctx, dbgen.RequestHomeParams{TenantID: who.TenantID, ID: id})
	if err != nil {
		return Home{}, dbgen.GetRequestRow{}, err
	}
	h, err := holdHome(ctx, q, who, unit)
	if err != nil {
		return Home{}, dbgen.GetRequestRow{}, err
	}
	if err := q.LockRequest(ctx, dbgen.LockRequestParams{TenantID: who.TenantID, ID: id}); err != nil {
		return Home{}, dbgen.GetRequestRow{}, err
	}
	r, err := q.GetRequest(ctx, dbgen.GetRequestParams{TenantID: who.TenantID, ID: id})
	if err == nil && r.State != RequestPending {
		err = decidedBefore(r)
	}
	return h, r, err
}

func decidedBefore(r dbgen.GetRequestRow) error {
	d := &DecidedError{State: r.State, By: r.DecidedBy}
	if r.DecidedAt != nil {
		d.At = *r.DecidedAt
	}
	return d
}

// decide writes down what became of a request that is held.
func decide(ctx context.Context, q *dbgen.Queries, who Staff, id uuid.UUID, state string, resident *uuid.UUID) error {
	return q.DecideRequest(ctx, dbgen.DecideRequestParams{
		TenantID: who.TenantID, ID: id, State: state, ResidentID: resident, DecidedBy: &who.ID,
	})
}

// mailRejections tells everybody in to, once, that their request for a home of a development was turned down.
func mailRejections(ctx context.Context, tx *db.Tx, who Staff, developmentID uuid.UUID, write func(RejectionMail) (subject, body string), to ...string) error {
	if len(to) == 0 {
		return nil
	}
	q := dbgen.New(tx)
	frame, err := q.Frame(ctx, dbgen.FrameParams{TenantID: who.TenantID, StaffID: who.ID})
	if err != nil {
		return err
	}
	d, err := development(ctx, q, who, developmentID)
	if err != nil {
		return err
	}
	subject, body := write(RejectionMail{Company: frame.Company, Development: d.Name, Contact: d.ContactName, Phone: d.ContactPhone})
	for _, email := range to {
		if _, err := platform.Enqueue(ctx, tx, platform.Mail{TenantID: who.TenantID, Kind: "claim_rejected", To: email, Subject: subject, Body: body}); err != nil {
			return err
		}
	}
	return nil
}

// newIDs are n ids in the order of time.
func newIDs(n int) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, n)
	for i := range ids {
		var err error
		if ids[i], err = uuid.NewV7(); err != nil {
			return nil, fmt.Errorf("make an id: %w", err)
		}
	}
	return ids, nil
}
