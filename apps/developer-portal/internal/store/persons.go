package store

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
)

// The rows of a table about a person that their page shows; the export has all.
const mostOfPerson = 100

// What is stored about a person stands in many tables, which no role of a portal may read as a whole, let alone empty.
// Two functions of the database do it, and look themselves whether an administrator of the company asks.
const (
	exportPerson = `select source, data from person_export($1)`
	erasePerson  = `select person_erase($1, $2)`
)

// ErrTyped says that what was typed to confirm isn't the address of the person.
var ErrTyped = errors.New("what was typed is not the person's address")

// HomeName is a home as a line names it.
type HomeName struct {
	ID           uuid.UUID `json:"id"`
	Block        string    `json:"block"`
	UnitNumber   string    `json:"unitNumber"`
	AddressLine1 string    `json:"addressLine1"`
	Development  string    `json:"development,omitempty"`
}

// PersonHome is a home in which a person lives or has lived.
type PersonHome struct {
	HomeName
	Kind  string     `json:"kind"` // KindOwner or KindOccupier
	Since time.Time  `json:"since"`
	Until *time.Time `json:"until"`
}

// PersonSession is one time that a person came in.
type PersonSession struct {
	ID       uuid.UUID `json:"id"`
	Home     HomeName  `json:"home"`
	Began    time.Time `json:"began"`
	LastSeen time.Time `json:"lastSeen"`
	From     string    `json:"from"`
	Browser  string    `json:"browser"`
	Living   bool      `json:"living"`
}

// PersonRequest is a home for which a person has asked.
type PersonRequest struct {
	ID      uuid.UUID  `json:"id"`
	Home    HomeName   `json:"home"`
	State   string     `json:"state"`
	Asked   time.Time  `json:"asked"`
	Decided *time.Time `json:"decided"`
}

// Person is a resident with what their page shows.
type Person struct {
	ID        uuid.UUID       `json:"id"`
	Email     string          `json:"email"`
	Name      string          `json:"name"`
	Phone     string          `json:"phone"`
	Language  string          `json:"language"`
	Disabled  bool            `json:"disabled"`
	CreatedAt time.Time       `json:"createdAt"`
	Homes     []PersonHome    `json:"homes"`
	Bought    []HomeName      `json:"bought"` // homes whose sales record names the address
	Sessions  []PersonSession `json:"sessions"`
	Requests  []PersonRequest `json:"requests"`
}

// Person reads a resident of who's company; db.ErrNotFound if there is none by that id.
func (s *Store) Person(ctx context.Context, who Staff, id uuid.UUID) (Person, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (Person, error) {
		q := dbgen.New(h)
		r, err := q.GetResident(ctx, dbgen.GetResidentParams{TenantID: who.TenantID, ID: id})
		if err != nil {
			return Person{}, err
		}
		p := Person{
			ID: r.ID, Email: r.Email, Name: r.FullName, Phone: r.Phone, Language: r.Language, Disabled: r.DisabledAt != nil, CreatedAt: r.CreatedAt,
			Homes: []PersonHome{}, Bought: []HomeName{}, Sessions: []PersonSession{}, Requests: []PersonRequest{},
		}
		homes, err := q.ResidentHomes(ctx, dbgen.ResidentHomesParams{TenantID: who.TenantID, ResidentID: id, Most: mostOfPerson})
		for _, o := range homes {
			p.Homes = append(p.Homes, PersonHome{
				HomeName: HomeName{o.UnitID, o.Block, o.UnitNumber, o.AddressLine1, o.Development}, Kind: o.Kind, Since: o.StartedAt, Until: o.EndedAt,
			})
		}
		if err != nil {
			return p, err
		}
		bought, err := q.BoughtHomes(ctx, dbgen.BoughtHomesParams{TenantID: who.TenantID, Email: r.Email, Most: mostOfPerson})
		for _, u := range bought {
			p.Bought = append(p.Bought, HomeName(u))
		}
		if err != nil {
			return p, err
		}
		sessions, err := q.ResidentSessions(ctx, dbgen.ResidentSessionsParams{TenantID: who.TenantID, ResidentID: &id, Most: mostOfPerson})
		for _, x := range sessions {
			p.Sessions = append(p.Sessions, PersonSession{
				ID: x.ID, Home: HomeName{ID: *x.UnitID, Block: x.Block, UnitNumber: x.UnitNumber, AddressLine1: x.AddressLine1},
				Began: x.CreatedAt, LastSeen: x.LastSeenAt, From: x.FromIp, Browser: x.UserAgent, Living: x.Living,
			})
		}
		if err != nil {
			return p, err
		}
		requests, err := q.RequestsOfPerson(ctx, dbgen.RequestsOfPersonParams{TenantID: who.TenantID, Email: r.Email, ResidentID: &id, Most: mostOfPerson})
		for _, c := range requests {
			p.Requests = append(p.Requests, PersonRequest{
				ID: c.ID, Home: HomeName{ID: c.UnitID, Block: c.Block, UnitNumber: c.UnitNumber, AddressLine1: c.AddressLine1},
				State: c.State, Asked: c.CreatedAt, Decided: c.DecidedAt,
			})
		}
		return p, err
	})
}

