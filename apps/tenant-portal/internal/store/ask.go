package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/tenant-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
	"openhouse.example/packages/knowledge"
)

// What an answer can be.
const (
	Answered = "answered"
	NotFound = "not_found"
	// InEmergency is an answer before which the emergency card comes, whatever was found besides.
	InEmergency = "emergency"
)

// writeExchange stores a question, its answer and where the answer stands. It gives one row for each source, or one
// without. The generator does not know functions with several columns, so it is written by hand.
const writeExchange = `
with said as (
	insert into chat_messages (tenant_id, id, development_id, unit_id, resident_id, author, outcome, body, reply_to)
	select u.tenant_id, m.id, u.development_id, u.id, $3, m.author, m.outcome, m.body, m.reply_to
	from units u
	cross join (values ($4::uuid, 'resident', null, $5::text, null::uuid), ($6::uuid, 'assistant', $7::text, $8::text, $4::uuid)) as m (id, author, outcome, body, reply_to)
	where u.tenant_id = $1 and u.id = $2
	returning id, created_at
), cited as (
	insert into chat_citations (tenant_id, id, resident_id, message_id, ordinal, document_id, version_id, faq_id, title, number, page, quote, dated)
	select $1, gen_random_uuid(), $3, $6, c.place - 1, c.document_id, c.version_id, c.faq_id, c.title, nullif(c.number, 0), nullif(c.page, 0), c.quote, f.updated_at
	from unnest($9::uuid[], $10::uuid[], $11::uuid[], $12::text[], $13::integer[], $14::integer[], $15::text[])
		with ordinality as c (document_id, version_id, faq_id, title, number, page, quote, place)
	left join faqs f on f.tenant_id = $1 and f.id = c.faq_id
	returning ordinal, dated
)
select s.created_at, coalesce(c.ordinal, -1), c.dated
from said s left join cited c on true
where s.id = $6`

// Citation is where a part of an answer stands: in a version of a document, or in an answer that the company published.
type Citation struct {
	DocumentID, FAQID *uuid.UUID // one of them; neither if it was taken away for good
	Title             string     // of the document, or the question that was answered
	Number            *int32     // of the version
	Page              *int32
	Quote             string
	Dated             *time.Time // of a published answer: when it was last changed
	There             bool       // the person still sees it
	Current           bool       // it still is as it was quoted
}

// ToCompany is a question that was put to the company, and its answer.
type ToCompany struct {
	At         time.Time
	AnsweredAt *time.Time // nil: not yet
	Answer     string
}

// Exchange is a question and its answer.
type Exchange struct {
	ID       uuid.UUID
	At       time.Time
	Question string
	Outcome  string // Answered, NotFound or InEmergency
	Danger   string // the kind of an emergency, as packages/knowledge names it
	Answer   string // the quotes, or that there are none
	Cited    []Citation
	Company  *ToCompany // nil: the company was not asked
}

// Ask answers a question from the papers that who's home sees, and notes both in the conversation. none says in words
// that there is no answer. A repetition under the same key gets the first answer.
//
// The conversation is its own record. It has no entry in the audit log, which can't be erased and which staff read.
func (s *Store) Ask(ctx context.Context, who Resident, in db.Intent, question, none string) (Exchange, error) {
	found, err := db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, q db.Querier) (knowledge.Answer, error) {
		return knowledge.Ask(ctx, q, who.TenantID, who.UnitID, question)
	})
	if err != nil {
		return Exchange{}, err
	}
	asked, err := uuid.NewV7()
	if err != nil {
		return Exchange{}, fmt.Errorf("make an id: %w", err)
	}
	answered, err := uuid.NewV7()
	if err != nil {
		return Exchange{}, fmt.Errorf("make an id: %w", err)
	}
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Exchange, error) {
		e := Exchange{
			ID: asked, Question: question, Outcome: outcome(found), Danger: found.Emergency, Answer: inWords(found.Quotes, none), Cited: cited(found.Quotes),
		}
		args := append([]any{who.TenantID, who.UnitID, who.ID, asked, e.Question, answered, e.Outcome, e.Answer}, columnsOf(found.Quotes)...)
		rows, err := tx.Query(ctx, writeExchange, args...)
		if err != nil {
			return Exchange{}, err
		}
		defer rows.Close()
		for rows.Next() {
			var place int
			var dated *time.Time
			if err := rows.Scan(&e.At, &place, &dated); err != nil {
				return Exchange{}, err
			}
			if place >= 0 && place < len(e.Cited) {
				e.Cited[place].Dated = dated
			}
		}
		return e, rows.Err()
	})
}

func outcome(a knowledge.Answer) string {
	switch {
	case a.Emergency != "":
		return InEmergency
	case len(a.Quotes) == 0:
		return NotFound
	}
	return Answered
}

