package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
)

// The work on a print is done in steps, each a short transaction that names the version of the print which the step
// before left behind. A step whose version is not the last one fails with ErrChanged: another process has taken over.

// The files of a print.
const (
	FilePDF = "pdf"
	FileZIP = "zip"
)

// HomeToPrint is a home as a card names it.
type HomeToPrint = dbgen.HomesToPrintRow

// HomesToPrint lists the homes that a print reaches, in the order of the list of homes.
func (s *Store) HomesToPrint(ctx context.Context, who Staff, p Print) ([]HomeToPrint, error) {
	return db.Read(ctx, s.pool, who.unguarded(), func(ctx context.Context, h db.Querier) ([]HomeToPrint, error) {
		return dbgen.New(h).HomesToPrint(ctx, dbgen.HomesToPrintParams{
			TenantID: who.TenantID, DevelopmentID: p.DevelopmentID, Reach: string(p.Reach), UnitID: p.Home, OfBatchID: p.Batch, Most: MostPrinted,
		})
	})
}

// Company is the name of who's company, also when their session is over.
func (s *Store) Company(ctx context.Context, who Staff) (string, error) {
	return db.Read(ctx, s.pool, who.unguarded(), func(ctx context.Context, h db.Querier) (string, error) {
		frame, err := dbgen.New(h).Frame(ctx, dbgen.FrameParams{TenantID: who.TenantID, StaffID: who.ID})
		return frame.Company, err
	})
}

// Drawing is where the work on a print stands: at which version, and with how many of its cards drawn.
type Drawing struct {
	Version     time.Time
	Done, Homes int
}

// BeginPrint takes the work on a print and clears away what an earlier try has left. homes is how many cards there will
// be. It returns the next version, as all steps do.
func (s *Store) BeginPrint(ctx context.Context, who Staff, p Print, homes int) (time.Time, error) {
	return s.printStep(ctx, who, p.ID, Drawing{p.Version, 0, homes}, func(ctx context.Context, q *dbgen.Queries) error {
		return q.ClearInviteFiles(ctx, dbgen.ClearInviteFilesParams{TenantID: who.TenantID, BatchID: p.ID})
	})
}

// PrintProgress is a sign of life of a print.
func (s *Store) PrintProgress(ctx context.Context, who Staff, p Print, at Drawing) (time.Time, error) {
	return s.printStep(ctx, who, p.ID, at, nil)
}

// FilePart is a piece of one of a print's two files, counted from 0.
type FilePart struct {
	Kind    string // FilePDF or FileZIP
	Part    int
	Content []byte
}

// AddFilePart stores the next piece of a file.
func (s *Store) AddFilePart(ctx context.Context, who Staff, p Print, at Drawing, f FilePart) (time.Time, error) {
	return s.printStep(ctx, who, p.ID, at, func(ctx context.Context, q *dbgen.Queries) error {
		return q.InsertInviteFile(ctx, dbgen.InsertInviteFileParams{
			TenantID: who.TenantID, BatchID: p.ID, DevelopmentID: p.DevelopmentID, Kind: f.Kind, Part: int32(f.Part), Content: f.Content,
		})
	})
}

type stepWork func(context.Context, *dbgen.Queries) error

func (s *Store) printStep(ctx context.Context, who Staff, id uuid.UUID, at Drawing, work stepWork) (time.Time, error) {
	return db.Write(ctx, s.pool, who.unguarded(), db.Intent{Subject: who.ID}, func(ctx context.Context, tx *db.Tx) (time.Time, error) {
		q := dbgen.New(tx)
		next, err := q.StepInviteBatch(ctx, dbgen.StepInviteBatchParams{
			TenantID: who.TenantID, ID: id, Version: at.Version, Done: int32(at.Done), Homes: int32(at.Homes),
		})
		switch {
		case errors.Is(err, db.ErrNotFound):
			return time.Time{}, ErrChanged
		case err != nil || work == nil:
			return next, err
		}
		return next, work(ctx, q)
	})
}

