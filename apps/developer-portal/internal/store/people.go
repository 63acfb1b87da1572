package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
	"openhouse.example/packages/web/auth"
)

// Resident is a person who lives, or has lived, in a home. Name, address and LastSeen are blank for those who may not
// see people.
type Resident struct {
	ID       uuid.UUID  `json:"id"`
	Name     string     `json:"name"`
	Email    string     `json:"email"`
	Kind     string     `json:"kind"` // KindOwner or KindOccupier
	Since    time.Time  `json:"since"`
	Until    *time.Time `json:"until,omitempty"` // nil: lives there
	LastSeen *time.Time `json:"lastSeenAt"`      // in the pages of this home; nil: not on record
	Disabled bool       `json:"disabled"`
}

// people reads who lives in a home, and who used to: everybody is in one of the lists, once.
func people(ctx context.Context, q *dbgen.Queries, who Staff, home uuid.UUID) (living, former []Resident, err error) {
	rows, err := q.HomePeople(ctx, dbgen.HomePeopleParams{TenantID: who.TenantID, UnitID: home, Most: mostOfHome, People: who.may(auth.SeePeople)})
	living, former = []Resident{}, []Resident{}
	for _, r := range rows {
		person := Resident{
			ID: r.ID, Name: r.FullName, Email: r.Email, Kind: r.Kind, Since: r.StartedAt, Until: r.EndedAt, LastSeen: r.LastSeenAt, Disabled: r.Disabled,
		}
		if !who.may(auth.SeePeople) {
			person.LastSeen = nil
		}
		if r.EndedAt == nil {
			living = append(living, person)
		} else {
			former = append(former, person)
		}
	}
	return living, former, err
}

// holdHome reads a home and holds it until the transaction ends, against everybody else who changes who lives there.
func holdHome(ctx context.Context, q *dbgen.Queries, who Staff, id uuid.UUID) (Home, error) {
	if _, err := q.LockHome(ctx, dbgen.LockHomeParams{TenantID: who.TenantID, ID: id}); err != nil {
		return Home{}, err
	}
	return home(ctx, q, who, id)
}

// PersonOfHome is somebody who lives or has lived in a home.
type PersonOfHome struct {
	Home   Home
	Person Resident
}

// PersonOfHome reads a home and one person of it, as they live there now or did last; db.ErrNotFound if who can see no
// such home or it has no such person.
func (s *Store) PersonOfHome(ctx context.Context, who Staff, homeID, resident uuid.UUID) (PersonOfHome, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (PersonOfHome, error) {
		q := dbgen.New(h)
		home, err := home(ctx, q, who, homeID)
		if err != nil {
			return PersonOfHome{}, err
		}
		person, err := personOf(ctx, q, who, homeID, resident)
		return PersonOfHome{Home: home, Person: person}, err
	})
}

func personOf(ctx context.Context, q *dbgen.Queries, who Staff, home, resident uuid.UUID) (Resident, error) {
	r, err := q.PersonOfHome(ctx, dbgen.PersonOfHomeParams{TenantID: who.TenantID, UnitID: home, ResidentID: resident})
	return Resident{
		ID: r.ID, Name: r.FullName, Email: r.Email, Kind: r.Kind, Since: r.StartedAt, Until: r.EndedAt, Disabled: r.Disabled,
	}, err
}

// MovedOut is what ended when somebody moved out.
type MovedOut struct {
	ResidentID uuid.UUID `json:"residentId"`
	Sessions   int64     `json:"sessions"`
	Links      int64     `json:"links"` // sent and not used
}