// PersonRows are the rows of each table that are about a person.
type PersonRows map[string][]json.RawMessage

// PersonRow is one of them, as a function of the database tells it.
type PersonRow struct {
	Source string // the table
	Data   json.RawMessage
}

// ByTable sorts the rows about a person by their tables.
func ByTable(list []PersonRow) PersonRows {
	all := PersonRows{}
	for _, r := range list {
		all[r.Source] = append(all[r.Source], r.Data)
	}
	return all
}

// ExportPerson reads all that is stored about a resident, and writes down before that somebody does. db.ErrNotFound if
// there is none by that id.
func (s *Store) ExportPerson(ctx context.Context, who Staff, in db.Intent, id uuid.UUID) (PersonRows, error) {
	_, err := db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
		_, err := dbgen.New(tx).GetResident(ctx, dbgen.GetResidentParams{TenantID: who.TenantID, ID: id})
		if err == nil {
			tx.Audit(db.Event{Action: "person.export", Object: "resident", ObjectID: id})
		}
		return struct{}{}, err
	})
	if err != nil {
		return nil, err
	}
	// Not in the transaction above: its answer is stored under the key, and this must not be stored once more.
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, q db.Querier) (PersonRows, error) {
		rows, err := q.Query(ctx, exportPerson, id)
		if err != nil {
			return nil, err
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[PersonRow])
		all := ByTable(list)
		if err == nil && len(all) == 0 {
			err = db.ErrNotFound // erased meanwhile
		}
		return all, err
	})
}

// Erasure is what was asked about the erasure of a person.
type Erasure struct {
	Typed string // the person's address, typed to confirm
	Buyer bool   // also what the sales records of homes say about the buyer with this address
}

// Erased says what an erasure took away: how many rows of which table were deleted, or lost what they said about the
// person.
type Erased struct {
	Rows  map[string]int64 `json:"rows"`
	Again bool             `json:"again"` // the person was erased before: nothing was left to do
}

// ErasePerson takes away all that is stored about a resident, in one transaction and for good; only the audit log keeps
// the id. A person who was erased before is no error. ErrTyped if what was typed isn't their address; db.ErrNotFound if
// there never was a resident by that id; db.ErrLockTimeout while a file that names them is being committed.
func (s *Store) ErasePerson(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, e Erasure) (Erased, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Erased, error) {
		q := dbgen.New(tx)
		person, err := q.GetResident(ctx, dbgen.GetResidentParams{TenantID: who.TenantID, ID: id})
		if errors.Is(err, db.ErrNotFound) {
			return s.erasedBefore(ctx, q, who, id)
		}
		switch {
		case err != nil:
			return Erased{}, err
		case person.Email != e.Typed:
			return Erased{}, ErrTyped
		}
		var answer []byte
		if err := tx.QueryRow(ctx, erasePerson, id, e.Buyer).Scan(&answer); err != nil {
			return Erased{}, err
		}
		if answer == nil {
			return s.erasedBefore(ctx, q, who, id)
		}
		done := Erased{}
		if err := json.Unmarshal(answer, &done.Rows); err != nil {
			return Erased{}, err
		}
		if len(done.Rows) == 0 { // two at once: the other was first
			done.Again = true
			return done, nil
		}
		detail := map[string]any{"buyer": e.Buyer}
		for table, n := range maps.All(done.Rows) {
			detail[table] = n
		}
		tx.Audit(db.Event{Action: "person.erase", Object: "resident", ObjectID: id, Detail: detail})
		return done, nil
	})
}

func (s *Store) erasedBefore(ctx context.Context, q *dbgen.Queries, who Staff, id uuid.UUID) (Erased, error) {
	before, err := q.WasErased(ctx, dbgen.WasErasedParams{TenantID: who.TenantID, ObjectID: &id})
	if err == nil && !before {
		err = db.ErrNotFound
	}
	return Erased{Rows: map[string]int64{}, Again: true}, err
}
