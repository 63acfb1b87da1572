package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store/dbgen"
	"openhouse.example/packages/db"
)

// ErrStale says that homes have changed since an import was previewed, so that it would not do what the person has
// seen. Nothing was committed.
var ErrStale = errors.New("homes have changed since the preview")

// ErrOtherImport says that another import into the same development is being committed.
var ErrOtherImport = errors.New("another import into this development is being committed")

// commitRows is how many rows one statement or batch commits: far from the statement limit, few round trips.
const commitRows = 500

// BeginCommit has the import committed that the person has seen at version (nil: as it is). began is false when that
// was asked for before: the answer to a double click. ErrChanged if there is another preview by now, ErrOtherImport if
// another import into the development is being committed.
func (s *Store) BeginCommit(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, version *time.Time) (start Started, began bool, err error) {
	type answer struct {
		Started
		Began bool `json:"began"`
	}
	a, err := db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (answer, error) {
		q := dbgen.New(tx)
		next, err := q.BeginCommit(ctx, dbgen.BeginCommitParams{TenantID: who.TenantID, ID: id, Version: version})
		if err == nil {
			tx.Audit(db.Event{Action: "import.approve", Object: "import", ObjectID: id})
			return answer{Started{ID: id, Version: next}, true}, nil
		}
		if !errors.Is(err, db.ErrNotFound) {
			return answer{}, err
		}
		i, err := q.ImportToCommit(ctx, dbgen.ImportToCommitParams{TenantID: who.TenantID, ID: id})
		switch {
		case err != nil:
			return answer{}, err
		case i.State == ImportCommitting, i.State == ImportCommitted:
			return answer{Started: Started{ID: id}}, nil
		}
		return answer{}, ErrChanged
	})
	if errors.Is(err, db.ErrUnique) { // imports_committing: one at a time
		err = ErrOtherImport
	}
	return a.Started, a.Began, err
}

// RowToCommit is a row that a commit will carry out, with what it was compared with.
type RowToCommit struct {
	Line              int
	State             string // RowNew or RowChanged
	Block, UnitNumber string
	HomeID            uuid.UUID
	Seen              time.Time // of a changed row: when its home had last been changed
	TypeCode          string
	Bedrooms          int // -1: the file doesn't say
}

// HomeVersion is a home as it is now.
type HomeVersion = dbgen.HomeVersionsRow

// Now is what a development has at the moment of a commit.
type Now struct {
	Homes []HomeVersion
	Types []HouseType
}

// CommitImport makes and changes the homes of an import in one transaction: all of its good rows, or none. check says
// whether the rows still do what the person has seen; progress is told how many rows are done, and may start over.
// ErrChanged if the import is not being committed (any more), ErrStale if check said no.
func (s *Store) CommitImport(ctx context.Context, who Staff, in db.Intent, id uuid.UUID, check func([]RowToCommit, Now) bool, progress func(done int)) error {
	_, err := db.Write(ctx, s.pool, who.unguarded(), in, func(ctx context.Context, tx *db.Tx) (struct{}, error) {
		progress(0)
		c := commit{q: dbgen.New(tx), who: who, id: id, progress: progress}
		if err := c.q.ImportLock(ctx, "import:"+id.String()); err != nil {
			return struct{}{}, err
		}
		i, err := c.q.ImportToCommit(ctx, dbgen.ImportToCommitParams{TenantID: who.TenantID, ID: id})
		if err != nil {
			return struct{}{}, err
		}
		if i.State != ImportCommitting {
			return struct{}{}, ErrChanged
		}
		c.development = i.DevelopmentID
		if err := c.q.ImportLock(ctx, developmentLock(c.development)); err != nil { // an undo may be at it
			return struct{}{}, err
		}
		if err := c.run(ctx, check); err != nil {
			return struct{}{}, err
		}
		ended, err := c.q.FinishCommit(ctx, dbgen.FinishCommitParams{TenantID: who.TenantID, ID: id})
		if err != nil {
			return struct{}{}, err
		}
		if ended == 0 {
			return struct{}{}, ErrChanged
		}
		tx.Audit(db.Event{Action: "import.commit", Object: "import", ObjectID: id, Detail: map[string]any{
			"development": i.DevelopmentID, "new": i.NewRows, "changed": i.ChangedRows,
		}})
		return struct{}{}, nil
	})
	return err
}

// commit is one attempt at committing an import.
type commit struct {
	q               *dbgen.Queries
	who             Staff
	id, development uuid.UUID
	progress        func(int)
	done            int
}

func (c *commit) run(ctx context.Context, check func([]RowToCommit, Now) bool) error {
	rows, now, err := c.read(ctx)
	if err != nil {
		return err
	}
	if !check(rows, now) {
		return ErrStale
	}
	if err := c.q.InsertHouseTypes(ctx, dbgen.InsertHouseTypesParams{TenantID: c.who.TenantID, ImportID: c.id}); err != nil {
		return err
	}
	made := func(r RowToCommit) bool { return r.State == RowNew }
	changed := func(r RowToCommit) bool { return r.State == RowChanged }
	all := func(RowToCommit) bool { return true }
	if err := c.inParts(ctx, rows, made, c.make); err != nil {
		return err
	}
	if err := c.inParts(ctx, rows, changed, c.change); err != nil {
		return err
	}
	return c.inParts(ctx, rows, all, c.mark)
}

