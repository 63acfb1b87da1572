package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
)

// The states of a question.
const (
	QuestionOpen     = "open"
	QuestionAnswered = "answered"
)

// AnsweredError says that a question was answered before. Nothing was changed.
type AnsweredError struct {
	By string // name of the member of staff; "" if nobody is on record
	At time.Time
}

func (a *AnsweredError) Error() string { return "the question was answered before" }

// QuestionLine is a question in the queue. It doesn't say who asks.
type QuestionLine struct {
	ID         uuid.UUID  `json:"id"`
	Question   string     `json:"question"`
	State      string     `json:"state"`
	At         time.Time  `json:"askedAt"`
	AnsweredAt *time.Time `json:"answeredAt"`
	Home       NamedHome  `json:"home"`
	Published  bool       `json:"published"`
}

// Question is a question by itself, with who asks.
type Question struct {
	QuestionLine
	Answer     string     `json:"answer"`
	AnsweredBy string     `json:"answeredBy"`
	Name       string     `json:"name"`
	Email      string     `json:"email"`   // "" if the person was erased
	FAQ        *uuid.UUID `json:"faqId"`   // what was published of it
	Told       bool       `json:"isThere"` // the person lives there, so that an answer is mailed
	HouseType  uuid.UUID  `json:"-"`
}

// QuestionFilter narrows the queue: to a state, and to a development unless that is blank.
type QuestionFilter struct {
	State       string
	Development uuid.UUID
}

// QuestionCount is a development with its number of open questions.
type QuestionCount struct {
	ID        uuid.UUID
	Name      string
	Questions int64
}

// QuestionList is one page of questions.
type QuestionList struct {
	Questions []QuestionLine
	Total     int64           // on all pages; 0 also for a page behind the last one
	Counts    []QuestionCount // of all developments with open questions, whatever the filter
}

// Questions lists one page of the questions that who may see: open ones, the oldest first, or answered ones, the latest
// first.
func (s *Store) Questions(ctx context.Context, who Staff, f QuestionFilter, page Page) (QuestionList, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (QuestionList, error) {
		q := dbgen.New(h)
		counts, err := q.QuestionFigures(ctx, who.TenantID)
		if err != nil {
			return QuestionList{}, err
		}
		rows, err := q.ListQuestions(ctx, dbgen.ListQuestionsParams{
			TenantID: who.TenantID, State: f.State, DevelopmentID: given(f.Development), PageSize: int32(page.Size), PageOffset: int32(page.Offset),
		})
		list := QuestionList{Questions: make([]QuestionLine, len(rows))}
		for _, c := range counts {
			list.Counts = append(list.Counts, QuestionCount(c))
		}
		for i, r := range rows {
			list.Total = r.Total
			list.Questions[i] = QuestionLine{
				ID: r.ID, Question: r.Body, State: r.State, At: r.CreatedAt, AnsweredAt: r.AnsweredAt, Published: r.Published,
				Home: NamedHome{
					ID: r.UnitID, DevelopmentID: r.DevelopmentID, Development: r.Development, Block: r.Block, UnitNumber: r.UnitNumber,
					AddressLine1: r.AddressLine1,
				},
			}
		}
		return list, err
	})
}

// Question reads one question; db.ErrNotFound if who can see none by that id.
func (s *Store) Question(ctx context.Context, who Staff, id uuid.UUID) (Question, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (Question, error) {
		return question(ctx, dbgen.New(h), who, id)
	})
}

func question(ctx context.Context, q *dbgen.Queries, who Staff, id uuid.UUID) (Question, error) {
	r, err := q.GetQuestion(ctx, dbgen.GetQuestionParams{TenantID: who.TenantID, ID: id})
	return Question{
		QuestionLine: QuestionLine{
			ID: r.ID, Question: r.Body, State: r.State, At: r.CreatedAt, AnsweredAt: r.AnsweredAt, Published: r.FaqID != nil,
			Home: NamedHome{
				ID: r.UnitID, DevelopmentID: r.DevelopmentID, Development: r.Development, Block: r.Block, UnitNumber: r.UnitNumber,
				AddressLine1: r.AddressLine1,
			},
		},
		Answer: r.Answer, AnsweredBy: r.AnsweredBy, Name: r.FullName, Email: r.Email, FAQ: r.FaqID, Told: r.LivesThere && r.Email != "", HouseType: r.HouseTypeID,
	}, err
}

// AnswerMail is what the mail to somebody whose question was answered is written from.
type AnswerMail struct{ Company, Question, Answer string }

// Answer answers an open question and queues a mail to whoever asked, if they still live there.
//
// *AnsweredError if it was answered before; db.ErrNotFound if who can see none by that id.
func (s *Store) Answer(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, answer string, write func(AnswerMail) (subject, body string)) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		asked, err := holdQuestion(ctx, q, who, id)
		if err != nil {
			return Created{}, err
		}
		if asked.State != QuestionOpen {
			return Created{}, answeredBefore(asked)
		}
		if err := q.AnswerQuestion(ctx, dbgen.AnswerQuestionParams{TenantID: who.TenantID, ID: id, Answer: answer, AnsweredBy: &who.ID}); err != nil {
			return Created{}, err
		}
		if asked.Told {
			frame, err := q.Frame(ctx, dbgen.FrameParams{TenantID: who.TenantID, StaffID: who.ID})
			if err != nil {
				return Created{}, err
			}
			subject, body := write(AnswerMail{Company: frame.Company, Question: asked.Question, Answer: answer})
			if _, err := platform.Enqueue(ctx, tx, platform.Mail{TenantID: who.TenantID, Kind: "question_answered", To: asked.Email, Subject: subject, Body: body}); err != nil {
				return Created{}, err
			}
		}
		tx.Audit(db.Event{Action: "question.answer", Object: "question", ObjectID: id, Detail: map[string]any{"unit": asked.Home.ID, "mailed": asked.Told}})
		return Created{ID: id}, nil
	})
}

// holdQuestion reads a question and holds it: whoever answers or publishes it at the same moment comes before or after.
func holdQuestion(ctx context.Context, q *dbgen.Queries, who Staff, id uuid.UUID) (Question, error) {
	if _, err := q.LockQuestion(ctx, dbgen.LockQuestionParams{TenantID: who.TenantID, ID: id}); err != nil {
		return Question{}, err
	}
	return question(ctx, q, who, id)
}

func answeredBefore(q Question) error {
	a := &AnsweredError{By: q.AnsweredBy}
	if q.AnsweredAt != nil {
		a.At = *q.AnsweredAt
	}
	return a
}