// NewCode is the code of a home: only its hash is stored.
type NewCode struct {
	Home uuid.UUID
	Hash []byte
}

// IssueCodes makes a print ready: from this moment on the new codes work, and those that the homes had before don't.
// Other prints' files with codes that have ended are cleared away. unprintable are letters of names that stand on the
// sheets as boxes. ErrChanged if another process works on the print.
func (s *Store) IssueCodes(ctx context.Context, who Staff, in db.Intent, p Print, version time.Time, codes []NewCode, unprintable string,
) error {
	rows := dbgen.InsertInvitesParams{TenantID: who.TenantID, DevelopmentID: p.DevelopmentID, BatchID: p.ID, CreatedBy: &who.ID}
	for _, c := range codes {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("make an id: %w", err)
		}
		rows.Ids, rows.Units, rows.Hashes = append(rows.Ids, id), append(rows.Units, c.Home), append(rows.Hashes, c.Hash)
	}
	_, err := db.Write(ctx, s.pool, who.unguarded(), in, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
		q := dbgen.New(tx)
		ended, err := q.FinishInviteBatch(ctx, dbgen.FinishInviteBatchParams{
			TenantID: who.TenantID, ID: p.ID, Version: version, LifeSeconds: FileLife.Seconds(), Unprintable: unprintable,
		})
		if err == nil && ended == 0 {
			err = ErrChanged
		}
		if err != nil {
			return struct{}{}, err
		}
		revoked, err := q.RevokeInvites(ctx, dbgen.RevokeInvitesParams{TenantID: who.TenantID, Units: rows.Units})
		if err != nil {
			return struct{}{}, err
		}
		if err := q.InsertInvites(ctx, rows); err != nil {
			return struct{}{}, err
		}
		tx.Audit(db.Event{Action: "sheet.issue", Object: "invite_batch", ObjectID: p.ID, Detail: map[string]any{
			"development": p.DevelopmentID, "reach": p.Reach, "new": len(codes), "revoked": revoked,
		}})
		return struct{}{}, q.ClearSpentFiles(ctx, dbgen.ClearSpentFilesParams{TenantID: who.TenantID, DevelopmentID: p.DevelopmentID, BatchID: p.ID})
	})
	return err
}

// FailPrint ends the work on a print, which has changed nothing. note is a word of the catalogue.
func (s *Store) FailPrint(ctx context.Context, who Staff, id uuid.UUID, note string) error {
	_, err := db.Write(ctx, s.pool, who.unguarded(), db.Intent{Subject: who.ID}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		return dbgen.New(tx).FailInviteBatch(ctx, dbgen.FailInviteBatchParams{TenantID: who.TenantID, ID: id, Error: note})
	})
	return err
}

// ReadFilePart reads a piece of a print's file, counted from 0; db.ErrNotFound behind the last, and when the file's time is
// over.
func (s *Store) ReadFilePart(ctx context.Context, who Staff, id uuid.UUID, kind string, part int) ([]byte, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) ([]byte, error) {
		return dbgen.New(h).InviteFilePart(ctx, dbgen.InviteFilePartParams{TenantID: who.TenantID, BatchID: id, Kind: kind, Part: int32(part)})
	})
}

// The generator does not know functions; a test prepares this statement against the migrated schema.
const expireFilesSQL = `select invite_files_expire()`

// ExpireFiles clears away the files of all companies' prints whose time is over, and returns how many pieces there were.
func (s *Store) ExpireFiles(ctx context.Context) (int64, error) {
	return db.Door(ctx, s.pool, func(ctx context.Context, q db.Querier) (int64, error) {
		rows, err := q.Query(ctx, expireFilesSQL)
		if err != nil {
			return 0, err
		}
		return pgx.CollectExactlyOneRow(rows, pgx.RowTo[int64])
	})
}
