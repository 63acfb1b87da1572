package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform/jobs"
)

// ScopeUnit is a document's scope for one home. The others are ScopeDevelopment and ScopeHouseType.
const ScopeUnit = "unit"

// What became of the text of a version.
const (
	TextQueued     = "queued"
	TextProcessing = "processing"
	TextReady      = "ready"
	TextNone       = "no_text"
	TextFailed     = "failed"
	// TextReading is a filter: queued or processing.
	TextReading = "reading"
)

// ReadDocument is the kind of the job that makes a version searchable, and DocumentJob its payload.
const ReadDocument = "read_document"

// DocumentJob names the version to be read.
type DocumentJob struct {
	DocumentID uuid.UUID `json:"document"`
	VersionID  uuid.UUID `json:"version"`
}

var (
	// ErrArchived refuses a new version of a document that is archived.
	ErrArchived = errors.New("the document is archived")
	// ErrAlready says that a document or a version is in that state already.
	ErrAlready = errors.New("it is so already")
)

// DocumentPlace is for whom a document is: everybody in its development, a house type or one home.
type DocumentPlace struct {
	Scope       string     `json:"scope"`
	HouseTypeID *uuid.UUID `json:"houseTypeId"`
	UnitID      *uuid.UUID `json:"unitId"`
	TypeCode    string     `json:"houseType"`
	TypeName    string     `json:"-"`
	Block       string     `json:"block"`
	Home        string     `json:"home"` // its number
	Address     string     `json:"-"`    // of the home; in choices only
}

// DocumentFields is what people enter about a document. Only the scope and the ids of Place count.
type DocumentFields struct {
	Title    string
	Category string
	MustRead bool
	Place    DocumentPlace
}

// NewVersion is a stored file that becomes a version.
type NewVersion struct {
	SHA256   []byte
	FileName string
	MIME     string
	Size     int64
	Note     string
}

// DocumentVersion is a file that a document is, or was.
type DocumentVersion struct {
	ID        uuid.UUID `json:"id"`
	Number    int32     `json:"number"`
	FileName  string    `json:"fileName"`
	MIME      string    `json:"type"`
	Size      int64     `json:"size"`  // bytes
	Pages     *int32    `json:"pages"` // null until it is read, and for what has none
	Note      string    `json:"note"`
	State     string    `json:"state"`  // queued, processing, ready, no_text, failed
	Reason    string    `json:"reason"` // a word for why there is no text to search
	CreatedAt time.Time `json:"createdAt"`
	CreatedBy string    `json:"createdBy"`
}

// DocumentLine is a document in the list, with its current version.
type DocumentLine struct {
	ID         uuid.UUID       `json:"id"`
	Title      string          `json:"title"`
	Category   string          `json:"category"`
	MustRead   bool            `json:"mustRead"`
	Place      DocumentPlace   `json:"for"`
	ArchivedAt *time.Time      `json:"archivedAt"`
	UpdatedAt  time.Time       `json:"updatedAt"`
	Version    DocumentVersion `json:"version"`
}

// Document is a document by itself, with its versions, the newest first. UpdatedAt is what a change names as its version.
type Document struct {
	ID            uuid.UUID         `json:"id"`
	DevelopmentID uuid.UUID         `json:"developmentId"`
	Development   string            `json:"development"`
	Title         string            `json:"title"`
	Category      string            `json:"category"`
	MustRead      bool              `json:"mustRead"`
	Place         DocumentPlace     `json:"for"`
	ArchivedAt    *time.Time        `json:"archivedAt"`
	CreatedAt     time.Time         `json:"createdAt"`
	UpdatedAt     time.Time         `json:"updatedAt"`
	Versions      []DocumentVersion `json:"versions"`
}

// DocumentFilter narrows a list; blank fields let everything through.
type DocumentFilter struct {
	Category, Scope, State, Words string
	Archived                      bool // those that are archived, instead of those that aren't
}

// DocumentFigures count the documents of a development, and those of them whose current version is being read or can't be.
type DocumentFigures struct {
	Documents int64 `json:"documents"`
	Archived  int64 `json:"archived"`
	Reading   int64 `json:"reading"`
	Failed    int64 `json:"failed"`
}

