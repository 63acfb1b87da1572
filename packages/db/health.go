package db

import (
	"context"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Health is one look at the database, with the pool's figures at the moment of asking.
type Health struct {
	Healthy   bool      `json:"healthy"`
	LatencyMs int64     `json:"latencyMs"` // of the last probe, in whole milliseconds, at least 1; 0 while there is none
	PoolStats PoolStats `json:"poolStats"`
	Reason    string    `json:"reason,omitempty"` // starting, proving, down, timeout, auth, tls, dns, read_only, too_many_connections, unsafe, closed
	CheckedAt time.Time `json:"-"`
}

// Times of the prober, from docs/decisions/0003-pool-limits.md.
const (
	probePeriod  = time.Second            // one statement a second, however many ask
	provingTime  = time.Second            // so long it must answer without a break before "back" is said
	provingPause = 250 * time.Millisecond // between probes in that time
	firstSearch  = 50 * time.Millisecond  // between dials in an outage, doubling to lastSearch
	lastSearch   = 250 * time.Millisecond // with its jitter below what a return may take to be seen, 500 ms
)

// starting is the reason of a server that takes connections and lets nobody in yet, and of a prober that has not
// asked yet.
const starting = "starting"

// HealthCheck reports whether the database answers. It reads the last result of the pool's prober, which has a
// connection of its own: however many callers ask, the database sees one probe a second, and a busy pool is not
// an unhealthy one. Only before the first probe has ended does it wait, at most until ctx ends.
func (p *Pool) HealthCheck(ctx context.Context) Health {
	h := p.prober.current(ctx)
	h.PoolStats = p.GetPoolStats()
	if p.closing.Load() {
		h.Healthy, h.Reason = false, "closed"
	}
	return h
}

// prober watches the database over a connection outside the pool.
type prober struct {
	p        *Pool
	cfg      *pgx.ConnConfig
	conn     *conn
	failure  error // of the last probe
	last     atomic.Pointer[Health]
	first    chan struct{} // closed after the first probe
	cancel   context.CancelFunc
	ctx      context.Context
	stopped  chan struct{}
	stopOnce sync.Once
	started  bool
}

func newProber(p *Pool, c *pgx.ConnConfig) *prober {
	own := c.Copy()
	if p.cfg.AppName != "" {
		own.RuntimeParams["application_name"] = p.cfg.AppName + " health"
	}
	pr := &prober{p: p, cfg: own, first: make(chan struct{}), stopped: make(chan struct{})}
	pr.ctx, pr.cancel = context.WithCancel(context.Background())
	return pr
}

func (pr *prober) start() {
	pr.started = true
	go pr.run()
}

func (pr *prober) stop() {
	pr.stopOnce.Do(func() {
		pr.cancel()
		if pr.started {
			<-pr.stopped
		} else {
			pr.hangUp()
		}
	})
}

func (pr *prober) current(ctx context.Context) Health {
	if h := pr.last.Load(); h != nil {
		return *h
	}
	select {
	case <-pr.first:
		return *pr.last.Load()
	case <-ctx.Done():
	case <-pr.ctx.Done():
	}
	return Health{Reason: starting}
}

func (pr *prober) run() {
	defer close(pr.stopped)
	defer pr.hangUp()
	healthy := true         // what callers are told
	var goodSince time.Time // since when it has answered without a break, while they are told otherwise
	lastGood := time.Now()
	search := firstSearch
	for first := true; pr.ctx.Err() == nil; first = false {
		began := time.Now()
		h := pr.probe()
		if !h.Healthy && healthy { // once more before anybody is told: a backend that was ended is not an outage
			h = pr.probe()
		}
		pause := probePeriod
		switch {
		case h.Healthy:
			pr.p.conns.found()
			search, lastGood = firstSearch, time.Now()
			if goodSince.IsZero() {
				goodSince = time.Now()
			}
			if !healthy && time.Since(goodSince) < provingTime {
				h.Healthy, h.Reason = false, "proving"
				pause = provingPause
			}
		default:
			goodSince = time.Time{}
			if before := pr.last.Load(); h.Reason == starting && before != nil && before.Reason != starting {
				search = firstSearch // it is on its way up
			}
			pause = search*4/5 + rand.N(search*2/5) // jitter: many instances must not dial in step
			// From one dial to the next: whoever waited in vain for half a second has paused already.
			pause = max(pause-time.Since(began), rand.N(firstSearch))
			search = min(search*2, pr.lastSearch())
			switch judge(pr.failure) {
			case refused: // it is there, and asking again at once doesn't change its mind
				pr.p.conns.turnedDown(pr.failure)
				pause = refusalPause
			case crowded: // it is there: whoever waits may try for a slot
				pr.p.conns.found()
			default:
				pr.p.conns.lost(lastGood, pr.failure)
			}
		}
		if h.Healthy != healthy && pr.ctx.Err() == nil {
			pr.report(h)
		}
		healthy = h.Healthy
		pr.last.Store(&h)
		if first {
			close(pr.first)
		}
		pr.p.warnOfLeaks()
		pr.rest(pause)
	}
}

// lastSearch is how far apart the dials of a long outage are. A pooler answers the first one after it with the failure
// that it remembers, and only then looks itself: it takes two to find the database back.
func (pr *prober) lastSearch() time.Duration {
	if pr.p.pooled() {
		return lastSearch / 2
	}
	return lastSearch
}

// rest waits until the next probe is due, or a request could not connect and wants to know at once.
func (pr *prober) rest(pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	kick := pr.p.conns.kick
	if pr.failure != nil || pause < probePeriod {
		kick = nil // it is being looked into already
	}
	select {
	case <-timer.C:
	case <-kick:
	case <-pr.ctx.Done():
	}
}

// probe connects if need be and asks one empty statement.
func (pr *prober) probe() Health {
	ctx, cancel := context.WithTimeout(pr.ctx, pingLimit)
	defer cancel()
	start := time.Now()
	err := pr.ask(ctx)
	if err != nil {
		pr.hangUp()
		if judge(err) == crowded && pr.p.GetPoolStats().TotalCount > 0 {
			err = nil // the server has no slot for us, but the pool has connections that work
		}
	}
	pr.failure = err
	if err != nil {
		return Health{Reason: reason(err), CheckedAt: time.Now()}
	}
	return Health{Healthy: true, LatencyMs: max(time.Since(start).Milliseconds(), 1), CheckedAt: time.Now()}
}

func (pr *prober) ask(ctx context.Context) error {
	if pr.conn != nil && pr.p.names.left(pr.conn.address) {
		pr.hangUp()
	}
	if pr.conn == nil {
		if err := pr.connect(ctx); err != nil {
			return err
		}
	}
	return pr.conn.pg.Ping(ctx)
}

// connect opens the prober's connection and verifies the login on it, if no other connection has done so yet.
func (pr *prober) connect(ctx context.Context) error {
	conn, err := pr.p.connect(ctx, pr.cfg)
	if err != nil {
		return err
	}
	pr.conn = conn
	return nil
}

func (pr *prober) hangUp() {
	if pr.conn == nil {
		return
	}
	pr.conn.close()
	pr.conn = nil
}

func (pr *prober) report(h Health) {
	stats := pr.p.GetPoolStats()
	attrs := []any{"reason", h.Reason, "total", stats.TotalCount, "idle", stats.IdleCount, "waiting", stats.WaitingCount}
	if h.Healthy {
		pr.p.log.Info("database is back", attrs[2:]...)
		return
	}
	pr.p.log.Error("database is away", attrs...)
}

// reason names the class of a failed probe, without any text of the driver's.
func reason(err error) string {
	var pg *pgconn.PgError
	var dns *net.DNSError
	var cert *x509.CertificateInvalidError
	switch {
	case errors.Is(err, ErrUnsafe):
		return "unsafe"
	case errors.Is(err, errStandby):
		return "read_only"
	case judge(err) == crowded:
		return "too_many_connections"
	case errors.As(err, &pg) && (pg.Code == "28P01" || pg.Code == "28000" || pg.Code == "3D000"):
		return "auth"
	case errors.As(err, &pg) && pg.Code == "57P03":
		return starting
	case isTLSFailure(err) || errors.As(err, &cert):
		return "tls"
	case errors.As(err, &dns):
		return "dns"
	case errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err):
		return "timeout"
	}
	return "down"
}
