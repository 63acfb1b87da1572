package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
)

// The states of a notice, which the database tells by its own clock.
const (
	NoticeDraft     = "draft"
	NoticeScheduled = "scheduled" // published, and its start is still to come
	NoticeLive      = "live"
	NoticeOver      = "over"
)

// Whom a notice is for.
const (
	ScopeCompany     = "company"
	ScopeDevelopment = "development"
	ScopeHouseType   = "house_type"
)

var (
	// ErrAudience refuses a development or a house type that the person can't see.
	ErrAudience = errors.New("the person sees no such development or house type")
	// ErrNoticeState refuses what a notice's state doesn't allow, such as ending one that nobody sees.
	ErrNoticeState = errors.New("the notice is in a state in which that is not possible")
)

// Audience is whom a notice is for: everybody in the company, a development or a house type of one.
type Audience struct {
	Scope         string     `json:"scope"`
	DevelopmentID *uuid.UUID `json:"developmentId"` // nil for the company
	HouseTypeID   *uuid.UUID `json:"houseTypeId"`   // of ScopeHouseType only
	Development   string     `json:"development"`   // its name
	TypeCode      string     `json:"houseType"`
	TypeName      string     `json:"-"`
}

// NoticeReach is in how many homes residents live who are meant and, of these, in how many somebody has opened it; of
// the homes that the person sees.
type NoticeReach struct {
	Homes int64 `json:"homes"`
	Seen  int64 `json:"seen"`
}

// NoticeTimes is when a notice is seen.
type NoticeTimes struct {
	TimeZone    string     `json:"timeZone"` // by whose clock StartsAt and EndsAt were given
	StartsAt    time.Time  `json:"startsAt"`
	EndsAt      *time.Time `json:"endsAt"`
	EndedAt     *time.Time `json:"endedAt"`     // by hand, before EndsAt
	PublishedAt *time.Time `json:"publishedAt"` // nil: a draft
}

// NoticeLine is a notice in the list.
type NoticeLine struct {
	ID       uuid.UUID `json:"id"`
	Title    string    `json:"title"`
	Category string    `json:"category"`
	Priority string    `json:"priority"`
	State    string    `json:"state"`
	Audience
	NoticeTimes
	NoticeReach
	UpdatedAt time.Time `json:"updatedAt"`
}

// Notice is a notice by itself. UpdatedAt is its version.
type Notice struct {
	NoticeLine
	Body      string    `json:"body"` // Markdown
	CreatedAt time.Time `json:"createdAt"`
	Past      bool      `json:"-"` // its own end has passed
}

// NoticeFields is what people enter about a notice. Only the ids of Audience count.
type NoticeFields struct {
	Title, Body, Category, Priority, TimeZone string
	Audience                                  Audience
	StartsAt                                  *time.Time // nil: now
	EndsAt                                    *time.Time // nil: when somebody ends it
}

// Notices lists one page of the notices that who may see, the newest start first; of one state, or of all for "". more
// says whether another page follows.
func (s *Store) Notices(ctx context.Context, who Staff, state string, page Page) (list []NoticeLine, more bool, err error) {
	list, err = db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, q db.Querier) ([]NoticeLine, error) {
		rows, err := dbgen.New(q).ListNotices(ctx, dbgen.ListNoticesParams{
			TenantID: who.TenantID, State: state, PageSize: int32(page.Size + 1), PageOffset: int32(page.Offset),
		})
		if err != nil {
			return nil, err
		}
		list := make([]NoticeLine, len(rows))
		for i, r := range rows {
			list[i] = NoticeLine{
				ID: r.ID, Title: r.Title, Category: r.Category, Priority: r.Priority, State: r.State, UpdatedAt: r.UpdatedAt,
				Audience:    Audience{r.Scope, r.DevelopmentID, r.HouseTypeID, r.Development, r.TypeCode, r.TypeName},
				NoticeTimes: NoticeTimes{r.TimeZone, r.StartsAt, r.EndsAt, r.EndedAt, r.PublishedAt},
				NoticeReach: NoticeReach{r.Homes, r.Seen},
			}
		}
		return list, nil
	})
	if len(list) > page.Size {
		return list[:page.Size], true, err
	}
	return list, false, err
}