const (
	mostVersions = 200  // of a document, in its list
	mostPlaces   = 5000 // house types and homes to choose from
)

// Documents lists one page of a development's documents by category and title, with the figures of all of them. more says
// whether another page follows.
func (s *Store) Documents(ctx context.Context, who Staff, development uuid.UUID, f DocumentFilter, page Page) (list []DocumentLine, figures DocumentFigures, more bool, err error) {
	list, err = db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) ([]DocumentLine, error) {
		q := dbgen.New(h)
		counted, err := q.DocumentFigures(ctx, dbgen.DocumentFiguresParams{TenantID: who.TenantID, DevelopmentID: development})
		if err != nil {
			return nil, err
		}
		figures = DocumentFigures(counted)
		rows, err := q.ListDocuments(ctx, dbgen.ListDocumentsParams{
			TenantID: who.TenantID, DevelopmentID: development, Archived: f.Archived, Category: f.Category, Scope: f.Scope, State: f.State, Words: f.Words,
			PageSize: int32(page.Size + 1), PageOffset: int32(page.Offset),
		})
		list := make([]DocumentLine, len(rows))
		for i, r := range rows {
			list[i] = DocumentLine{
				ID: r.ID, Title: r.Title, Category: r.Category, MustRead: r.MustRead, ArchivedAt: r.ArchivedAt, UpdatedAt: r.UpdatedAt,
				Place: DocumentPlace{Scope: r.Scope, HouseTypeID: r.HouseTypeID, UnitID: r.UnitID, TypeCode: r.TypeCode, TypeName: r.TypeName, Block: r.Block, Home: r.UnitNumber},
				Version: DocumentVersion{
					Number: r.Number, FileName: r.FileName, MIME: r.Mime, Size: r.SizeBytes, Pages: r.Pages, State: r.TextState, Reason: r.TextReason, CreatedAt: r.VersionAt,
				},
			}
		}
		return list, err
	})
	if len(list) > page.Size {
		return list[:page.Size], figures, true, err
	}
	return list, figures, false, err
}

// Document reads one document; db.ErrNotFound if who can see none by that id.
func (s *Store) Document(ctx context.Context, who Staff, id uuid.UUID) (Document, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (Document, error) {
		q := dbgen.New(h)
		r, err := q.GetDocument(ctx, dbgen.GetDocumentParams{TenantID: who.TenantID, ID: id})
		if err != nil {
			return Document{}, err
		}
		versions, err := q.DocumentVersions(ctx, dbgen.DocumentVersionsParams{TenantID: who.TenantID, DocumentID: id, Most: mostVersions})
		d := Document{
			ID: r.ID, DevelopmentID: r.DevelopmentID, Development: r.Development, Title: r.Title, Category: r.Category, MustRead: r.MustRead,
			Place:      DocumentPlace{Scope: r.Scope, HouseTypeID: r.HouseTypeID, UnitID: r.UnitID, TypeCode: r.TypeCode, TypeName: r.TypeName, Block: r.Block, Home: r.UnitNumber},
			ArchivedAt: r.ArchivedAt, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Versions: make([]DocumentVersion, len(versions)),
		}
		for i, v := range versions {
			d.Versions[i] = DocumentVersion{v.ID, v.Number, v.FileName, v.Mime, v.SizeBytes, v.Pages, v.Note, v.TextState, v.TextReason, v.CreatedAt, v.CreatedBy}
		}
		return d, err
	})
}

// VersionFile says which stored file a version is.
type VersionFile struct {
	Title    string
	SHA256   []byte
	FileName string
	MIME     string
	Size     int64
}

// VersionFile finds the file of a version; db.ErrNotFound if who can see none.
func (s *Store) VersionFile(ctx context.Context, who Staff, id uuid.UUID, number int32) (VersionFile, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (VersionFile, error) {
		r, err := dbgen.New(h).VersionFile(ctx, dbgen.VersionFileParams{TenantID: who.TenantID, DocumentID: id, Number: number})
		return VersionFile{r.Title, r.Sha256, r.FileName, r.Mime, r.SizeBytes}, err
	})
}

