package load

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// lateFrom is how late a visit begins that is called late: less is how exactly a system wakes a program.
const lateFrom = 10 * time.Millisecond

// Recorder remembers every visit of one run. It may be asked while the run goes on.
type Recorder struct {
	mu       sync.Mutex
	planned  int
	begun    int
	now      int // visits on their way
	most     int // … at once
	begin    time.Time
	least    time.Duration
	end      time.Time // zero while the run goes on
	finished []finished
}

// finished is a visit that has ended.
type finished struct {
	Walk
	meant time.Duration // when it was meant to begin, from the begin of the run
	late  time.Duration // how much later it began
	took  time.Duration // from when it was meant to begin to its end
}

func (f finished) refused() bool { return f.status == http.StatusTooManyRequests }

// NewRecorder is a Recorder for one run.
func NewRecorder() *Recorder { return &Recorder{} }

// open begins the run, which takes at least so long.
func (r *Recorder) open(begin time.Time, least time.Duration, planned int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begin, r.least, r.planned = begin, least, planned
	r.finished = make([]finished, 0, planned)
}

func (r *Recorder) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end = time.Now()
}

func (r *Recorder) visit(ctx context.Context, turn Turn, meant time.Time, visit Visit) {
	began := time.Now()
	r.mu.Lock()
	r.begun++
	r.now++
	r.most = max(r.most, r.now)
	r.mu.Unlock()

	var f finished
	visit(ctx, turn, &f.Walk)

	f.late, f.took = began.Sub(meant), time.Since(meant)
	r.mu.Lock()
	defer r.mu.Unlock()
	f.meant = meant.Sub(r.begin)
	r.now--
	r.finished = append(r.finished, f)
}

// Progress is how far a run is.
type Progress struct {
	Since               time.Duration // from its begin
	Planned, Begun      int
	OK, Failed, Refused int           // of those that have ended; Refused: by a rate limit
	P95                 time.Duration // of those that have ended since the last look, 0 if none has
	ended               int
}

// Look is how far the run is now; last is the result of the look before.
func (r *Recorder) Look(last Progress) Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := Progress{Planned: r.planned, Begun: r.begun, ended: len(r.finished)}
	if !r.begin.IsZero() {
		p.Since = time.Since(r.begin)
	}
	var fresh []time.Duration
	for i, f := range r.finished {
		p.count(f)
		if i >= last.ended {
			fresh = append(fresh, f.took)
		}
	}
	if len(fresh) > 0 {
		p.P95 = percentile(sorted(fresh), 95)
	}
	return p
}

func (p *Progress) count(f finished) {
	switch {
	case f.cause == "":
		p.OK++
	case f.refused():
		p.Refused++
	default:
		p.Failed++
	}
}
