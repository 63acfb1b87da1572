package store

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
	"openhouse.example/packages/web/auth"
)

// HouseType is a plan that homes of a development share, with how many do. Nil means not known.
type HouseType struct {
	ID          uuid.UUID `json:"id"`
	Code        string    `json:"code"`
	Name        string    `json:"name"`
	Bedrooms    *int16    `json:"bedrooms"`
	Bathrooms   *int16    `json:"bathrooms"`
	FloorAreaM2 *float64  `json:"floorAreaM2"`
	Homes       int64     `json:"homes"`
}

func houseTypes(ctx context.Context, q *dbgen.Queries, who Staff, development uuid.UUID) ([]HouseType, error) {
	rows, err := q.ListHouseTypes(ctx, dbgen.ListHouseTypesParams{TenantID: who.TenantID, DevelopmentID: development})
	if err != nil {
		return nil, err
	}
	list := make([]HouseType, len(rows))
	for i, r := range rows {
		list[i] = HouseType(r)
	}
	return list, nil
}

// Day is a date without a time of day.
type Day struct{ time.Time }

// MarshalJSON writes "2027-02-14".
func (d Day) MarshalJSON() ([]byte, error) { return []byte(d.Format(`"` + time.DateOnly + `"`)), nil }

func dayOf(t *time.Time) *Day {
	if t == nil {
		return nil
	}
	return &Day{*t}
}

// HomeLine is a home in the list. Its buyer is blank for those who may not see buyers.
type HomeLine struct {
	ID             uuid.UUID `json:"id"`
	Block          string    `json:"block"`
	UnitNumber     string    `json:"unitNumber"`
	AddressLine1   string    `json:"addressLine1"`
	City           string    `json:"city"`
	Postcode       string    `json:"postcode"`
	TypeCode       string    `json:"houseTypeCode"`
	TypeName       string    `json:"houseTypeName"`
	Status         string    `json:"status"`
	Handover       *Day      `json:"handoverDate"`
	PurchaserName  string    `json:"purchaserName"`
	PurchaserEmail string    `json:"purchaserEmail"`
}

// HomeFilter narrows a list of homes. Blank means all: of the one development, never more.
type HomeFilter struct {
	Words  string // all have to occur, in number, address, type or buyer
	Status string
}

// mostWords bounds what one search can ask of the database.
const mostWords = 10

// HomeList is one page of homes, with the number of homes on all pages.
type HomeList struct {
	Homes []HomeLine
	Total int64 // 0 also for a page behind the last one
}

// Homes lists one page of a development's homes, in the order of their numbers. Nothing is found in a development
// that who can't see.
func (s *Store) Homes(ctx context.Context, who Staff, development uuid.UUID, f HomeFilter, page Page) (HomeList, error) {
	words := strings.Fields(f.Words)
	words = words[:min(len(words), mostWords)]
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (HomeList, error) {
		rows, err := dbgen.New(h).ListHomes(ctx, dbgen.ListHomesParams{
			TenantID: who.TenantID, DevelopmentID: development, Status: f.Status, Words: words, Buyers: who.may(auth.SeeBuyers),
			PageSize: int32(page.Size), PageOffset: int32(page.Offset),
		})
		if err != nil {
			return HomeList{}, err
		}
		list := HomeList{Homes: make([]HomeLine, len(rows))}
		for i, r := range rows {
			list.Total = r.Total
			list.Homes[i] = HomeLine{
				ID: r.ID, Block: r.Block, UnitNumber: r.UnitNumber, AddressLine1: r.AddressLine1, City: r.City, Postcode: r.Postcode,
				TypeCode: r.TypeCode, TypeName: r.TypeName, Status: r.Status, Handover: dayOf(r.HandoverDate),
				PurchaserName: r.PurchaserName, PurchaserEmail: r.PurchaserEmail,
			}
		}
		return list, nil
	})
}

// HomeFields is what people enter about a home. Nil means not known. Its buyer is blank for those who may not see
// buyers.
type HomeFields struct {
	HouseTypeID    uuid.UUID `json:"houseTypeId"`
	Block          string    `json:"block"`
	UnitNumber     string    `json:"unitNumber"`
	AddressLine1   string    `json:"addressLine1"`
	AddressLine2   string    `json:"addressLine2"`
	City           string    `json:"city"`
	Postcode       string    `json:"postcode"`
	Bedrooms       *int16    `json:"bedrooms"`
	Bathrooms      *int16    `json:"bathrooms"`
	FloorAreaM2    *float64  `json:"floorAreaM2"`
	Status         string    `json:"status"`
	Handover       *Day      `json:"handoverDate"`
	PurchaserName  string    `json:"purchaserName"`
	PurchaserEmail string    `json:"purchaserEmail"` // lower case
	PurchaserPhone string    `json:"purchaserPhone"`
}

