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

const (
	// undoRows is how many homes one statement takes back: some hundred milliseconds, far from the statement limit.
	undoRows = 1000
	// undoTries is how often an undo begins again after it met somebody who is writing about one of its homes.
	undoTries = 4
	// takeStockFrom is from how many homes on Postgres needs to know its tables to take homes away in good time.
	takeStockFrom = 500
	// obstaclesShown bounds the homes that a refusal names.
	obstaclesShown = 50
)

// Why a home of an import can't be taken back.
const (
	LivedIn  = "lived_in" // somebody lives there, or has
	Claimed  = "claimed"  // somebody says that it is theirs, and waits for an answer
	HasPaper = "papers"   // it has documents of its own, which would go with it
	Edited   = "edited"   // somebody has changed it since the import
)

// HomeInTheWay is a home because of which an import can't be undone.
type HomeInTheWay struct {
	Line       int       `json:"line"` // of the file
	HomeID     uuid.UUID `json:"homeId"`
	Block      string    `json:"block"`
	UnitNumber string    `json:"unitNumber"`
	Reason     string    `json:"reason"`
}

// UndoRefused says why a committed import can't be undone. Nothing was changed.
type UndoRefused struct {
	Later *uuid.UUID     // an import of the same development that was committed after it
	Homes []HomeInTheWay // the first of them
	Total int            // of them all
}

func (u *UndoRefused) Error() string {
	if u.Later != nil {
		return "a later import stands in the way of undoing this one"
	}
	return fmt.Sprintf("%d homes stand in the way of undoing an import", u.Total)
}

// Undo is what an undo does, or has done.
type Undo struct {
	Removed  int `json:"removed"`    // homes that the import had made
	Restored int `json:"restored"`   // homes that it had changed
	Types    int `json:"houseTypes"` // that it had made and that nothing else uses
	Codes    int `json:"codes"`      // printed codes that stop working
}

// PlanUndo says what undoing an import would do. The error is ErrChanged if it isn't committed (any more),
// ErrOtherImport if another import into its development is being committed, *UndoRefused if it can't be undone,
// db.ErrNotFound if who can see none by that id.
func (s *Store) PlanUndo(ctx context.Context, who Staff, id uuid.UUID) (Undo, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (Undo, error) {
		u := undo{q: dbgen.New(h), who: who, id: id}
		if err := u.open(ctx); err != nil {
			return Undo{}, err
		}
		if u.state != ImportCommitted {
			return Undo{}, ErrChanged
		}
		return u.look(ctx)
	})
}

// UndoImport takes a committed import back in one transaction: its new homes go, with their printed codes and links;
// those that it had changed are as they were before; house types that it had made go where nothing else uses them.
// did is false when that was done before: the answer to a double click, and to the second of two people.
//
// Errors: as PlanUndo, and db.ErrLockTimeout if people keep writing about its homes.
func (s *Store) UndoImport(ctx context.Context, who Staff, in db.Intent, id uuid.UUID) (done Undo, did bool, err error) {
	type answer struct {
		Undo
		Did bool `json:"did"`
	}
	if err := s.takeStock(ctx, who, id); err != nil {
		return Undo{}, false, err
	}
	var a answer
	for try := 1; ; try++ {
		a, err = db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (answer, error) {
			u := undo{q: dbgen.New(tx), who: who, id: id}
			done, did, err := u.run(ctx)
			if err == nil && did {
				tx.Audit(db.Event{Action: "import.undo", Object: "import", ObjectID: id, Detail: map[string]any{
					"development": u.development, "removed": done.Removed, "restored": done.Restored, "house_types": done.Types, "codes": done.Codes,
				}})
			}
			return answer{done, did}, err
		})
		// Somebody was just moving in, or giving a home one of the types: they go first, and then we look again.
		if again := errors.Is(err, db.ErrLockTimeout) || errors.Is(err, db.ErrForeignKey); !again || try == undoTries {
			break
		}
	}
	if errors.Is(err, db.ErrForeignKey) {
		err = db.ErrLockTimeout
	}
	return a.Undo, a.Did, err
}