// inWords is an answer as a text.
func inWords(quotes []knowledge.Passage, none string) string {
	if len(quotes) == 0 {
		return none
	}
	all := make([]string, len(quotes))
	for i, q := range quotes {
		all[i] = q.Quote
	}
	return strings.Join(all, "\n\n")
}

func cited(quotes []knowledge.Passage) []Citation {
	list := make([]Citation, len(quotes))
	for i, q := range quotes {
		list[i] = Citation{
			DocumentID: given(q.DocumentID), FAQID: given(q.FAQID), Title: q.Title, Number: positive(q.Number), Page: positive(q.Page),
			Quote: q.Quote, There: true, Current: true,
		}
	}
	return list
}

// columnsOf are quotes as writeExchange takes them, column by column.
func columnsOf(quotes []knowledge.Passage) []any {
	n := len(quotes)
	documents, versions, faqs := make([]*uuid.UUID, n), make([]*uuid.UUID, n), make([]*uuid.UUID, n)
	titles, texts := make([]string, n), make([]string, n)
	numbers, pages := make([]int32, n), make([]int32, n)
	for i, q := range quotes {
		documents[i], versions[i], faqs[i] = given(q.DocumentID), given(q.VersionID), given(q.FAQID)
		titles[i], texts[i] = q.Title, q.Quote
		numbers[i], pages[i] = int32(q.Number), int32(q.Page) //nolint:gosec // versions and pages
	}
	return []any{documents, versions, faqs, titles, numbers, pages, texts}
}

// given is an id, nil for the nil UUID.
func given(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func positive(n int) *int32 {
	if n <= 0 {
		return nil
	}
	v := int32(n) //nolint:gosec // a version or a page
	return &v
}

// Conversation lists one page of what who has asked in this home, the newest first, as the papers are today. more says
// whether another page follows.
func (s *Store) Conversation(ctx context.Context, who Resident, page Page) (list []Exchange, more bool, err error) {
	list, err = db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) ([]Exchange, error) {
		q := dbgen.New(h)
		rows, err := q.Exchanges(ctx, dbgen.ExchangesParams{
			TenantID: who.TenantID, ResidentID: who.ID, UnitID: who.UnitID,
			PageSize: int32(page.Size + 1), PageOffset: int32(page.Offset), //nolint:gosec // small numbers
		})
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		list := make([]Exchange, len(rows))
		answers, of := make([]uuid.UUID, len(rows)), map[uuid.UUID]int{}
		for i, r := range rows {
			list[i] = Exchange{ID: r.ID, At: r.CreatedAt, Question: r.Body, Answer: r.Answer}
			if r.Outcome != nil {
				list[i].Outcome = *r.Outcome
			}
			if list[i].Outcome == InEmergency {
				list[i].Danger = knowledge.Emergency(r.Body)
			}
			if r.PutAt != nil {
				list[i].Company = &ToCompany{At: *r.PutAt, AnsweredAt: r.AnsweredAt, Answer: r.CompanyAnswer}
			}
			answers[i], of[r.AnswerID] = r.AnswerID, i
		}
		sources, err := q.Citations(ctx, dbgen.CitationsParams{TenantID: who.TenantID, ResidentID: who.ID, Answers: answers})
		for _, c := range sources {
			e := &list[of[c.MessageID]]
			e.Cited = append(e.Cited, Citation{
				DocumentID: c.DocumentID, FAQID: c.FaqID, Title: c.Title, Number: c.Number, Page: c.Page, Quote: c.Quote,
				Dated: c.Dated, There: c.There, Current: c.Current,
			})
		}
		return list, err
	})
	if len(list) > page.Size {
		return list[:page.Size], true, err
	}
	return list, false, err
}

// Put is a question that the company has.
type Put struct{ ID uuid.UUID }

// PutToCompany puts a question of who's conversation to the company, once however often it is called; db.ErrNotFound if
// who has asked no such thing in this home.
func (s *Store) PutToCompany(ctx context.Context, who Resident, in db.Intent, message uuid.UUID) (Put, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Put{}, fmt.Errorf("make an id: %w", err)
	}
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Put, error) {
		q := dbgen.New(tx)
		added, err := q.PutToCompany(ctx, dbgen.PutToCompanyParams{
			TenantID: who.TenantID, ID: id, MessageID: message, ResidentID: who.ID, UnitID: who.UnitID,
		})
		if err != nil {
			return Put{}, err
		}
		if added == 0 {
			was, err := q.WasPut(ctx, dbgen.WasPutParams{TenantID: who.TenantID, ResidentID: &who.ID, UnitID: who.UnitID, MessageID: message})
			if err == nil && !was {
				err = db.ErrNotFound
			}
			return Put{}, err
		}
		tx.Audit(db.Event{Action: "question.ask", Object: "question", ObjectID: id, Detail: map[string]any{"unit": who.UnitID}})
		return Put{ID: id}, nil
	})
}
