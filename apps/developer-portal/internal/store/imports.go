package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
	"openhouse.example/packages/web/auth"
)

// The states of an import.
const (
	ImportUploaded   = "uploaded" // being read and compared
	ImportPreviewed  = "previewed"
	ImportCommitting = "committing"
	ImportCommitted  = "committed"
	ImportFailed     = "failed" // the file can't be read as it is
	ImportUndone     = "undone" // was committed, and taken back
)

// The states of a staged row.
const (
	RowNew       = "new"
	RowChanged   = "changed"
	RowUnchanged = "unchanged"
	RowError     = "error"
)

// importLease is how long an import in work may give no sign of life before another process takes it over.
const importLease = 15 * time.Second

// Import is a file of homes on its way into a development.
type Import struct {
	ID            uuid.UUID
	DevelopmentID uuid.UUID
	Development   string
	State         string
	Note          string // what went wrong last: "" or a word of the catalogue
	FileName      string
	FileSize      int
	CreatedAt     time.Time
	CreatedBy     string
	CommittedAt   *time.Time
	UndoneAt      *time.Time
	Version       time.Time // changes with every step

	Encoding, Delimiter string
	DateOrder           string          // as chosen by a person; "" = found out
	Mapping             json.RawMessage // as chosen by a person
	Findings            json.RawMessage

	Total, New, Changed, Unchanged, Errors, Done int

	Abandoned bool // in work, without a sign of life for longer than the lease
}

// InWork says whether a process should be working on the import.
func (i Import) InWork() bool { return i.State == ImportUploaded || i.State == ImportCommitting }

// Import reads an import without its rows; db.ErrNotFound if who can see none by that id.
func (s *Store) Import(ctx context.Context, who Staff, id uuid.UUID) (Import, error) {
	return s.readImport(ctx, who, who.scope(), who.may(auth.RunImports), id)
}

// ImportInBackground is Import for work that outlives the session it was begun in.
func (s *Store) ImportInBackground(ctx context.Context, who Staff, id uuid.UUID) (Import, error) {
	return s.readImport(ctx, who, who.unguarded(), true, id)
}

func (s *Store) readImport(ctx context.Context, who Staff, scope db.Scope, rows bool, id uuid.UUID) (Import, error) {
	return db.Read(ctx, s.pool, scope, func(ctx context.Context, h db.Querier) (Import, error) {
		r, err := dbgen.New(h).GetImport(ctx, dbgen.GetImportParams{TenantID: who.TenantID, ID: id, Rows: rows, LeaseSeconds: importLease.Seconds()})
		return Import{
			ID: r.ID, DevelopmentID: r.DevelopmentID, Development: r.Development, State: r.State, Note: r.Error,
			FileName: r.FileName, FileSize: int(r.FileSize), CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy,
			CommittedAt: r.CommittedAt, UndoneAt: r.UndoneAt, Version: r.UpdatedAt, Encoding: r.Encoding, Delimiter: r.Delimiter,
			DateOrder: r.DateOrder, Mapping: r.HeaderMap, Findings: r.Findings,
			Total: int(r.TotalRows), New: int(r.NewRows), Changed: int(r.ChangedRows), Unchanged: int(r.UnchangedRows),
			Errors: int(r.ErrorRows), Done: int(r.DoneRows), Abandoned: r.Abandoned,
		}, err
	})
}

// ImportLine is an import in the list of a development's.
type ImportLine struct {
	ID          uuid.UUID  `json:"id"`
	State       string     `json:"state"`
	FileName    string     `json:"fileName"`
	Total       int32      `json:"rows"`
	New         int32      `json:"new"`
	Changed     int32      `json:"changed"`
	Unchanged   int32      `json:"unchanged"`
	Errors      int32      `json:"errors"`
	CreatedAt   time.Time  `json:"createdAt"`
	CommittedAt *time.Time `json:"committedAt"`
	CreatedBy   string     `json:"createdBy"`
}

// Imports lists the newest imports of a development.
func (s *Store) Imports(ctx context.Context, who Staff, development uuid.UUID, most int) ([]ImportLine, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) ([]ImportLine, error) {
		rows, err := dbgen.New(h).ListImports(ctx, dbgen.ListImportsParams{TenantID: who.TenantID, DevelopmentID: development, PageSize: int32(most)})
		list := make([]ImportLine, len(rows))
		for i, r := range rows {
			list[i] = ImportLine{
				ID: r.ID, State: r.State, FileName: r.FileName, Total: r.TotalRows, New: r.NewRows, Changed: r.ChangedRows,
				Unchanged: r.UnchangedRows, Errors: r.ErrorRows, CreatedAt: r.CreatedAt, CommittedAt: r.CommittedAt, CreatedBy: r.CreatedBy,
			}
		}
		return list, err
	})
}