// DocumentPlaces lists for whom a document of a development can be: all, its house types, its homes.
func (s *Store) DocumentPlaces(ctx context.Context, who Staff, development uuid.UUID) ([]DocumentPlace, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) ([]DocumentPlace, error) {
		rows, err := dbgen.New(h).DocumentPlaces(ctx, dbgen.DocumentPlacesParams{TenantID: who.TenantID, DevelopmentID: development, Most: mostPlaces})
		list := []DocumentPlace{{Scope: ScopeDevelopment}}
		for _, r := range rows {
			if r.Scope == ScopeHouseType {
				list = append(list, DocumentPlace{Scope: r.Scope, HouseTypeID: &r.ID, TypeCode: r.Code, TypeName: r.Name})
			} else {
				list = append(list, DocumentPlace{Scope: r.Scope, UnitID: &r.ID, Home: r.Code, Address: r.Name, Block: r.Block})
			}
		}
		return list, err
	})
}

// AddDocument makes a document of a stored file, and has it read.
func (s *Store) AddDocument(ctx context.Context, who Staff, in db.Intent, development uuid.UUID, f DocumentFields, v NewVersion) (Created, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Created{}, fmt.Errorf("make an id: %w", err)
	}
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		err := q.InsertDocument(ctx, dbgen.InsertDocumentParams{
			TenantID: who.TenantID, ID: id, DevelopmentID: development, Scope: f.Place.Scope, HouseTypeID: f.Place.HouseTypeID, UnitID: f.Place.UnitID,
			Title: f.Title, Category: f.Category, MustRead: f.MustRead, CreatedBy: &who.ID,
		})
		if err == nil {
			err = addVersion(ctx, tx, who, development, id, 1, v)
		}
		if err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "document.create", Object: "document", ObjectID: id, Detail: map[string]any{"development": development, "scope": f.Place.Scope}})
		return Created{ID: id}, nil
	})
}

// AddVersion makes a stored file the current version of a document, and has it read. db.ErrNotFound if who can see no such
// document, ErrArchived if it is archived.
func (s *Store) AddVersion(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, v NewVersion) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		d, err := q.LockDocument(ctx, dbgen.LockDocumentParams{TenantID: who.TenantID, ID: id})
		if err != nil {
			return Created{}, err
		}
		if d.ArchivedAt != nil {
			return Created{}, ErrArchived
		}
		last, err := q.LastVersion(ctx, dbgen.LastVersionParams{TenantID: who.TenantID, DocumentID: id})
		if err != nil {
			return Created{}, err
		}
		if err := addVersion(ctx, tx, who, d.DevelopmentID, id, last+1, v); err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "document.version", Object: "document", ObjectID: id, Detail: map[string]any{"number": last + 1}})
		return Created{ID: id}, nil
	})
}

// addVersion inserts a version, makes it the current one and queues its reading.
func addVersion(ctx context.Context, tx *db.Tx, who Staff, development, document uuid.UUID, number int32, v NewVersion) error {
	q := dbgen.New(tx)
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	err = q.InsertVersion(ctx, dbgen.InsertVersionParams{
		TenantID: who.TenantID, ID: id, DevelopmentID: development, DocumentID: document, Number: number,
		Sha256: v.SHA256, FileName: v.FileName, Mime: v.MIME, SizeBytes: v.Size, Note: v.Note, CreatedBy: &who.ID,
	})
	if err != nil {
		return err
	}
	if err := q.SetCurrentVersion(ctx, dbgen.SetCurrentVersionParams{TenantID: who.TenantID, ID: document, VersionID: &id}); err != nil {
		return err
	}
	return queueReading(ctx, tx, who, document, id)
}

func queueReading(ctx context.Context, tx *db.Tx, who Staff, document, version uuid.UUID) error {
	_, err := jobs.Add(ctx, tx, jobs.New{TenantID: who.TenantID, Kind: ReadDocument, Payload: DocumentJob{document, version}})
	return err
}

