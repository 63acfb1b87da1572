package db

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// How connections are opened. Why each value: docs/decisions/0003-pool-limits.md.
const (
	maxOpening      = 4                    // at once: a server that has just started is not stormed
	firstRedial     = 5 * time.Millisecond // after a failed dial, doubling with full jitter
	lastRedial      = 400 * time.Millisecond
	refusalPause    = time.Second // after a wrong password, which will not be right in a moment
	shortageWarning = time.Minute // between two warnings that the server has no slot left

	lifetime      = 30 * time.Minute // shorter than what firewalls and failovers leave alive unnoticed
	lifetimeShift = 3 * time.Minute  // so that a generation of connections doesn't end at once
)

// dials is what is known of the connections that could not be opened. It is guarded by conns.mu.
type dials struct {
	failure error     // of the last one, nil after a good one
	refused bool      // failure is a "no" that trying again doesn't change: no such login, no TLS
	prober  bool      // the prober has been refused as well: it goes on asking, nobody else
	failed  int       // since the last good one
	paused  time.Time // none is tried before this moment
	waking  bool      // a timer for that moment is set
	warned  time.Time
}

// grow is called under mu: it opens connections for the callers that wait and for the minimum, within all limits.
func (s *conns) grow() {
	open := len(s.all) + s.opening
	most := maxOpening
	if s.dials.refused {
		most = 1
	}
	wanted := min(max(s.waiters.Len()-s.opening, s.min-open), s.max-open, most-s.opening)
	if wanted <= 0 || s.outage.away || s.dials.prober || s.closed {
		return
	}
	if pause := time.Until(s.dials.paused); pause > 0 {
		if !s.dials.waking {
			s.dials.waking = true
			time.AfterFunc(pause, s.wake)
		}
		return
	}
	for range wanted {
		s.opening++
		s.work.Go(s.open)
	}
}

// wake goes on after a pause.
func (s *conns) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dials.waking = false
	s.grow()
}

// open opens one connection, whose place has been reserved, and hands it to whoever waits.
func (s *conns) open() {
	c, err := s.p.connect(s.ctx, s.p.driver)
	s.mu.Lock()
	s.opening--
	switch {
	case err != nil:
		s.missed(err)
	case s.closed:
		s.work.Go(c.close)
	default:
		s.dials = dials{waking: s.dials.waking, warned: s.dials.warned}
		s.all[c] = struct{}{}
		s.place(c)
		s.grow()
	}
	nothingWorks := len(s.all) == 0
	s.mu.Unlock()
	switch {
	case err == nil || s.ctx.Err() != nil || judge(err) != away:
	case nothingWorks:
		s.lost(time.Now(), err)
	default: // other connections work, so the prober may look first
		s.look()
	}
}

// missed is called under mu: it decides what a failed dial means for those who wait, and when the next one is due.
func (s *conns) missed(err error) {
	d := &s.dials
	v := judge(err)
	d.failure, d.refused = err, v == refused
	d.failed++
	now := time.Now()
	if d.refused {
		d.paused = now.Add(refusalPause)
		if len(s.all) == 0 { // else the connections that are there go on serving
			s.failWaiters(err)
		}
	} else {
		d.paused = now.Add(backoff(d.failed, firstRedial, lastRedial))
	}
	if v == crowded && now.Sub(d.warned) > shortageWarning {
		d.warned = now
		s.p.log.Warn("the server has no connection left for this login: raise max_connections or the login's limit, or lower DB_POOL_MAX",
			"open", len(s.all), "limit", s.max, "waiting", s.waiters.Len())
	}
	s.grow()
}

// warm opens the minimum and returns when that is there, or as soon as ctx ends.
func (s *conns) warm(ctx context.Context) {
	s.mu.Lock()
	s.grow()
	s.mu.Unlock()
	for ctx.Err() == nil && s.stats().IdleCount < s.min {
		time.Sleep(2 * time.Millisecond) // only a start waits for this, so nobody needs to be told
	}
}

// connect dials, logs in and looks at where it has come.
func (p *Pool) connect(ctx context.Context, cfg *pgx.ConnConfig) (*conn, error) {
	c, err := p.connectOnce(ctx, cfg)
	if errors.Is(err, errUnsuited) {
		c, err = p.connectOnce(ctx, cfg)
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = fmt.Errorf("%w within %v: %v", errNotOpened, dialLimit, err) //nolint:errorlint // it is our own limit, not a request's that has run out of time
	}
	return c, err
}

func (p *Pool) connectOnce(ctx context.Context, cfg *pgx.ConnConfig) (*conn, error) {
	own := cfg.Copy()
	p.suit(own)
	pg, err := pgx.ConnectConfig(ctx, own)
	if err != nil {
		return nil, p.refusedParameter(ctx, err)
	}
	now := time.Now()
	c := &conn{
		pg: pg, pid: pg.PgConn().PID(), address: addressOf(socket(pg)), returned: now,
		expires: now.Add(lifetime + rand.N(lifetimeShift)),
	}
	if err := p.welcome(ctx, pg); err != nil {
		c.close()
		return nil, fmt.Errorf("%w: %w", errNotOpened, err)
	}
	return c, nil
}
