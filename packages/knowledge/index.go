package knowledge

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
)

// Version names a version of a document whose text is to be searched.
type Version struct{ TenantID, DocumentID, VersionID uuid.UUID }

const (
	deleteChunks = `delete from document_chunks where tenant_id = $1 and version_id = $2`

	// The scope is the document's, as it is now.
	insertChunks = `insert into document_chunks (tenant_id, id, development_id, house_type_id, unit_id, document_id, version_id,
			ordinal, page_from, page_to, language, title, body)
		select d.tenant_id, gen_random_uuid(), d.development_id, d.house_type_id, d.unit_id, d.id, v.id,
			c.ordinal, c.page_from, c.page_to, $9, c.title, c.body
		from documents d
		join document_versions v on v.tenant_id = d.tenant_id and v.document_id = d.id
		cross join unnest($4::integer[], $5::integer[], $6::integer[], $7::text[], $8::text[]) as c (ordinal, page_from, page_to, title, body)
		where d.tenant_id = $1 and d.id = $2 and v.id = $3`

	settleVersion = `update document_versions set text_state = $4, text_reason = $5, pages = nullif($6::integer, 0)
		where tenant_id = $1 and document_id = $2 and id = $3`

	deleteAnswerChunk = `delete from document_chunks where tenant_id = $1 and faq_id = $2`

	insertAnswerChunk = `insert into document_chunks (tenant_id, id, development_id, house_type_id, faq_id, ordinal, language, title, body)
		select f.tenant_id, gen_random_uuid(), f.development_id, f.house_type_id, f.id, 0, $3, f.question, f.answer
		from faqs f where f.tenant_id = $1 and f.id = $2 and f.published_at is not null`

	readAnswer = `select question || ' ' || answer from faqs where tenant_id = $1 and id = $2`
)

// ErrGone is returned when the version is no longer there.
var ErrGone = errors.New("the version to be indexed is not there")

// rowsAtOnce is how many passages one statement inserts.
const rowsAtOnce = 500

// Index makes a version's passages those of doc, and notes its state, reason and number of pages; what was there of
// it is gone. It is one transaction's work: killed in the middle, nothing of it happened, and done twice it is done
// once. Passages take the document's scope: when that changes, index the current version again.
//
// Call it with the transaction of a job's effect, in the worker's scope.
func Index(ctx context.Context, q db.Querier, v Version, doc Document) error {
	tag, err := q.Exec(ctx, settleVersion, v.TenantID, v.DocumentID, v.VersionID, string(doc.State()), string(doc.Reason), doc.Pages)
	if err != nil {
		return fmt.Errorf("index a version: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrGone
	}
	if _, err := q.Exec(ctx, deleteChunks, v.TenantID, v.VersionID); err != nil {
		return fmt.Errorf("index a version: %w", err)
	}
	if doc.Reason != "" {
		return nil
	}
	all := passages(doc.blocks)
	for from := 0; from < len(all); from += rowsAtOnce {
		part := all[from:min(from+rowsAtOnce, len(all))]
		ordinals, pagesFrom, pagesTo := make([]int32, len(part)), make([]int32, len(part)), make([]int32, len(part))
		titles, bodies := make([]string, len(part)), make([]string, len(part))
		for i, p := range part {
			ordinals[i], pagesFrom[i], pagesTo[i] = int32(from+i), int32(p.pageFrom), int32(p.pageTo) //nolint:gosec // MaxText bounds them
			titles[i], bodies[i] = p.title, p.body
		}
		if _, err := q.Exec(ctx, insertChunks, v.TenantID, v.DocumentID, v.VersionID, ordinals, pagesFrom, pagesTo, titles, bodies, cmp.Or(doc.Language, "en")); err != nil {
			return fmt.Errorf("index a version: %w", err)
		}
	}
	return nil
}

// IndexAnswer makes the passage of a published answer what faqs says now; one that is not published has none.
func IndexAnswer(ctx context.Context, q db.Querier, tenantID, faqID uuid.UUID) error {
	if _, err := q.Exec(ctx, deleteAnswerChunk, tenantID, faqID); err != nil {
		return fmt.Errorf("index an answer: %w", err)
	}
	var said string
	if err := q.QueryRow(ctx, readAnswer, tenantID, faqID).Scan(&said); errors.Is(err, db.ErrNotFound) {
		return nil
	} else if err != nil {
		return fmt.Errorf("index an answer: %w", err)
	}
	if _, err := q.Exec(ctx, insertAnswerChunk, tenantID, faqID, languageOf([]block{{text: said}})); err != nil {
		return fmt.Errorf("index an answer: %w", err)
	}
	return nil
}