// inParts does work on the rows that are meant, some at a time.
func (c *commit) inParts(ctx context.Context, rows []RowToCommit, meant func(RowToCommit) bool, work func(context.Context, []RowToCommit) error) error {
	var part []RowToCommit
	for i, r := range rows {
		if meant(r) {
			part = append(part, r)
		}
		if len(part) == commitRows || i == len(rows)-1 && len(part) > 0 {
			if err := work(ctx, part); err != nil {
				return err
			}
			part = part[:0]
		}
	}
	return nil
}

func (c *commit) read(ctx context.Context) ([]RowToCommit, Now, error) {
	staged, err := c.q.RowsToCommit(ctx, dbgen.RowsToCommitParams{TenantID: c.who.TenantID, ImportID: c.id})
	if err != nil {
		return nil, Now{}, err
	}
	rows := make([]RowToCommit, len(staged))
	for i, r := range staged {
		rows[i] = RowToCommit{
			Line: int(r.LineNumber), State: r.State, Block: r.Block, UnitNumber: r.UnitNumber, HomeID: r.HomeID, Seen: r.Seen,
			TypeCode: r.TypeCode, Bedrooms: int(r.Bedrooms),
		}
	}
	types, err := houseTypes(ctx, c.q, c.who, c.development)
	if err != nil {
		return nil, Now{}, err
	}
	homes, err := c.q.HomeVersions(ctx, dbgen.HomeVersionsParams{TenantID: c.who.TenantID, DevelopmentID: c.development})
	return rows, Now{Homes: homes, Types: types}, err
}

// make makes the homes of new rows, which follow each other in the file but for rows of other states.
func (c *commit) make(ctx context.Context, rows []RowToCommit) error {
	first, last := int32(rows[0].Line), int32(rows[len(rows)-1].Line)
	made, err := c.q.CommitNewHomes(ctx, dbgen.CommitNewHomesParams{TenantID: c.who.TenantID, ImportID: c.id, FirstLine: first, LastLine: last})
	if err != nil {
		return err
	}
	if made != int64(len(rows)) {
		return fmt.Errorf("%w: lines %d to %d made %d homes instead of %d", ErrStale, first, last, made, len(rows))
	}
	c.forward(len(rows))
	return nil
}

func (c *commit) forward(rows int) {
	c.done += rows
	c.progress(c.done)
}

// change changes the homes of changed rows, after keeping them as they were.
func (c *commit) change(ctx context.Context, rows []RowToCommit) error {
	first, last := int32(rows[0].Line), int32(rows[len(rows)-1].Line)
	kept, err := c.q.KeepHomesBefore(ctx, dbgen.KeepHomesBeforeParams{TenantID: c.who.TenantID, ImportID: c.id, FirstLine: first, LastLine: last})
	if err != nil {
		return err
	}
	if kept != int64(len(rows)) {
		return fmt.Errorf("%w: lines %d to %d change %d homes instead of %d", ErrStale, first, last, kept, len(rows))
	}
	changes := make([]dbgen.CommitChangedHomeParams, len(rows))
	for i, r := range rows {
		changes[i] = dbgen.CommitChangedHomeParams{TenantID: c.who.TenantID, ImportID: c.id, LineNumber: int32(r.Line), HomeID: r.HomeID}
	}
	var failed error // the first: those behind it only say that the batch has ended
	c.q.CommitChangedHome(ctx, changes).QueryRow(func(i int, _ uuid.UUID, err error) {
		if failed != nil {
			return
		}
		if failed = err; errors.Is(err, db.ErrNotFound) {
			failed = fmt.Errorf("%w: the home or the type of line %d is gone or was changed", ErrStale, rows[i].Line)
		}
	})
	if failed == nil {
		c.forward(len(rows))
	}
	return failed
}

// mark writes down which home each row was about.
func (c *commit) mark(ctx context.Context, rows []RowToCommit) error {
	return c.q.MarkHomes(ctx, dbgen.MarkHomesParams{
		TenantID: c.who.TenantID, ImportID: c.id, FirstLine: int32(rows[0].Line), LastLine: int32(rows[len(rows)-1].Line),
	})
}

// ReopenImport has an import that was found stale compared anew. ErrChanged if it is not being committed any more.
func (s *Store) ReopenImport(ctx context.Context, who Staff, id uuid.UUID) (Started, error) {
	return db.Write(ctx, s.pool, who.unguarded(), db.Intent{Subject: who.ID}, func(ctx context.Context, tx *db.Tx) (Started, error) {
		q := dbgen.New(tx)
		next, err := q.ReopenImport(ctx, dbgen.ReopenImportParams{TenantID: who.TenantID, ID: id})
		if err != nil {
			return Started{}, importChanged(ctx, q, who, id, err)
		}
		return Started{ID: id, Version: next}, nil
	})
}

// BlockingImport is the import that is being committed into a development; db.ErrNotFound if none is.
func (s *Store) BlockingImport(ctx context.Context, who Staff, development uuid.UUID) (Import, error) {
	id, err := db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (uuid.UUID, error) {
		return dbgen.New(h).ImportBlocking(ctx, dbgen.ImportBlockingParams{TenantID: who.TenantID, DevelopmentID: development})
	})
	if err != nil {
		return Import{}, err
	}
	return s.Import(ctx, who, id)
}