// MoveOut ends a person's life in a home: what they have open there is refused with the next request, and their unused
// links into it open nothing. One who has moved out already is no error. db.ErrNotFound if who can see no such home or
// the person never lived there.
func (s *Store) MoveOut(ctx context.Context, who Staff, in db.Intent, homeID, resident uuid.UUID) (MovedOut, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (MovedOut, error) {
		q := dbgen.New(tx)
		if _, err := holdHome(ctx, q, who, homeID); err != nil {
			return MovedOut{}, err
		}
		person, err := personOf(ctx, q, who, homeID, resident)
		if err != nil {
			return MovedOut{}, err
		}
		done := MovedOut{ResidentID: resident}
		if done.Links, err = endLinks(ctx, q, who, homeID, person.Email); err != nil {
			return MovedOut{}, err
		}
		ended, err := q.EndOccupancy(ctx, dbgen.EndOccupancyParams{TenantID: who.TenantID, UnitID: homeID, ResidentID: resident})
		if err != nil {
			return MovedOut{}, err
		}
		done.Sessions, err = q.EndSessionsInHome(ctx, dbgen.EndSessionsInHomeParams{TenantID: who.TenantID, UnitID: &homeID, ResidentID: &resident})
		if err != nil {
			return MovedOut{}, err
		}
		if ended > 0 || done.Links > 0 || done.Sessions > 0 {
			tx.Audit(db.Event{Action: "resident.move_out", Object: "resident", ObjectID: resident, Detail: map[string]any{
				"unit": homeID, "sessions": done.Sessions, "links": done.Links,
			}})
		}
		return done, nil
	})
}

// LetBackIn takes it back that somebody moved out: they live in the home again, as what they were, and can ask for a
// link. One who lives there is no error. ErrDisabled if the company has shut the person out; db.ErrNotFound as MoveOut.
func (s *Store) LetBackIn(ctx context.Context, who Staff, in db.Intent, homeID, resident uuid.UUID) (Created, error) {
	ids, err := newIDs(1)
	if err != nil {
		return Created{}, err
	}
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		h, err := holdHome(ctx, q, who, homeID)
		if err != nil {
			return Created{}, err
		}
		person, err := personOf(ctx, q, who, homeID, resident)
		switch {
		case err != nil:
			return Created{}, err
		case person.Until == nil:
			return Created{ID: resident}, nil
		case person.Disabled:
			return Created{}, ErrDisabled
		}
		made, err := q.InsertOccupancy(ctx, dbgen.InsertOccupancyParams{
			TenantID: who.TenantID, ID: ids[0], DevelopmentID: h.DevelopmentID, UnitID: homeID, ResidentID: resident, Kind: person.Kind,
		})
		if err == nil && made > 0 {
			tx.Audit(db.Event{Action: "resident.let_back_in", Object: "resident", ObjectID: resident, Detail: map[string]any{
				"unit": homeID, "kind": person.Kind,
			}})
		}
		return Created{ID: resident}, err
	})
}

// Sale is what people enter about a home that was sold again.
type Sale struct {
	Name, Email, Phone string // of the new buyer; the address in lower case
	Day                time.Time
}

// Resold is what ended when a home was sold again.
type Resold struct {
	HomeID    uuid.UUID `json:"homeId"`
	Residents int       `json:"residents"` // who lived there
	Sessions  int64     `json:"sessions"`
	Links     int64     `json:"links"`    // sent and not used
	Requests  int       `json:"requests"` // open, now rejected
	Codes     int64     `json:"codes"`    // printed codes that worked
}