// takeStock has Postgres look at its tables before many homes go, unless somebody else is having it do so.
func (s *Store) takeStock(ctx context.Context, who Staff, id uuid.UUID) error {
	_, err := db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (struct{}, error) {
		q := dbgen.New(h)
		i, err := q.ImportToCommit(ctx, dbgen.ImportToCommitParams{TenantID: who.TenantID, ID: id})
		if err != nil || i.State != ImportCommitted || i.NewRows < takeStockFrom {
			return struct{}{}, err
		}
		return struct{}{}, q.TakeStockOfHomes(ctx)
	})
	if errors.Is(err, db.ErrLockTimeout) {
		return nil
	}
	return err
}

// developmentLock is the lock under which homes of a development are committed and taken back, one at a time.
func developmentLock(development uuid.UUID) string { return "imports into:" + development.String() }

// undo is one look at, or one attempt at undoing, an import.
type undo struct {
	q               *dbgen.Queries
	who             Staff
	id, development uuid.UUID
	state           string
	committed       time.Time
	rows            []dbgen.HomesToUndoRow
}

func (u *undo) open(ctx context.Context) error {
	i, err := u.q.ImportToUndo(ctx, dbgen.ImportToUndoParams{TenantID: u.who.TenantID, ID: u.id})
	if err != nil {
		return err
	}
	u.development, u.state = i.DevelopmentID, i.State
	if i.CommittedAt != nil {
		u.committed = *i.CommittedAt
	}
	return nil
}

// run is the work of one transaction.
func (u *undo) run(ctx context.Context) (done Undo, did bool, err error) {
	if err := u.open(ctx); err != nil {
		return done, false, err
	}
	if err := u.q.ImportLock(ctx, developmentLock(u.development)); err != nil {
		return done, false, err
	}
	if err := u.open(ctx); err != nil { // whoever had the lock may have undone it
		return done, false, err
	}
	switch u.state {
	case ImportUndone:
		return done, false, nil
	case ImportCommitted:
	default:
		return done, false, ErrChanged
	}
	if err := u.read(ctx); err != nil {
		return done, false, err
	}
	if err := u.q.LockPatience(ctx); err != nil {
		return done, false, err
	}
	if err := u.q.LockHomes(ctx, dbgen.LockHomesParams{TenantID: u.who.TenantID, Ids: u.homes(anyRow)}); err != nil {
		return done, false, err
	}
	if done, err = u.look(ctx); err != nil {
		return done, false, err
	}
	types, err := u.types(ctx)
	if err != nil {
		return done, false, err
	}
	if err := u.inParts(rowOf(RowChanged), func(part []dbgen.HomesToUndoRow, ids []uuid.UUID) error { return u.restore(ctx, part, ids) }); err != nil {
		return done, false, err
	}
	if err := u.inParts(rowOf(RowNew), func(_ []dbgen.HomesToUndoRow, ids []uuid.UUID) error { return u.remove(ctx, ids) }); err != nil {
		return done, false, err
	}
	if _, err := u.q.RemoveHouseTypes(ctx, dbgen.RemoveHouseTypesParams{TenantID: u.who.TenantID, Ids: types}); err != nil {
		return done, false, err
	}
	ended, err := u.q.FinishUndo(ctx, dbgen.FinishUndoParams{TenantID: u.who.TenantID, ID: u.id})
	if err == nil && ended == 0 {
		err = ErrChanged
	}
	return done, err == nil, err
}

func (u *undo) read(ctx context.Context) (err error) {
	u.rows, err = u.q.HomesToUndo(ctx, dbgen.HomesToUndoParams{TenantID: u.who.TenantID, ImportID: u.id})
	return err
}