// SaveDocument replaces what a document that still is at version says, and for whom it is; in another scope its passages
// are made anew, and until then nobody finds them who may no longer see it. ErrChanged if it isn't at version,
// db.ErrNotFound if who can see none by that id.
func (s *Store) SaveDocument(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, version time.Time, f DocumentFields) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		d, err := q.LockDocument(ctx, dbgen.LockDocumentParams{TenantID: who.TenantID, ID: id})
		switch {
		case err != nil:
			return Created{}, err
		case !d.UpdatedAt.Equal(version):
			return Created{}, ErrChanged
		}
		err = q.UpdateDocument(ctx, dbgen.UpdateDocumentParams{
			TenantID: who.TenantID, ID: id, Scope: f.Place.Scope, HouseTypeID: f.Place.HouseTypeID, UnitID: f.Place.UnitID,
			Title: f.Title, Category: f.Category, MustRead: f.MustRead,
		})
		if err != nil {
			return Created{}, err
		}
		moved := d.Scope != f.Place.Scope || !sameID(d.HouseTypeID, f.Place.HouseTypeID) || !sameID(d.UnitID, f.Place.UnitID)
		if moved && d.CurrentVersionID != nil {
			// Also one that is being read right now: it may have seen the scope that was.
			if _, err := q.ReadAgain(ctx, dbgen.ReadAgainParams{TenantID: who.TenantID, ID: *d.CurrentVersionID}); err != nil {
				return Created{}, err
			}
			if err := queueReading(ctx, tx, who, id, *d.CurrentVersionID); err != nil {
				return Created{}, err
			}
		}
		tx.Audit(db.Event{Action: "document.update", Object: "document", ObjectID: id, Detail: map[string]any{"scope": f.Place.Scope}})
		return Created{ID: id}, nil
	})
}

func sameID(a, b *uuid.UUID) bool { return a == b || a != nil && b != nil && *a == *b }

// ArchiveDocument takes a document from residents and from answers. db.ErrNotFound if who can see none by that id,
// ErrAlready if it is archived.
func (s *Store) ArchiveDocument(ctx context.Context, who Staff, in db.Intent, id uuid.UUID) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		err := archive(ctx, tx, who, id, true)
		tx.Audit(db.Event{Action: "document.archive", Object: "document", ObjectID: id})
		return Created{ID: id}, err
	})
}

// UnarchiveDocument undoes that. The errors are those of ArchiveDocument.
func (s *Store) UnarchiveDocument(ctx context.Context, who Staff, in db.Intent, id uuid.UUID) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		err := archive(ctx, tx, who, id, false)
		tx.Audit(db.Event{Action: "document.unarchive", Object: "document", ObjectID: id})
		return Created{ID: id}, err
	})
}

func archive(ctx context.Context, tx *db.Tx, who Staff, id uuid.UUID, away bool) error {
	q := dbgen.New(tx)
	if _, err := q.LockDocument(ctx, dbgen.LockDocumentParams{TenantID: who.TenantID, ID: id}); err != nil {
		return err
	}
	n, err := q.ArchiveDocument(ctx, dbgen.ArchiveDocumentParams{TenantID: who.TenantID, ID: id, Archive: away})
	if err == nil && n == 0 {
		err = ErrAlready
	}
	return err
}

// ReadVersionAgain has the current version of a document read again. ErrAlready if that is about to happen.
func (s *Store) ReadVersionAgain(ctx context.Context, who Staff, in db.Intent, id uuid.UUID) (Created, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Created, error) {
		q := dbgen.New(tx)
		d, err := q.LockDocument(ctx, dbgen.LockDocumentParams{TenantID: who.TenantID, ID: id})
		if err != nil {
			return Created{}, err
		}
		if d.CurrentVersionID == nil {
			return Created{}, db.ErrNotFound
		}
		n, err := q.ReadAgain(ctx, dbgen.ReadAgainParams{TenantID: who.TenantID, ID: *d.CurrentVersionID})
		if err == nil && n == 0 {
			err = ErrAlready
		}
		if err == nil {
			err = queueReading(ctx, tx, who, id, *d.CurrentVersionID)
		}
		if err != nil {
			return Created{}, err
		}
		tx.Audit(db.Event{Action: "document.retry", Object: "document", ObjectID: id})
		return Created{ID: id}, nil
	})
}