// Resell gives a home that still is at version a new buyer: everybody who lives there has moved out, their sessions and
// unused links have ended, open requests are rejected and told so, and the printed code is taken back. A new buyer who
// lives or lived there lives there as owner, since the sales record doesn't open a home to somebody who has left it.
//
// ErrChanged if the home isn't at version; db.ErrNotFound if who can see none by that id.
func (s *Store) Resell(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, version time.Time, sale Sale, write func(RejectionMail) (subject, body string)) (Resold, error) {
	ids, err := newIDs(1)
	if err != nil {
		return Resold{}, err
	}
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Resold, error) {
		q := dbgen.New(tx)
		h, err := holdHome(ctx, q, who, id)
		switch {
		case err != nil:
			return Resold{}, err
		case !h.UpdatedAt.Equal(version):
			return Resold{}, ErrChanged
		}
		done, err := endHome(ctx, tx, who, h, sale.Day, write)
		if err != nil {
			return Resold{}, err
		}
		err = q.UpdateBuyer(ctx, dbgen.UpdateBuyerParams{
			TenantID: who.TenantID, ID: id, PurchaserName: sale.Name, PurchaserEmail: sale.Email, PurchaserPhone: sale.Phone,
		})
		if err != nil {
			return Resold{}, err
		}
		buyer, err := q.HasLivedIn(ctx, dbgen.HasLivedInParams{TenantID: who.TenantID, Email: sale.Email, UnitID: id})
		switch {
		case errors.Is(err, db.ErrNotFound):
		case err != nil:
			return Resold{}, err
		default:
			if _, err := q.InsertOccupancy(ctx, dbgen.InsertOccupancyParams{
				TenantID: who.TenantID, ID: ids[0], DevelopmentID: h.DevelopmentID, UnitID: id, ResidentID: buyer, Kind: KindOwner,
			}); err != nil {
				return Resold{}, err
			}
		}
		tx.Audit(db.Event{Action: "home.resell", Object: "unit", ObjectID: id, Detail: map[string]any{
			"day": sale.Day.Format(time.DateOnly), "residents": done.Residents, "sessions": done.Sessions, "links": done.Links,
			"requests": done.Requests, "codes": done.Codes,
		}})
		return done, nil
	})
}

// endHome ends everything that opens a home, which is held: its code, its links, and then what those have opened.
func endHome(ctx context.Context, tx *db.Tx, who Staff, h Home, day time.Time, write func(RejectionMail) (subject, body string)) (done Resold, err error) {
	q := dbgen.New(tx)
	done.HomeID = h.ID
	if done.Codes, err = q.RevokeInvites(ctx, dbgen.RevokeInvitesParams{TenantID: who.TenantID, Units: []uuid.UUID{h.ID}}); err != nil {
		return done, err
	}
	if err := q.ClearSpentFilesOfHome(ctx, dbgen.ClearSpentFilesOfHomeParams{TenantID: who.TenantID, UnitID: h.ID}); err != nil {
		return done, err
	}
	if done.Links, err = endLinks(ctx, q, who, h.ID, ""); err != nil {
		return done, err
	}
	if done.Requests, err = rejectAll(ctx, tx, who, h, write); err != nil {
		return done, err
	}
	gone, err := q.EndOccupanciesOfHome(ctx, dbgen.EndOccupanciesOfHomeParams{TenantID: who.TenantID, UnitID: h.ID, Day: day})
	if err != nil {
		return done, err
	}
	done.Residents = len(gone)
	if done.Sessions, err = q.EndSessionsInHome(ctx, dbgen.EndSessionsInHomeParams{TenantID: who.TenantID, UnitID: &h.ID}); err != nil {
		return done, err
	}
	return done, nil
}

// endLinks ends the unused links into a home, of one address or with "" of all, and holds its entrance: nobody comes in
// until the transaction ends, and who has come in is there to be seen.
func endLinks(ctx context.Context, q *dbgen.Queries, who Staff, home uuid.UUID, email string) (int64, error) {
	n, err := q.EndLinks(ctx, dbgen.EndLinksParams{TenantID: who.TenantID, UnitID: &home, Email: email})
	if err != nil {
		return 0, err
	}
	return n, q.HoldEntrance(ctx, dbgen.HoldEntranceParams{TenantID: who.TenantID, UnitID: home})
}

// rejectAll turns down everybody who asks for a home, and tells those who wait for staff.
func rejectAll(ctx context.Context, tx *db.Tx, who Staff, h Home, write func(RejectionMail) (subject, body string)) (int, error) {
	rejected, err := dbgen.New(tx).RejectRequestsOfHome(ctx, dbgen.RejectRequestsOfHomeParams{
		TenantID: who.TenantID, UnitID: h.ID, DecidedBy: &who.ID,
	})
	if err != nil {
		return 0, err
	}
	var waiting []string
	for _, r := range rejected {
		if r.DecidedThrough == "staff" {
			waiting = append(waiting, r.Email)
		}
	}
	return len(rejected), mailRejections(ctx, tx, who, h.DevelopmentID, write, waiting...)
}