// look finds what stands in the way, and otherwise what there is to do.
func (u *undo) look(ctx context.Context) (Undo, error) {
	later, err := u.q.LaterImport(ctx, dbgen.LaterImportParams{
		TenantID: u.who.TenantID, DevelopmentID: u.development, ID: u.id, CommittedAt: &u.committed,
	})
	switch {
	case err == nil && later.State == ImportCommitting:
		return Undo{}, ErrOtherImport
	case err == nil:
		return Undo{}, &UndoRefused{Later: &later.ID}
	case !errors.Is(err, db.ErrNotFound):
		return Undo{}, err
	}
	if u.rows == nil {
		if err := u.read(ctx); err != nil {
			return Undo{}, err
		}
	}
	all, made := u.homes(anyRow), u.homes(rowOf(RowNew))
	blocking, err := u.q.HomesInTheWay(ctx, dbgen.HomesInTheWayParams{
		TenantID: u.who.TenantID, Ids: all, Made: made, CommittedAt: u.committed, Most: obstaclesShown,
	})
	if err != nil {
		return Undo{}, err
	}
	if len(blocking) > 0 {
		return Undo{}, u.refused(blocking)
	}
	types, err := u.types(ctx)
	if err != nil {
		return Undo{}, err
	}
	codes, err := u.q.CodesToUndo(ctx, dbgen.CodesToUndoParams{TenantID: u.who.TenantID, Ids: made})
	return Undo{Removed: len(made), Restored: len(all) - len(made), Types: len(types), Codes: int(codes)}, err
}

func (u *undo) refused(blocking []dbgen.HomesInTheWayRow) *UndoRefused {
	lines := make(map[uuid.UUID]int, len(u.rows))
	for _, r := range u.rows {
		lines[r.UnitID] = int(r.LineNumber)
	}
	refused := &UndoRefused{Total: int(blocking[0].Total)}
	for _, h := range blocking {
		refused.Homes = append(refused.Homes, HomeInTheWay{
			Line: lines[h.ID], HomeID: h.ID, Block: h.Block, UnitNumber: h.UnitNumber, Reason: h.Reason,
		})
	}
	return refused
}

func (u *undo) types(ctx context.Context) ([]uuid.UUID, error) {
	return u.q.TypesToUndo(ctx, dbgen.TypesToUndoParams{TenantID: u.who.TenantID, ImportID: u.id})
}

func anyRow(dbgen.HomesToUndoRow) bool { return true }

func rowOf(state string) func(dbgen.HomesToUndoRow) bool {
	return func(r dbgen.HomesToUndoRow) bool { return r.State == state }
}

// homes are the ids of the homes of the rows that are meant.
func (u *undo) homes(meant func(dbgen.HomesToUndoRow) bool) []uuid.UUID {
	ids := make([]uuid.UUID, 0, len(u.rows))
	for _, r := range u.rows {
		if meant(r) {
			ids = append(ids, r.UnitID)
		}
	}
	return ids
}

// inParts does work on the rows that are meant and their homes, some at a time.
func (u *undo) inParts(meant func(dbgen.HomesToUndoRow) bool, work func([]dbgen.HomesToUndoRow, []uuid.UUID) error) error {
	var part []dbgen.HomesToUndoRow
	var ids []uuid.UUID
	for i, r := range u.rows {
		if meant(r) {
			part, ids = append(part, r), append(ids, r.UnitID)
		}
		if len(part) == undoRows || i == len(u.rows)-1 && len(part) > 0 {
			if err := work(part, ids); err != nil {
				return err
			}
			part, ids = part[:0], ids[:0]
		}
	}
	return nil
}

func (u *undo) restore(ctx context.Context, part []dbgen.HomesToUndoRow, ids []uuid.UUID) error {
	first, last := part[0].LineNumber, part[len(part)-1].LineNumber
	n, err := u.q.RestoreHomes(ctx, dbgen.RestoreHomesParams{
		TenantID: u.who.TenantID, ImportID: u.id, FirstLine: first, LastLine: last, Ids: ids,
	})
	if err == nil && n != int64(len(ids)) {
		err = fmt.Errorf("lines %d to %d give back %d homes instead of %d", first, last, n, len(ids))
	}
	return err
}

func (u *undo) remove(ctx context.Context, ids []uuid.UUID) error {
	n, err := u.q.RemoveHomes(ctx, dbgen.RemoveHomesParams{TenantID: u.who.TenantID, Ids: ids})
	if err == nil && n != int64(len(ids)) {
		err = fmt.Errorf("%d homes went instead of %d", n, len(ids))
	}
	return err
}
