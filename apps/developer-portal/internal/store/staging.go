package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
)

// Staging is done in steps, each a short transaction that names the version of the import which the step before left
// behind. A step whose version is not the last one fails with ErrChanged: another process has taken over.

// ImportFile is the file of an import with the settings to read it by.
type ImportFile struct {
	Bytes []byte
	ImportSettings
}

// ImportFile reads the file of an import.
func (s *Store) ImportFile(ctx context.Context, who Staff, id uuid.UUID) (ImportFile, error) {
	return db.Read(ctx, s.pool, who.unguarded(), func(ctx context.Context, h db.Querier) (ImportFile, error) {
		r, err := dbgen.New(h).ImportFile(ctx, dbgen.ImportFileParams{TenantID: who.TenantID, ID: id})
		return ImportFile{Bytes: r.FileBytes, ImportSettings: ImportSettings{DateOrder: r.DateOrder, Mapping: r.HeaderMap}}, err
	})
}

// StoredHome is a home as an import compares it.
type StoredHome = dbgen.StoredHomesRow

// Stock is what a development has before an import.
type Stock struct {
	Homes []StoredHome
	Types []HouseType
}

// Stock reads all homes and house types of a development.
func (s *Store) Stock(ctx context.Context, who Staff, development uuid.UUID) (Stock, error) {
	return db.Read(ctx, s.pool, who.unguarded(), func(ctx context.Context, h db.Querier) (Stock, error) {
		q := dbgen.New(h)
		types, err := houseTypes(ctx, q, who, development)
		if err != nil {
			return Stock{}, err
		}
		homes, err := q.StoredHomes(ctx, dbgen.StoredHomesParams{TenantID: who.TenantID, DevelopmentID: development})
		return Stock{Homes: homes, Types: types}, err
	})
}

// StagedRow is a row to be staged.
type StagedRow struct {
	Line              int
	State             string
	Block, UnitNumber string
	Data, Problems    json.RawMessage // Problems is an array, empty unless State is RowError
}

// BeginStaging takes the work on an import at version and clears what an earlier try has staged.
func (s *Store) BeginStaging(ctx context.Context, who Staff, id uuid.UUID, version time.Time) (time.Time, error) {
	return s.step(ctx, who, id, ImportUploaded, version, 0, 0, func(ctx context.Context, q *dbgen.Queries) error {
		return q.ClearImportRows(ctx, dbgen.ClearImportRowsParams{TenantID: who.TenantID, ImportID: id})
	})
}

// StageRows adds rows. done and total are for the progress bar.
func (s *Store) StageRows(ctx context.Context, who Staff, i Import, version time.Time, rows []StagedRow, done, total int) (time.Time, error) {
	p := dbgen.InsertImportRowsParams{TenantID: who.TenantID, ImportID: i.ID, DevelopmentID: i.DevelopmentID}
	for _, r := range rows {
		p.Lines = append(p.Lines, int32(r.Line))
		p.States = append(p.States, r.State)
		p.Blocks = append(p.Blocks, r.Block)
		p.UnitNumbers = append(p.UnitNumbers, r.UnitNumber)
		p.Data = append(p.Data, string(r.Data))
		p.Errors = append(p.Errors, string(r.Problems))
	}
	return s.step(ctx, who, i.ID, ImportUploaded, version, done, total, func(ctx context.Context, q *dbgen.Queries) error {
		return q.InsertImportRows(ctx, p)
	})
}

// Beat is a sign of life of a running commit.
func (s *Store) Beat(ctx context.Context, who Staff, id uuid.UUID, version time.Time, done, total int) (time.Time, error) {
	return s.step(ctx, who, id, ImportCommitting, version, done, total, nil)
}

func (s *Store) step(ctx context.Context, who Staff, id uuid.UUID, state string, version time.Time, done, total int, work func(context.Context, *dbgen.Queries) error) (time.Time, error) {
	return db.Write(ctx, s.pool, who.unguarded(), db.Intent{Subject: who.ID}, func(ctx context.Context, tx *db.Tx) (time.Time, error) {
		q := dbgen.New(tx)
		next, err := q.StepImport(ctx, dbgen.StepImportParams{
			TenantID: who.TenantID, ID: id, State: state, Version: version, DoneRows: int32(done), TotalRows: int32(total),
		})
		if err != nil {
			return time.Time{}, importChanged(ctx, q, who, id, err)
		}
		if work == nil {
			return next, nil
		}
		return next, work(ctx, q)
	})
}

// Staged is the end of staging: a preview, or a file that can't be read as it is.
type Staged struct {
	Ready                        bool
	Encoding, Delimiter          string
	Findings                     json.RawMessage
	New, Changed, Unchanged, Bad int
}

// FinishStaging ends the work on an import.
func (s *Store) FinishStaging(ctx context.Context, who Staff, id uuid.UUID, version time.Time, out Staged) error {
	state := ImportPreviewed
	if !out.Ready {
		state = ImportFailed
	}
	_, err := db.Write(ctx, s.pool, who.unguarded(), db.Intent{Subject: who.ID}, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
		q := dbgen.New(tx)
		n, err := q.FinishStaging(ctx, dbgen.FinishStagingParams{
			TenantID: who.TenantID, ID: id, Version: version, State: state, Encoding: out.Encoding, Delimiter: out.Delimiter,
			Findings: out.Findings, TotalRows: int32(out.New + out.Changed + out.Unchanged + out.Bad),
			NewRows: int32(out.New), ChangedRows: int32(out.Changed), UnchangedRows: int32(out.Unchanged), ErrorRows: int32(out.Bad),
		})
		if err == nil && n == 0 {
			err = ErrChanged
		}
		return struct{}{}, err
	})
	return err
}

// FailImport stops the work on an import, which goes back to where a person can try again. note is a word of the
// catalogue.
func (s *Store) FailImport(ctx context.Context, who Staff, id uuid.UUID, note string) error {
	_, err := db.Write(ctx, s.pool, who.unguarded(), db.Intent{Subject: who.ID}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		return dbgen.New(tx).FailImport(ctx, dbgen.FailImportParams{TenantID: who.TenantID, ID: id, Error: note})
	})
	return err
}
