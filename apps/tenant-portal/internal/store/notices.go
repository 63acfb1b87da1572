package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/tenant-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
)

// NoticeLine is a notice in a list.
type NoticeLine struct {
	ID       uuid.UUID
	Title    string
	Category string
	Priority string // normal, important, urgent
	TimeZone string // by whose clock the company tells its times
	Since    time.Time
	Until    *time.Time // nil: until the company ends it
	Read     bool       // by this person, in whichever home
}

// Notice is a notice by itself.
type Notice struct {
	NoticeLine
	Body string // Markdown
}

// Page is a cut of a long list: Size rows from Offset.
type Page struct{ Size, Offset int }

// noticesAtHome is how many notices a person sees beside their home.
const noticesAtHome = 3

// Notices lists one page of the notices for who's home, the most urgent first and then the newest. Which those are, the
// database decides: published, begun, not over, and for the company, the development or the house type. more says
// whether another page follows.
func (s *Store) Notices(ctx context.Context, who Resident, page Page) (list []NoticeLine, more bool, err error) {
	list, err = db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) ([]NoticeLine, error) {
		return notices(ctx, dbgen.New(h), who, page)
	})
	list, more = page.cut(list)
	return list, more, err
}

// cut takes off what is beyond the page, and says whether there was any.
func (p Page) cut(list []NoticeLine) ([]NoticeLine, bool) {
	if len(list) > p.Size {
		return list[:p.Size], true
	}
	return list, false
}

// notices reads a page and, if there is one, the notice behind it.
func notices(ctx context.Context, q *dbgen.Queries, who Resident, page Page) ([]NoticeLine, error) {
	rows, err := q.Notices(ctx, dbgen.NoticesParams{
		TenantID: who.TenantID, ResidentID: who.ID, PageSize: int32(page.Size + 1), PageOffset: int32(page.Offset), //nolint:gosec // small numbers
	})
	list := make([]NoticeLine, len(rows))
	for i, r := range rows {
		list[i] = NoticeLine{r.ID, r.Title, r.Category, r.Priority, r.TimeZone, r.Since, r.EndsAt, r.Read}
	}
	return list, err
}

// Notice reads one notice; db.ErrNotFound if who doesn't see it, or not any more.
func (s *Store) Notice(ctx context.Context, who Resident, id uuid.UUID) (Notice, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (Notice, error) {
		r, err := dbgen.New(h).Notice(ctx, dbgen.NoticeParams{TenantID: who.TenantID, ResidentID: who.ID, ID: id})
		return Notice{NoticeLine{r.ID, r.Title, r.Category, r.Priority, r.TimeZone, r.Since, r.EndsAt, r.Read}, r.Body}, err
	})
}

// MarkNoticeRead notes that who has opened a notice; once, however often it is called. What who doesn't see (any more)
// is not noted.
//
// The mark is its own record. It has no entry in the audit log, which can't be erased: what somebody reads goes with
// them.
func (s *Store) MarkNoticeRead(ctx context.Context, who Resident, in db.Intent, id uuid.UUID) error {
	_, err := db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (int64, error) {
		return dbgen.New(tx).MarkNoticeRead(ctx, dbgen.MarkNoticeReadParams{TenantID: who.TenantID, ResidentID: who.ID, ID: id})
	})
	return err
}
