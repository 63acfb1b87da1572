package documents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/knowledge"
	"openhouse.example/packages/platform/files"
	"openhouse.example/packages/platform/jobs"
)

// Reader makes versions searchable, as the worker.
type Reader struct {
	Pool      *db.Pool
	Files     files.Storage
	Extractor *knowledge.Extractor
}

const (
	fileOfVersion = `select sha256 from document_versions where tenant_id = $1 and document_id = $2 and id = $3`

	beginReading = `update document_versions set text_state = 'processing'
		where tenant_id = $1 and document_id = $2 and id = $3 and text_state = 'queued'`

	giveUpReading = `update document_versions set text_state = 'failed', text_reason = $4
		where tenant_id = $1 and document_id = $2 and id = $3`
)

// Read is the handler of store.ReadDocument. Whatever is wrong with the file is a state of its version; the job only fails
// if it could not look.
func (d *Reader) Read(ctx context.Context, j jobs.Job) (jobs.Effect, error) {
	v, err := versionOf(j)
	if err != nil {
		return nil, err
	}
	doc, err := d.read(ctx, j, v)
	if errors.Is(err, db.ErrNotFound) { // its development is gone, and it with it
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *db.Tx) error {
		err := knowledge.Index(ctx, tx, knowledge.Version{TenantID: j.TenantID, DocumentID: v.DocumentID, VersionID: v.VersionID}, doc)
		if errors.Is(err, knowledge.ErrGone) {
			return nil
		}
		return err
	}, nil
}

func versionOf(j jobs.Job) (store.DocumentJob, error) {
	var v store.DocumentJob
	if err := json.Unmarshal(j.Payload, &v); err != nil || v.VersionID == uuid.Nil {
		return v, jobs.Permanent(fmt.Errorf("the payload of a %s names no version: %w", j.Kind, err))
	}
	return v, nil
}

func (d *Reader) read(ctx context.Context, j jobs.Job, v store.DocumentJob) (knowledge.Document, error) {
	sum, err := db.Write(ctx, d.Pool, j.Scope(), db.Intent{}, func(ctx context.Context, tx *db.Tx) (sum []byte, err error) {
		if err := tx.QueryRow(ctx, fileOfVersion, j.TenantID, v.DocumentID, v.VersionID).Scan(&sum); err != nil {
			return nil, err
		}
		_, err = tx.Exec(ctx, beginReading, j.TenantID, v.DocumentID, v.VersionID)
		return sum, err
	})
	if err != nil {
		return knowledge.Document{}, err
	}
	hash, err := files.HashOf(sum)
	if err != nil {
		return knowledge.Document{}, err
	}
	f, err := d.Files.Open(ctx, j.TenantID, hash)
	if err != nil {
		return knowledge.Document{}, err
	}
	defer f.Close()
	return d.Extractor.Extract(ctx, f, f.Size())
}

// GaveUp is what a reading leaves behind that has failed for good: staff see that it did, and can have it tried again.
func (d *Reader) GaveUp(j jobs.Job) jobs.Effect {
	v, err := versionOf(j)
	if err != nil {
		return nil
	}
	return func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, giveUpReading, j.TenantID, v.DocumentID, v.VersionID, GaveUp)
		return err
	}
}