// ImportRow is a staged row. Data and Problems are what was staged.
type ImportRow struct {
	Line              int
	State             string
	Block, UnitNumber string
	Data, Problems    json.RawMessage
	UnitID            *uuid.UUID // the home that the row made or changed
}

// ImportRows lists staged rows of one state in the order of the file; none to those who may not see what stands in it.
func (s *Store) ImportRows(ctx context.Context, who Staff, id uuid.UUID, state string, page Page) ([]ImportRow, error) {
	if !who.may(auth.RunImports) {
		return nil, nil
	}
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) ([]ImportRow, error) {
		rows, err := dbgen.New(h).ListImportRows(ctx, dbgen.ListImportRowsParams{
			TenantID: who.TenantID, ImportID: id, State: state, PageSize: int32(page.Size), PageOffset: int32(page.Offset),
		})
		list := make([]ImportRow, len(rows))
		for i, r := range rows {
			list[i] = ImportRow{
				Line: int(r.LineNumber), State: r.State, Block: r.Block, UnitNumber: r.UnitNumber,
				Data: r.Data, Problems: r.Errors, UnitID: r.UnitID,
			}
		}
		return list, err
	})
}

// Started is an import whose work can begin.
type Started struct {
	ID      uuid.UUID `json:"id"`
	Version time.Time `json:"version"`
}

// CreateImport stores a file for a development; db.ErrNotFound if who can see none by that id.
func (s *Store) CreateImport(ctx context.Context, who Staff, in db.Intent, development uuid.UUID, name string, file []byte) (Started, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Started{}, fmt.Errorf("make an id: %w", err)
	}
	sum := sha256.Sum256(file)
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Started, error) {
		q := dbgen.New(tx)
		// Asked first: a foreign key would tell a stranger's development from one that never was.
		if _, err := q.GetDevelopment(ctx, dbgen.GetDevelopmentParams{TenantID: who.TenantID, ID: development}); err != nil {
			return Started{}, err
		}
		version, err := q.InsertImport(ctx, dbgen.InsertImportParams{
			TenantID: who.TenantID, ID: id, DevelopmentID: development, FileName: name, FileBytes: file, FileSha256: sum[:], CreatedBy: &who.ID,
		})
		tx.Audit(db.Event{Action: "import.upload", Object: "import", ObjectID: id, Detail: map[string]any{"development": development, "bytes": len(file)}})
		return Started{ID: id, Version: version}, err
	})
}

// ImportSettings is what a person chooses about reading a file.
type ImportSettings struct {
	DateOrder string          // "" finds out
	Mapping   json.RawMessage // column to field
}

// RestartImport has a file read again with other settings. version is that of the preview which the person has seen,
// nil for any. ErrChanged if there is another one by now or it has gone further.
func (s *Store) RestartImport(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, version *time.Time, set ImportSettings) (Started, error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Started, error) {
		q := dbgen.New(tx)
		next, err := q.RestartImport(ctx, dbgen.RestartImportParams{
			TenantID: who.TenantID, ID: id, Version: version, DateOrder: set.DateOrder, HeaderMap: set.Mapping,
		})
		if err != nil {
			return Started{}, importChanged(ctx, q, who, id, err)
		}
		tx.Audit(db.Event{Action: "import.settings", Object: "import", ObjectID: id})
		return Started{ID: id, Version: next}, nil
	})
}

// importChanged tells an import that isn't there from one that is in another state.
func importChanged(ctx context.Context, q *dbgen.Queries, who Staff, id uuid.UUID, err error) error {
	if !errors.Is(err, db.ErrNotFound) {
		return err
	}
	if _, err := q.ImportToCommit(ctx, dbgen.ImportToCommitParams{TenantID: who.TenantID, ID: id}); err != nil {
		return err
	}
	return ErrChanged
}

// DiscardImport removes an import that has changed no home, with its file. ErrChanged if it has.
func (s *Store) DiscardImport(ctx context.Context, who Staff, in db.Intent, id uuid.UUID) (development uuid.UUID, err error) {
	return db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (uuid.UUID, error) {
		q := dbgen.New(tx)
		old, err := q.ImportToCommit(ctx, dbgen.ImportToCommitParams{TenantID: who.TenantID, ID: id})
		if err != nil {
			return uuid.Nil, err
		}
		gone, err := q.DiscardImport(ctx, dbgen.DiscardImportParams{TenantID: who.TenantID, ID: id})
		if err == nil && gone == 0 {
			err = ErrChanged
		}
		tx.Audit(db.Event{Action: "import.discard", Object: "import", ObjectID: id, Detail: map[string]any{"development": old.DevelopmentID}})
		return old.DevelopmentID, err
	})
}
