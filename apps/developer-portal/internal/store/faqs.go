package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
	"openhouse.example/packages/knowledge"
)

var (
	// ErrPublished refuses to publish a question twice, and a published answer once more.
	ErrPublished = errors.New("it is published already")
	// ErrNotPublished refuses to withdraw what nobody sees, and to publish a question that has no answer.
	ErrNotPublished = errors.New("there is nothing published")
)

// FAQLine is an answer in the list of those that were published. It is for a development, or for a house type of it.
type FAQLine struct {
	ID            uuid.UUID  `json:"id"`
	Question      string     `json:"question"`
	DevelopmentID uuid.UUID  `json:"developmentId"`
	Development   string     `json:"development"`
	HouseTypeID   *uuid.UUID `json:"houseTypeId"`
	TypeCode      string     `json:"houseType"`
	TypeName      string     `json:"-"`
	PublishedAt   *time.Time `json:"publishedAt"` // nil: withdrawn
	UpdatedAt     time.Time  `json:"updatedAt"`
}

// FAQ is a published answer by itself. UpdatedAt is its version.
type FAQ struct {
	FAQLine
	Answer     string     `json:"answer"`
	QuestionID *uuid.UUID `json:"questionId"` // that it came from
}

// FAQFields is what people enter about a published answer.
type FAQFields struct {
	Question, Answer string
	HouseTypeID      uuid.UUID // nil UUID: for the whole development
}

// FAQs lists one page of the answers that who may see, those that residents see first.
func (s *Store) FAQs(ctx context.Context, who Staff, page Page) (list []FAQLine, total int64, err error) {
	list, err = db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) ([]FAQLine, error) {
		rows, err := dbgen.New(h).ListFAQs(ctx, dbgen.ListFAQsParams{TenantID: who.TenantID, PageSize: int32(page.Size), PageOffset: int32(page.Offset)})
		list := make([]FAQLine, len(rows))
		for i, r := range rows {
			total = r.Total
			list[i] = FAQLine{r.ID, r.Question, r.DevelopmentID, r.Development, r.HouseTypeID, r.TypeCode, r.TypeName, r.PublishedAt, r.UpdatedAt}
		}
		return list, err
	})
	return list, total, err
}

// FAQ reads one published answer; db.ErrNotFound if who can see none by that id.
func (s *Store) FAQ(ctx context.Context, who Staff, id uuid.UUID) (FAQ, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (FAQ, error) {
		r, err := dbgen.New(h).GetFAQ(ctx, dbgen.GetFAQParams{TenantID: who.TenantID, ID: id})
		return FAQ{
			FAQLine: FAQLine{r.ID, r.Question, r.DevelopmentID, r.Development, r.HouseTypeID, r.TypeCode, r.TypeName, r.PublishedAt, r.UpdatedAt},
			Answer:  r.Answer, QuestionID: r.QuestionID,
		}, err
	})
}

// TypeChoice is a house type to choose.
type TypeChoice struct {
	ID         uuid.UUID
	Code, Name string
}

// TypeChoices lists the house types of a development.
func (s *Store) TypeChoices(ctx context.Context, who Staff, developmentID uuid.UUID) ([]TypeChoice, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) ([]TypeChoice, error) {
		rows, err := dbgen.New(h).TypesOf(ctx, dbgen.TypesOfParams{TenantID: who.TenantID, DevelopmentID: developmentID})
		list := make([]TypeChoice, len(rows))
		for i, r := range rows {
			list[i] = TypeChoice(r)
		}
		return list, err
	})
}

// PublishAnswer publishes an answered question in the given words, for its development or a house type of it, so that
// the next person who asks gets it quoted.
//
// ErrNotPublished if it has no answer yet, ErrPublished if it was published before, ErrAudience for a house type of
// another development; db.ErrNotFound if who can see none by that id.
func (s *Store) PublishAnswer(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, f FAQFields) (Created, error) {
	ids, err := newIDs(1)
	if err != nil {
		return Created{}, err
	}
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		asked, err := holdQuestion(ctx, q, who, id)
		switch {
		case err != nil:
			return Created{}, err
		case asked.FAQ != nil:
			return Created{}, ErrPublished
		case asked.State != QuestionAnswered:
			return Created{}, ErrNotPublished
		}
		if err := typeOf(ctx, q, who, asked.Home.DevelopmentID, f.HouseTypeID); err != nil {
			return Created{}, err
		}
		if err := q.InsertFAQ(ctx, dbgen.InsertFAQParams{
			TenantID: who.TenantID, ID: ids[0], DevelopmentID: asked.Home.DevelopmentID, HouseTypeID: given(f.HouseTypeID), QuestionID: &id,
			Question: f.Question, Answer: f.Answer, CreatedBy: &who.ID,
		}); err != nil {
			return Created{}, err
		}
		if err := knowledge.IndexAnswer(ctx, tx, who.TenantID, ids[0]); err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "faq.publish", Object: "faq", ObjectID: ids[0], Detail: map[string]any{"question": id, "development": asked.Home.DevelopmentID}})
		return Created{ID: ids[0]}, nil
	})
}

