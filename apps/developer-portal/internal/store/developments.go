package store

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
)

// DevelopmentLine is a development in the list, with its figures.
type DevelopmentLine struct {
	ID         uuid.UUID `json:"id"`
	Name       string    `json:"name"`
	Address    string    `json:"address"`
	Status     string    `json:"status"`
	UpdatedAt  time.Time `json:"updatedAt"`
	Homes      int64     `json:"homes"`
	ForSale    int64     `json:"forSale"`
	Sold       int64     `json:"sold"` // sale agreed or handed over
	HandedOver int64     `json:"handedOver"`
}

// Page is a cut of a long list: Size rows from Offset.
type Page struct{ Size, Offset int }

// Developments lists one page of the developments that who may see, by name. more says whether another page follows.
func (s *Store) Developments(ctx context.Context, who Staff, page Page) (list []DevelopmentLine, more bool, err error) {
	list, err = db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, q db.Querier) ([]DevelopmentLine, error) {
		rows, err := dbgen.New(q).ListDevelopments(ctx, dbgen.ListDevelopmentsParams{
			TenantID: who.TenantID, PageSize: int32(page.Size + 1), PageOffset: int32(page.Offset),
		})
		if err != nil {
			return nil, err
		}
		list := make([]DevelopmentLine, len(rows))
		for i, r := range rows {
			list[i] = DevelopmentLine(r)
		}
		return list, nil
	})
	if len(list) > page.Size {
		return list[:page.Size], true, err
	}
	return list, false, err
}

// DevelopmentFields is what people enter about a development.
type DevelopmentFields struct {
	Name           string `json:"name"`
	Address        string `json:"address"`
	Status         string `json:"status"`
	ContactName    string `json:"contactName"`
	ContactEmail   string `json:"contactEmail"` // lower case
	ContactPhone   string `json:"contactPhone"`
	EmergencyPhone string `json:"emergencyPhone"`
}

// Development is a development by itself.
type Development struct {
	ID uuid.UUID `json:"id"`
	DevelopmentFields
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"` // also the version for SaveDevelopment
}

// Development reads one development; db.ErrNotFound if who can see none by that id.
func (s *Store) Development(ctx context.Context, who Staff, id uuid.UUID) (Development, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, q db.Querier) (Development, error) {
		return development(ctx, dbgen.New(q), who, id)
	})
}

func development(ctx context.Context, q *dbgen.Queries, who Staff, id uuid.UUID) (Development, error) {
	r, err := q.GetDevelopment(ctx, dbgen.GetDevelopmentParams{TenantID: who.TenantID, ID: id})
	return Development{
		ID: r.ID, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
		DevelopmentFields: DevelopmentFields{
			Name: r.Name, Address: r.Address, Status: r.Status, ContactName: r.ContactName,
			ContactEmail: r.ContactEmail, ContactPhone: r.ContactPhone, EmergencyPhone: r.EmergencyPhone,
		},
	}, err
}

// Overview is a development with what its first page shows.
type Overview struct {
	Development
	Figures Figures     `json:"figures"`
	Types   []HouseType `json:"houseTypes"`
}

// Figures count the homes of a development by state. LivedIn are those with at least one resident.
type Figures struct {
	Homes      int64 `json:"homes"`
	Planned    int64 `json:"planned"`
	ForSale    int64 `json:"forSale"`
	SaleAgreed int64 `json:"saleAgreed"`
	HandedOver int64 `json:"handedOver"`
	LivedIn    int64 `json:"livedIn"`
}

// Overview reads a development with its figures and house types; db.ErrNotFound if who can see none by that id.
func (s *Store) Overview(ctx context.Context, who Staff, id uuid.UUID) (Overview, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (Overview, error) {
		q := dbgen.New(h)
		d, err := development(ctx, q, who, id)
		if err != nil {
			return Overview{}, err
		}
		f, err := q.DevelopmentFigures(ctx, dbgen.DevelopmentFiguresParams{TenantID: who.TenantID, DevelopmentID: id})
		if err != nil {
			return Overview{}, err
		}
		types, err := houseTypes(ctx, q, who, id)
		return Overview{Development: d, Figures: Figures(f), Types: types}, err
	})
}

// Created is the answer to whoever makes something.
type Created struct {
	ID uuid.UUID `json:"id"`
}

// mostSlugs is how many developments of one company may have the same name before a person has to think of another.
const mostSlugs = 50

// CreateDevelopment makes a development. ErrLimited for staff who see some developments only.
func (s *Store) CreateDevelopment(ctx context.Context, who Staff, in db.Intent, f DevelopmentFields) (Created, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Created{}, fmt.Errorf("make an id: %w", err)
	}
	base := Slug(f.Name, "development")
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		me, err := q.Frame(ctx, dbgen.FrameParams{TenantID: who.TenantID, StaffID: who.ID})
		if err != nil {
			return Created{}, err
		}
		if me.Limited {
			return Created{}, ErrLimited
		}
		for n := 1; n <= mostSlugs; n++ {
			made, err := q.InsertDevelopment(ctx, dbgen.InsertDevelopmentParams{
				TenantID: who.TenantID, ID: id, Slug: numbered(base, n), Name: f.Name, Address: f.Address, Status: f.Status,
				ContactName: f.ContactName, ContactEmail: f.ContactEmail, ContactPhone: f.ContactPhone, EmergencyPhone: f.EmergencyPhone,
			})
			if err != nil {
				return Created{}, err
			}
			if made == 1 {
				tx.Audit(db.Event{Action: "development.create", Object: "development", ObjectID: id})
				return Created{ID: id}, nil
			}
		}
		return Created{}, fmt.Errorf("%w: %d developments have the short name %s", db.ErrUnique, mostSlugs, base)
	})
}

// SaveDevelopment replaces the fields of a development that still is at version, and returns its new version.
// ErrChanged if it isn't, db.ErrNotFound if who can see none by that id.
func (s *Store) SaveDevelopment(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, version time.Time, f DevelopmentFields) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		before, err := development(ctx, q, who, id)
		if err != nil {
			return Created{}, err
		}
		saved, err := q.UpdateDevelopment(ctx, dbgen.UpdateDevelopmentParams{
			TenantID: who.TenantID, ID: id, Version: version, Name: f.Name, Address: f.Address, Status: f.Status,
			ContactName: f.ContactName, ContactEmail: f.ContactEmail, ContactPhone: f.ContactPhone, EmergencyPhone: f.EmergencyPhone,
		})
		if err != nil {
			return Created{}, err
		}
		if saved == 0 {
			_, err := development(ctx, q, who, id)
			return Created{}, changedOr(err)
		}
		return Created{ID: id}, auditChange(tx, db.Event{Action: "development.update", Object: "development", ObjectID: id}, before.DevelopmentFields, f)
	})
}

// changedOr says why an update touched no row, given what reading the row said.
func changedOr(err error) error {
	if err != nil {
		return err
	}
	return ErrChanged
}

func numbered(base string, n int) string {
	if n == 1 {
		return base
	}
	return fmt.Sprintf("%s-%d", base, n)
}

// Slug is the short name for addresses: lower-case letters and digits without accents, hyphens between; fallback if
// none is left.
func Slug(name, fallback string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent of the letter before
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	s := b.String()
	if len(s) > 60 {
		s = s[:60]
	}
	if s = strings.Trim(s, "-"); s == "" {
		return fallback
	}
	return s
}