// Home is a home by itself.
type Home struct {
	ID            uuid.UUID `json:"id"`
	DevelopmentID uuid.UUID `json:"developmentId"`
	Development   string    `json:"development"`
	TypeCode      string    `json:"houseTypeCode"`
	TypeName      string    `json:"houseTypeName"`
	HomeFields
	UpdatedAt time.Time `json:"updatedAt"` // also the version for SaveHome
}

// HomeView is a home with the people who live there, who used to, and who ask to.
type HomeView struct {
	Home
	Residents []Resident `json:"residents"`
	Former    []Resident `json:"formerResidents"`
	Requests  []Request  `json:"requests"`
}

// Home reads a home and its people; db.ErrNotFound if who can see none by that id.
func (s *Store) Home(ctx context.Context, who Staff, id uuid.UUID) (HomeView, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (HomeView, error) {
		q := dbgen.New(h)
		home, err := home(ctx, q, who, id)
		if err != nil {
			return HomeView{}, err
		}
		view := HomeView{Home: home}
		if view.Residents, view.Former, err = people(ctx, q, who, id); err != nil {
			return HomeView{}, err
		}
		list, err := requests(ctx, q, who, RequestFilter{Home: id}, Page{Size: mostOfHome})
		view.Requests = list.Requests
		return view, err
	})
}

// HomeToEdit is a home with the types that it could have.
type HomeToEdit struct {
	Home
	Types []HouseType
}

// HomeToEdit reads a home and the house types of its development; db.ErrNotFound if who can see none by that id.
func (s *Store) HomeToEdit(ctx context.Context, who Staff, id uuid.UUID) (HomeToEdit, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (HomeToEdit, error) {
		q := dbgen.New(h)
		home, err := home(ctx, q, who, id)
		if err != nil {
			return HomeToEdit{}, err
		}
		types, err := houseTypes(ctx, q, who, home.DevelopmentID)
		return HomeToEdit{Home: home, Types: types}, err
	})
}

func home(ctx context.Context, q *dbgen.Queries, who Staff, id uuid.UUID) (Home, error) {
	r, err := q.GetHome(ctx, dbgen.GetHomeParams{TenantID: who.TenantID, ID: id, Buyers: who.may(auth.SeeBuyers)})
	return Home{
		ID: r.ID, DevelopmentID: r.DevelopmentID, Development: r.Development,
		TypeCode: r.TypeCode, TypeName: r.TypeName, UpdatedAt: r.UpdatedAt,
		HomeFields: HomeFields{
			HouseTypeID: r.HouseTypeID, Block: r.Block, UnitNumber: r.UnitNumber, AddressLine1: r.AddressLine1,
			AddressLine2: r.AddressLine2, City: r.City, Postcode: r.Postcode, Bedrooms: r.Bedrooms, Bathrooms: r.Bathrooms,
			FloorAreaM2: r.FloorAreaM2, Status: r.Status, Handover: dayOf(r.HandoverDate),
			PurchaserName: r.PurchaserName, PurchaserEmail: r.PurchaserEmail, PurchaserPhone: r.PurchaserPhone,
		},
	}, err
}

// SaveHome replaces the fields of a home that still is at version. ErrChanged if it isn't, or if the house type is
// not one of its development; db.ErrUnique if another home there has the block and number; db.ErrNotFound if who can
// see none by that id.
func (s *Store) SaveHome(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, version time.Time, f HomeFields) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		before, err := home(ctx, q, who, id)
		if err != nil {
			return Created{}, err
		}
		taken, err := q.HomeNumberTaken(ctx, dbgen.HomeNumberTakenParams{TenantID: who.TenantID, ID: id, Block: f.Block, UnitNumber: f.UnitNumber})
		if err != nil {
			return Created{}, err
		}
		if taken {
			return Created{}, db.ErrUnique
		}
		var handover *time.Time
		if f.Handover != nil {
			handover = &f.Handover.Time
		}
		saved, err := q.UpdateHome(ctx, dbgen.UpdateHomeParams{
			TenantID: who.TenantID, ID: id, Version: version, HouseTypeID: f.HouseTypeID, Block: f.Block, UnitNumber: f.UnitNumber,
			AddressLine1: f.AddressLine1, AddressLine2: f.AddressLine2, City: f.City, Postcode: f.Postcode,
			Bedrooms: f.Bedrooms, Bathrooms: f.Bathrooms, FloorAreaM2: f.FloorAreaM2, Status: f.Status, HandoverDate: handover,
			PurchaserName: f.PurchaserName, PurchaserEmail: f.PurchaserEmail, PurchaserPhone: f.PurchaserPhone,
		})
		if err != nil {
			return Created{}, err
		}
		if saved == 0 {
			_, err := home(ctx, q, who, id)
			return Created{}, changedOr(err)
		}
		// What was read before is what was replaced: the update has found the version unchanged.
		return Created{ID: id}, auditChange(tx, db.Event{Action: "home.update", Object: "unit", ObjectID: id}, before.HomeFields, f)
	})
}
