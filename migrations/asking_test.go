package migrations_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestStaffWritePassagesOfAnswersOnly: what papers say is the worker's to write, and what is published elsewhere is
// not for limited staff.
func TestStaffWritePassagesOfAnswersOnly(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.StaffURL())
	const ofPaper = `insert into document_chunks (tenant_id, id, development_id, document_id, version_id, ordinal, page_from, page_to, body)
		select tenant_id, gen_random_uuid(), development_id, document_id, id, 77, 1, 1, 'Drink it.' from document_versions limit 1`
	const ofAnswer = `insert into document_chunks (tenant_id, id, development_id, faq_id, ordinal, body) select $1, gen_random_uuid(), $2, $3, 0, 'Drink it.'`
	inside(t, conn, staffOf("a", "admin"), func(tx pgx.Tx) {
		if _, err := tx.Exec(t.Context(), ofPaper); code(err) != "42501" {
			t.Errorf("a passage of a paper: %v, want 42501", err)
		}
	})
	inside(t, conn, staffOf("a", "admin"), func(tx pgx.Tx) {
		if _, err := tx.Exec(t.Context(), `delete from document_chunks`); err != nil {
			t.Fatal(err)
		}
		if left := one[int](t, tx, `select count(*) from document_chunks where faq_id is null`); left == 0 {
			t.Error("passages of papers are gone")
		}
		if left := one[int](t, tx, `select count(*) from document_chunks where faq_id is not null`); left != 0 {
			t.Errorf("%d passages of answers are left", left)
		}
		if _, err := tx.Exec(t.Context(), ofAnswer, id("a", "tenant"), id("a", "park"), id("a", "faq-park")); err != nil {
			t.Errorf("a passage of an answer: %v", err)
		}
	})
	inside(t, conn, staffOf("a", "limited"), func(tx pgx.Tx) {
		if tag, err := tx.Exec(t.Context(), `delete from document_chunks where faq_id = $1`, id("a", "faq-park")); err != nil || tag.RowsAffected() != 0 {
			t.Errorf("another development's: %v, %v", tag, err)
		}
		if _, err := tx.Exec(t.Context(), ofAnswer, id("a", "tenant"), id("a", "park"), id("a", "faq-park")); code(err) != "42501" {
			t.Errorf("another development's: %v, want 42501", err)
		}
	})
}
