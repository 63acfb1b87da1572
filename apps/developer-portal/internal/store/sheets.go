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

var (
	// ErrNoHomes says that a print would reach no home.
	ErrNoHomes = errors.New("the print would reach no home")
	// ErrTooManyHomes says that a print would reach more than MostPrinted homes.
	ErrTooManyHomes = errors.New("the print would reach too many homes")
	// ErrOtherPrint says that another print of the development is being made.
	ErrOtherPrint = errors.New("another print of this development is being made")
)

// MostPrinted is how many homes one print reaches at most: its sheets are drawn in memory, some 6 KB a home.
const MostPrinted = 5000

const (
	// FileLife is how long the files of a print can be had. They hold codes that work, and nobody needs them twice.
	FileLife = 30 * time.Minute
	// printLease is how long a print in work may give no sign of life before another process takes it over.
	printLease = 15 * time.Second
)

// Reach says which homes of a development a print gives new codes.
type Reach string

// The reaches of a print.
const (
	ReachDevelopment Reach = "development" // all of them
	ReachMissing     Reach = "missing"     // those without a code that works
	ReachBatch       Reach = "batch"       // those whose code is of another print
	ReachHome        Reach = "home"        // one
)

// The states of a print.
const (
	PrintWorking = "working"
	PrintReady   = "ready"
	PrintFailed  = "failed" // nothing has changed: the old codes work
)

// PrintOrder is what a print is asked for with.
type PrintOrder struct {
	Reach    Reach
	ID       uuid.UUID // of the development, the batch or the home, as the reach says
	Origin   string    // where the codes will lead, as the person has confirmed
	Language string    // of the words on the cards, two letters
}

// OrderPrint notes that codes are to be replaced and printed; the work begins afterwards. Nothing is replaced before
// the new sheets are there.
//
// ErrNoHomes, ErrTooManyHomes; ErrOtherPrint if a print of the development is being made; db.ErrNotFound if who can see
// nothing by that id.
func (s *Store) OrderPrint(ctx context.Context, who Staff, in db.Intent, o PrintOrder) (Started, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Started{}, fmt.Errorf("make an id: %w", err)
	}
	started, err := db.Write(ctx, s.pool, who.scope(), in, func(ctx context.Context, tx *db.Tx) (Started, error) {
		q := dbgen.New(tx)
		row := dbgen.InsertInviteBatchParams{
			TenantID: who.TenantID, ID: id, Reach: string(o.Reach), LinkOrigin: o.Origin, Language: o.Language, CreatedBy: &who.ID,
		}
		if err := reach(ctx, q, who, o, &row); err != nil {
			return Started{}, err
		}
		homes, err := q.HomesToPrint(ctx, dbgen.HomesToPrintParams{
			TenantID: who.TenantID, DevelopmentID: row.DevelopmentID, Reach: row.Reach, UnitID: row.UnitID, OfBatchID: row.OfBatchID, Most: MostPrinted + 1,
		})
		switch {
		case err != nil:
			return Started{}, err
		case len(homes) == 0:
			return Started{}, ErrNoHomes
		case len(homes) > MostPrinted && o.Reach != ReachMissing: // of those without a code, the others come with the next print
			return Started{}, ErrTooManyHomes
		}
		row.Homes = int32(min(len(homes), MostPrinted))
		version, err := q.InsertInviteBatch(ctx, row)
		tx.Audit(db.Event{Action: "sheet.order", Object: "invite_batch", ObjectID: id, Detail: map[string]any{
			"development": row.DevelopmentID, "reach": o.Reach, "homes": row.Homes, "of_batch": row.OfBatchID, "unit": row.UnitID,
		}})
		return Started{ID: id, Version: version}, err
	})
	if errors.Is(err, db.ErrUnique) { // invite_batches_working: one at a time
		err = ErrOtherPrint
	}
	return started, err
}

// reach finds the development that an order is about.
func reach(ctx context.Context, q *dbgen.Queries, who Staff, o PrintOrder, row *dbgen.InsertInviteBatchParams) error {
	switch o.Reach {
	case ReachHome:
		h, err := home(ctx, q, who, o.ID)
		row.DevelopmentID, row.UnitID = h.DevelopmentID, &o.ID
		return err
	case ReachBatch:
		b, err := q.GetInviteBatch(ctx, dbgen.GetInviteBatchParams{TenantID: who.TenantID, ID: o.ID})
		row.DevelopmentID, row.OfBatchID = b.DevelopmentID, &o.ID
		return err
	}
	d, err := development(ctx, q, who, o.ID)
	row.DevelopmentID = d.ID
	return err
}

// Print is a print of codes: the batch of them and what has become of it.
type Print struct {
	ID            uuid.UUID
	DevelopmentID uuid.UUID
	Development   string
	Reach         Reach
	Batch, Home   *uuid.UUID // whose codes are replaced
	State         string
	Note          string // what went wrong: "" or a word of the catalogue
	Origin        string // where the codes lead; "" = not known
	Language      string
	Unprintable   string // letters of names that stand on the sheets as boxes
	Homes, Done   int
	CreatedAt     time.Time
	CreatedBy     string
	FilesUntil    *time.Time // nil unless the files can be had
	PDF, ZIP      int64      // bytes
	Valid, Scans  int64      // codes that work, and how often any was scanned
	Version       time.Time  // changes with every step of the work
	Abandoned     bool       // in work, without a sign of life for longer than the lease
}