// Notice reads one notice; db.ErrNotFound if who can see none by that id.
func (s *Store) Notice(ctx context.Context, who Staff, id uuid.UUID) (Notice, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (Notice, error) {
		q := dbgen.New(h)
		r, err := q.GetNotice(ctx, dbgen.GetNoticeParams{TenantID: who.TenantID, ID: id})
		if err != nil {
			return Notice{}, err
		}
		reach, err := q.NoticeReach(ctx, dbgen.NoticeReachParams{TenantID: who.TenantID, ID: id})
		return Notice{
			NoticeLine: NoticeLine{
				ID: r.ID, Title: r.Title, Category: r.Category, Priority: r.Priority, State: r.State, UpdatedAt: r.UpdatedAt,
				Audience:    Audience{r.Scope, r.DevelopmentID, r.HouseTypeID, r.Development, r.TypeCode, r.TypeName},
				NoticeTimes: NoticeTimes{r.TimeZone, r.StartsAt, r.EndsAt, r.EndedAt, r.PublishedAt},
				NoticeReach: NoticeReach(reach),
			},
			Body: r.Body, CreatedAt: r.CreatedAt, Past: r.Past,
		}, err
	})
}

// NoticeChoices is what there is to choose for a notice.
type NoticeChoices struct {
	Audiences []Audience // developments by name, each before its house types; the company is not among them
	TimeZone  string     // of the latest notice that who sees, "" if there is none
}

// NoticeChoices lists whom who can write to, and the time zone last used.
func (s *Store) NoticeChoices(ctx context.Context, who Staff) (NoticeChoices, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (NoticeChoices, error) {
		q := dbgen.New(h)
		rows, err := q.NoticeAudiences(ctx, who.TenantID)
		if err != nil {
			return NoticeChoices{}, err
		}
		var c NoticeChoices
		var last uuid.UUID
		for _, r := range rows {
			if r.DevelopmentID != last {
				last = r.DevelopmentID
				c.Audiences = append(c.Audiences, Audience{Scope: ScopeDevelopment, DevelopmentID: &r.DevelopmentID, Development: r.Development})
			}
			if r.HouseTypeID != nil {
				c.Audiences = append(c.Audiences, Audience{ScopeHouseType, &r.DevelopmentID, r.HouseTypeID, r.Development, r.TypeCode, r.TypeName})
			}
		}
		c.TimeZone, err = q.LatestNoticeZone(ctx, who.TenantID)
		if errors.Is(err, db.ErrNotFound) {
			err = nil
		}
		return c, err
	})
}

// CreateNotice makes a draft. ErrAudience for what who can't see, ErrLimited for the whole company by staff who see
// some developments only.
func (s *Store) CreateNotice(ctx context.Context, who Staff, in db.Intent, f NoticeFields) (Created, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Created{}, fmt.Errorf("make an id: %w", err)
	}
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		to, err := audience(ctx, q, who, f.Audience)
		if err != nil {
			return Created{}, err
		}
		err = q.InsertNotice(ctx, dbgen.InsertNoticeParams{
			TenantID: who.TenantID, ID: id, Scope: to.Scope, DevelopmentID: to.DevelopmentID, HouseTypeID: to.HouseTypeID, Title: f.Title, Body: f.Body,
			Category: f.Category, Priority: f.Priority, TimeZone: f.TimeZone, StartsAt: f.StartsAt, EndsAt: f.EndsAt, CreatedBy: &who.ID,
		})
		if err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "notice.create", Object: "notice", ObjectID: id, Detail: noticeDetail(to)})
		return Created{ID: id}, nil
	})
}

// SaveNotice replaces what a notice that still is at version says, for whom and when. It stays a draft or published.
// ErrChanged if it isn't at version, db.ErrNotFound if who can see none by that id, else the errors of CreateNotice;
// ErrLimited also for a notice that limited staff may only read.
func (s *Store) SaveNotice(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, version time.Time, f NoticeFields) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		if err := lockNotice(ctx, q, who, id, version); err != nil {
			return Created{}, err
		}
		to, err := audience(ctx, q, who, f.Audience)
		if err != nil {
			return Created{}, err
		}
		err = q.UpdateNotice(ctx, dbgen.UpdateNoticeParams{
			TenantID: who.TenantID, ID: id, Scope: to.Scope, DevelopmentID: to.DevelopmentID, HouseTypeID: to.HouseTypeID, Title: f.Title, Body: f.Body,
			Category: f.Category, Priority: f.Priority, TimeZone: f.TimeZone, StartsAt: f.StartsAt, EndsAt: f.EndsAt,
		})
		if err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "notice.update", Object: "notice", ObjectID: id, Detail: noticeDetail(to)})
		return Created{ID: id}, nil
	})
}

