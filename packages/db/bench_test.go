package db_test

import (
	"context"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"openhouse.example/packages/db"
)

const benchSQL = "select body from notes where tenant_id = $1 order by body"

// scopedRead is what a caller of this package writes.
func scopedRead(b testing.TB, h house) func() {
	p := open(b, settings(b, h.StaffURL()))
	return func() {
		notes, err := db.Read(context.Background(), p, scope(h.a), func(ctx context.Context, q db.Querier) ([]string, error) {
			return column(ctx, q, benchSQL, h.a)
		})
		if err != nil || len(notes) != 3 {
			b.Fatal(notes, err)
		}
	}
}

// handWrittenBatch is the same scope and query on the driver's pool, without what the package adds.
func handWrittenBatch(b testing.TB, h house) func() {
	p := rawPool(b, h.StaffURL())
	return func() {
		batch := &pgx.Batch{}
		batch.Queue("select set_config('role', $1, true), set_config('app.tenant_id', $2, true), set_config('transaction_read_only', 'on', true)", staff, h.a.String())
		batch.Queue(benchSQL, h.a)
		br := p.SendBatch(context.Background(), batch)
		if _, err := br.Exec(); err != nil {
			b.Fatal(err)
		}
		rows, err := br.Query()
		if err != nil {
			b.Fatal(err)
		}
		notes, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if closeErr := br.Close(); err != nil || closeErr != nil || len(notes) != 3 {
			b.Fatal(notes, err, closeErr)
		}
	}
}

// unprotectedRead is the plain query as a superuser: no role, no row-level security.
func unprotectedRead(b testing.TB, h house) func() {
	p := rawPool(b, h.AdminURL())
	return func() {
		rows, err := p.Query(context.Background(), benchSQL, h.a)
		if err != nil {
			b.Fatal(err)
		}
		notes, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || len(notes) != 3 {
			b.Fatal(notes, err)
		}
	}
}

func rawPool(b testing.TB, url string) *pgxpool.Pool {
	b.Helper()
	p, err := pgxpool.New(context.Background(), url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(p.Close)
	return p
}

func BenchmarkRead(b *testing.B) {
	h := newHouse(b)
	for name, prepare := range map[string]func(testing.TB, house) func(){
		"scoped": scopedRead, "hand-written": handWrittenBatch, "unprotected": unprotectedRead,
	} {
		b.Run(name, func(b *testing.B) {
			read := prepare(b, h)
			b.ReportAllocs()
			for b.Loop() {
				read()
			}
		})
	}
}

// What this package adds to a read: at most 5 allocations over the batch written by hand.
func TestWhatAReadCostsInAllocations(t *testing.T) { // alone: other tests allocate too
	h := newHouse(t)
	ours := testing.AllocsPerRun(300, scopedRead(t, h))
	byHand := testing.AllocsPerRun(300, handWrittenBatch(t, h))
	t.Logf("%.0f allocations, %.0f by hand", ours, byHand)
	if ours > byHand+5 {
		t.Errorf("%.0f allocations, %.0f by hand: at most 5 more", ours, byHand)
	}
}

// BenchmarkCost is what this package adds to a read in CPU time of this process: the median over interleaved rounds, at
// most 10 µs.
func BenchmarkCost(b *testing.B) {
	h := newHouse(b)
	ours, byHand := scopedRead(b, h), handWrittenBatch(b, h)
	const rounds, each = 40, 200
	for b.Loop() {
		var added []float64
		for range rounds {
			mine := cpu(b, each, ours)
			theirs := cpu(b, each, byHand)
			added = append(added, mine-theirs)
		}
		slices.Sort(added)
		median := added[rounds/2]
		b.ReportMetric(median, "added-µs/read")
		if median > 10 {
			b.Errorf("a read costs %.1f µs more than the batch written by hand, at most 10", median)
		}
	}
}

// cpu returns the microseconds of this process' CPU time that one call of read takes.
func cpu(b *testing.B, times int, read func()) float64 {
	b.Helper()
	before := usage(b)
	for range times {
		read()
	}
	return float64((usage(b) - before).Microseconds()) / float64(times)
}

func usage(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