// Print reads a print; db.ErrNotFound if who can see none by that id.
func (s *Store) Print(ctx context.Context, who Staff, id uuid.UUID) (Print, error) {
	return s.readPrint(ctx, who, who.scope(), id)
}

// PrintInBackground is Print for work that outlives the session it was begun in.
func (s *Store) PrintInBackground(ctx context.Context, who Staff, id uuid.UUID) (Print, error) {
	return s.readPrint(ctx, who, who.unguarded(), id)
}

func (s *Store) readPrint(ctx context.Context, who Staff, scope db.Scope, id uuid.UUID) (Print, error) {
	return db.Read(ctx, s.pool, scope, func(ctx context.Context, h db.Querier) (Print, error) {
		r, err := dbgen.New(h).GetInviteBatch(ctx, dbgen.GetInviteBatchParams{TenantID: who.TenantID, ID: id, LeaseSeconds: printLease.Seconds()})
		p := Print{
			ID: r.ID, DevelopmentID: r.DevelopmentID, Development: r.Development, Reach: Reach(r.Reach), Batch: r.OfBatchID, Home: r.UnitID,
			State: r.State, Note: r.Error, Unprintable: r.Unprintable, Origin: r.LinkOrigin, Language: r.Language, Homes: int(r.Homes), Done: int(r.Done),
			CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy, PDF: r.PdfBytes, ZIP: r.ZipBytes, Valid: r.Valid, Scans: r.Scans,
			Version: r.UpdatedAt, Abandoned: r.Abandoned,
		}
		if p.State == PrintReady && r.Fresh && p.PDF > 0 && p.ZIP > 0 {
			p.FilesUntil = r.FilesUntil
		}
		return p, err
	})
}

// PrintLine is a print in the list of a development's.
type PrintLine struct {
	ID        uuid.UUID `json:"id"`
	Reach     Reach     `json:"reach"`
	State     string    `json:"state"`
	Origin    string    `json:"address"`
	Homes     int32     `json:"homes"`
	Valid     int64     `json:"valid"`
	Scans     int64     `json:"scans"`
	CreatedAt time.Time `json:"createdAt"`
	CreatedBy string    `json:"createdBy"`
}

// Prints is one page of a development's prints, newest first, and how its homes stand.
type Prints struct {
	Homes int64 // of the development
	Coded int64 // of these, with a code that works
	List  []PrintLine
	More  bool // another page follows
}

// Prints reads one page of the prints of a development.
func (s *Store) Prints(ctx context.Context, who Staff, development uuid.UUID, page Page) (Prints, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (Prints, error) {
		q := dbgen.New(h)
		figures, err := q.CodeFigures(ctx, dbgen.CodeFiguresParams{TenantID: who.TenantID, DevelopmentID: development})
		if err != nil {
			return Prints{}, err
		}
		rows, err := q.ListInviteBatches(ctx, dbgen.ListInviteBatchesParams{
			TenantID: who.TenantID, DevelopmentID: development, PageSize: int32(page.Size + 1), PageOffset: int32(page.Offset),
		})
		p := Prints{Homes: figures.Homes, Coded: figures.Coded, List: make([]PrintLine, len(rows))}
		for i, r := range rows {
			p.List[i] = PrintLine{
				ID: r.ID, Reach: Reach(r.Reach), State: r.State, Origin: r.LinkOrigin, Homes: r.Homes, Valid: r.Valid, Scans: r.Scans,
				CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy,
			}
		}
		if len(p.List) > page.Size {
			p.List, p.More = p.List[:page.Size], true
		}
		return p, err
	})
}

// PrintAtWork is the print that is being made for a development; db.ErrNotFound if there is none.
func (s *Store) PrintAtWork(ctx context.Context, who Staff, development uuid.UUID) (uuid.UUID, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (uuid.UUID, error) {
		return dbgen.New(h).InviteBatchAtWork(ctx, dbgen.InviteBatchAtWorkParams{TenantID: who.TenantID, DevelopmentID: development})
	})
}

// HomeCode is the printed code of a home.
type HomeCode struct {
	State    string     `json:"state"` // CodeNone, CodeValid or CodeEnded
	Print    *uuid.UUID `json:"sheet"`
	Since    *time.Time `json:"since"` // when it was printed
	Ended    *time.Time `json:"endedAt"`
	Scans    int32      `json:"scans"`
	LastScan *time.Time `json:"lastScanAt"`
}

// The states of a home's code.
const (
	CodeNone  = "none" // never printed
	CodeValid = "valid"
	CodeEnded = "ended"
)

// HomeCode reads the code of a home that who can see.
func (s *Store) HomeCode(ctx context.Context, who Staff, home uuid.UUID) (HomeCode, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, h db.Querier) (HomeCode, error) {
		r, err := dbgen.New(h).HomeCode(ctx, dbgen.HomeCodeParams{TenantID: who.TenantID, UnitID: home})
		switch {
		case errors.Is(err, db.ErrNotFound):
			return HomeCode{State: CodeNone}, nil
		case err != nil:
			return HomeCode{}, err
		}
		c := HomeCode{State: CodeValid, Print: &r.BatchID, Since: &r.CreatedAt, Ended: r.RevokedAt, Scans: r.Scans, LastScan: r.LastScanAt}
		if c.Ended != nil {
			c.State = CodeEnded
		}
		return c, nil
	})
}