func noticeDetail(to Audience) map[string]any {
	detail := map[string]any{"scope": to.Scope}
	if to.DevelopmentID != nil {
		detail["development"] = to.DevelopmentID
	}
	return detail
}

// audience is whom a notice is for, with the development of a house type. The policies would refuse what who can't see,
// too, but not say why.
func audience(ctx context.Context, q *dbgen.Queries, who Staff, to Audience) (Audience, error) {
	var err error
	switch to.Scope {
	case ScopeCompany:
		me, err := q.Frame(ctx, dbgen.FrameParams{TenantID: who.TenantID, StaffID: who.ID})
		if err == nil && me.Limited {
			err = ErrLimited
		}
		return Audience{Scope: ScopeCompany}, err
	case ScopeDevelopment:
		_, err = development(ctx, q, who, *to.DevelopmentID)
	case ScopeHouseType:
		var of uuid.UUID
		of, err = q.DevelopmentOfType(ctx, dbgen.DevelopmentOfTypeParams{TenantID: who.TenantID, ID: *to.HouseTypeID})
		to.DevelopmentID = &of
	}
	if errors.Is(err, db.ErrNotFound) {
		err = ErrAudience
	}
	return to, err
}

// lockNotice holds a notice that still is at version until the transaction ends, so that of two changes one comes first
// and the other learns of it.
func lockNotice(ctx context.Context, q *dbgen.Queries, who Staff, id uuid.UUID, version time.Time) error {
	n, err := q.LockNotice(ctx, dbgen.LockNoticeParams{TenantID: who.TenantID, ID: id})
	switch {
	case errors.Is(err, db.ErrNotFound): // or seen, and not to be changed: a notice to the whole company, by limited staff
		if _, err := q.GetNotice(ctx, dbgen.GetNoticeParams{TenantID: who.TenantID, ID: id}); err != nil {
			return err
		}
		return ErrLimited
	case err != nil:
		return err
	case !n.UpdatedAt.Equal(version):
		return ErrChanged
	}
	return nil
}

// PublishNotice lets residents see a draft from its start on. The errors are those of SaveNotice, and ErrNoticeState if
// it is published or its end has passed.
func (s *Store) PublishNotice(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, version time.Time) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		if err := lockNotice(ctx, q, who, id, version); err != nil {
			return Created{}, err
		}
		n, err := q.PublishNotice(ctx, dbgen.PublishNoticeParams{TenantID: who.TenantID, ID: id})
		if err := turned(n, err); err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "notice.publish", Object: "notice", ObjectID: id})
		return Created{ID: id}, nil
	})
}

// UnpublishNotice makes a draft of a published notice. The errors are those of PublishNotice.
func (s *Store) UnpublishNotice(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, version time.Time) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		if err := lockNotice(ctx, q, who, id, version); err != nil {
			return Created{}, err
		}
		n, err := q.UnpublishNotice(ctx, dbgen.UnpublishNoticeParams{TenantID: who.TenantID, ID: id})
		if err := turned(n, err); err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "notice.unpublish", Object: "notice", ObjectID: id})
		return Created{ID: id}, nil
	})
}

// EndNotice ends a notice that residents see, before its end. The errors are those of PublishNotice.
func (s *Store) EndNotice(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, version time.Time) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		if err := lockNotice(ctx, q, who, id, version); err != nil {
			return Created{}, err
		}
		n, err := q.EndNotice(ctx, dbgen.EndNoticeParams{TenantID: who.TenantID, ID: id})
		if err := turned(n, err); err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "notice.end", Object: "notice", ObjectID: id})
		return Created{ID: id}, nil
	})
}

// ResumeNotice undoes EndNotice. The errors are those of PublishNotice.
func (s *Store) ResumeNotice(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, version time.Time) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		if err := lockNotice(ctx, q, who, id, version); err != nil {
			return Created{}, err
		}
		n, err := q.ResumeNotice(ctx, dbgen.ResumeNoticeParams{TenantID: who.TenantID, ID: id})
		if err := turned(n, err); err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "notice.resume", Object: "notice", ObjectID: id})
		return Created{ID: id}, nil
	})
}

// turned is ErrNoticeState if a change of state met no row.
func turned(rows int64, err error) error {
	if err == nil && rows == 0 {
		return ErrNoticeState
	}
	return err
}
