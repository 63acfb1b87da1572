package store

import (
	"context"
	"time"

	"openhouse.example/apps/tenant-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
)

// Home is a home as the person who lives in it sees it. Empty text and nil mean that the company has not said.
type Home struct {
	Company     string
	Development string
	Contact     Contact
	Emergency   string // telephone number

	TypeCode, TypeName       string
	Block, Number            string
	Address1, Address2, City string
	Postcode                 string
	Bedrooms, Bathrooms      *int
	FloorAreaM2              *float64
	Status                   string     // planned, for_sale, sale_agreed, handed_over
	Handover                 *time.Time // a day, at midnight UTC

	ResidentName, ResidentEmail string

	Notices     []NoticeLine // the first few
	MoreNotices bool
}

// Contact is whom to ask in the company.
type Contact struct{ Name, Email, Phone string }

// Home reads the home of who. Figures that the home does not have are those of its house type.
func (s *Store) Home(ctx context.Context, who Resident) (Home, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (Home, error) {
		q := dbgen.New(h)
		row, err := q.Home(ctx, dbgen.HomeParams{TenantID: who.TenantID, UnitID: who.UnitID, ResidentID: who.ID})
		if err != nil {
			return Home{}, err
		}
		few := Page{Size: noticesAtHome}
		list, err := notices(ctx, q, who, few)
		list, more := few.cut(list)
		return Home{
			Company:     row.Company,
			Development: row.Development,
			Contact:     Contact{Name: row.ContactName, Email: row.ContactEmail, Phone: row.ContactPhone},
			Emergency:   row.EmergencyPhone,
			TypeCode:    row.TypeCode, TypeName: row.TypeName,
			Block: row.Block, Number: row.UnitNumber,
			Address1: row.AddressLine1, Address2: row.AddressLine2, City: row.City,
			Postcode:     row.Postcode,
			Bedrooms:     count(row.Bedrooms, row.TypeBedrooms),
			Bathrooms:    count(row.Bathrooms, row.TypeBathrooms),
			FloorAreaM2:  first(row.FloorAreaM2, row.TypeFloorAreaM2),
			Status:       row.Status,
			Handover:     row.HandoverDate,
			ResidentName: row.FullName, ResidentEmail: row.Email,
			Notices: list, MoreNotices: more,
		}, err
	})
}

// first is the first value that is there.
func first[T any](values ...*T) *T {
	for _, v := range values {
		if v != nil {
			return v
		}
	}
	return nil
}

func count(own, ofType *int16) *int {
	v := first(own, ofType)
	if v == nil {
		return nil
	}
	n := int(*v)
	return &n
}
