package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/tenant-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
)

// DocumentLine is a document in the list, in its current version.
type DocumentLine struct {
	ID        uuid.UUID
	Title     string
	Category  string
	MustRead  bool
	Scope     string // development, house_type, unit
	Number    int32
	MIME      string
	Size      int64     // bytes
	Pages     *int32    // nil: not known, or none
	VersionAt time.Time // since when this version is there
}

// mostDocuments bounds a list. No home has as many papers.
const mostDocuments = 1000

// Documents lists the papers of who's home whose title has the words, by category. Which those are, the database decides:
// of the development, the house type or the home, and not archived.
func (s *Store) Documents(ctx context.Context, who Resident, words string) ([]DocumentLine, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) ([]DocumentLine, error) {
		rows, err := dbgen.New(h).Documents(ctx, dbgen.DocumentsParams{TenantID: who.TenantID, Words: words, Most: mostDocuments})
		list := make([]DocumentLine, len(rows))
		for i, r := range rows {
			list[i] = DocumentLine{r.ID, r.Title, r.Category, r.MustRead, r.Scope, r.Number, r.Mime, r.SizeBytes, r.Pages, r.CreatedAt}
		}
		return list, err
	})
}

// DocumentFile says which stored file a version is.
type DocumentFile struct {
	SHA256   []byte
	FileName string
	MIME     string
	Size     int64
}

// DocumentFile finds the file of a version, of the current one for number 0; db.ErrNotFound if who doesn't see the
// document, or not any more.
func (s *Store) DocumentFile(ctx context.Context, who Resident, id uuid.UUID, number int32) (DocumentFile, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (DocumentFile, error) {
		r, err := dbgen.New(h).DocumentFile(ctx, dbgen.DocumentFileParams{TenantID: who.TenantID, ID: id, Number: number})
		return DocumentFile{r.Sha256, r.FileName, r.Mime, r.SizeBytes}, err
	})
}