// typeOf is ErrAudience if a house type, unless it is the nil UUID, isn't one of the development.
func typeOf(ctx context.Context, q *dbgen.Queries, who Staff, developmentID, houseTypeID uuid.UUID) error {
	if houseTypeID == uuid.Nil {
		return nil
	}
	of, err := q.DevelopmentOfType(ctx, dbgen.DevelopmentOfTypeParams{TenantID: who.TenantID, ID: houseTypeID})
	if errors.Is(err, db.ErrNotFound) || err == nil && of != developmentID {
		return ErrAudience
	}
	return err
}

// SaveFAQ changes what a published answer says and for which homes, if it still is at version. The next person who asks
// gets the new words; ErrChanged, ErrAudience, db.ErrNotFound.
func (s *Store) SaveFAQ(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, version time.Time, f FAQFields) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		held, err := holdFAQ(ctx, q, who, id, version)
		if err != nil {
			return Created{}, err
		}
		if err := typeOf(ctx, q, who, held.DevelopmentID, f.HouseTypeID); err != nil {
			return Created{}, err
		}
		if err := q.UpdateFAQ(ctx, dbgen.UpdateFAQParams{TenantID: who.TenantID, ID: id, HouseTypeID: given(f.HouseTypeID), Question: f.Question, Answer: f.Answer}); err != nil {
			return Created{}, err
		}
		if err := knowledge.IndexAnswer(ctx, tx, who.TenantID, id); err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "faq.update", Object: "faq", ObjectID: id, Detail: map[string]any{"development": held.DevelopmentID}})
		return Created{ID: id}, nil
	})
}

// WithdrawFAQ takes a published answer back: nobody gets it quoted any more. ErrNotPublished, ErrChanged, db.ErrNotFound.
func (s *Store) WithdrawFAQ(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, version time.Time) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		held, err := turnFAQ(ctx, tx, who, id, version, false)
		if err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "faq.withdraw", Object: "faq", ObjectID: id, Detail: map[string]any{"development": held.DevelopmentID}})
		return Created{ID: id}, nil
	})
}

// RepublishFAQ publishes a withdrawn answer again. ErrPublished, ErrChanged, db.ErrNotFound.
func (s *Store) RepublishFAQ(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, version time.Time) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		held, err := turnFAQ(ctx, tx, who, id, version, true)
		if err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "faq.publish", Object: "faq", ObjectID: id, Detail: map[string]any{"development": held.DevelopmentID}})
		return Created{ID: id}, nil
	})
}

func turnFAQ(ctx context.Context, tx *db.Tx, who Staff, id uuid.UUID, version time.Time, publish bool) (dbgen.LockFAQRow, error) {
	q := dbgen.New(tx)
	held, err := holdFAQ(ctx, q, who, id, version)
	switch {
	case err != nil:
		return held, err
	case publish && held.PublishedAt != nil:
		return held, ErrPublished
	case !publish && held.PublishedAt == nil:
		return held, ErrNotPublished
	}
	if err := q.TurnFAQ(ctx, dbgen.TurnFAQParams{TenantID: who.TenantID, ID: id, Publish: publish}); err != nil {
		return held, err
	}
	return held, knowledge.IndexAnswer(ctx, tx, who.TenantID, id)
}

// holdFAQ holds a published answer that still is at version until the transaction ends.
func holdFAQ(ctx context.Context, q *dbgen.Queries, who Staff, id uuid.UUID, version time.Time) (dbgen.LockFAQRow, error) {
	held, err := q.LockFAQ(ctx, dbgen.LockFAQParams{TenantID: who.TenantID, ID: id})
	if err == nil && !held.UpdatedAt.Equal(version) {
		err = ErrChanged
	}
	return held, err
}
