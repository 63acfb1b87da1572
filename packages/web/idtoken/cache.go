package idtoken

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"sync"
	"time"
)

const (
	// FreshFor is how old keys get before they are fetched again, in the background.
	FreshFor = 10 * time.Minute
	// KeepFor is how long the last keys go on while their provider is away. A key that the provider has withdrawn
	// meanwhile goes on as long.
	KeepFor = 24 * time.Hour

	unknownEvery  = time.Minute      // a key that isn't known asks for the keys again, at most as often
	retryEvery    = 10 * time.Second // so does each token while there are no keys at all
	lookEvery     = time.Minute      // between two rounds in the background
	forgottenIn   = 24 * time.Hour   // keys that nobody asked for
	mostProviders = 500              // kept at once; those asked for longest ago make room
	fetchesAtOnce = 8
)

// ErrNoKeys says that a provider's keys can't be had now and none are kept: the token may be good, and can be tried
// again later.
var ErrNoKeys = errors.New("the identity provider's keys can't be fetched")

// cache keeps the keys of providers by the address that they come from.
type cache struct {
	fetcher *fetcher
	log     *slog.Logger
	now     func() time.Time

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	slots  chan struct{}

	mu   sync.Mutex
	sets map[string]*set
}

// set is what is known of one address. All of it is guarded by the cache's mutex.
type set struct {
	keys    map[string]key
	fetched time.Time     // when keys were; zero = never
	tried   time.Time     // when they were last asked for
	used    time.Time     // when a token last needed them
	running chan struct{} // closed at the end of the fetch that is under way; nil = none is
	failing bool          // the last fetch failed, and the log knows
}

func newCache(f *fetcher, log *slog.Logger, now func() time.Time) *cache {
	c := &cache{fetcher: f, log: log, now: now, slots: make(chan struct{}, fetchesAtOnce), sets: map[string]*set{}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// start begins the rounds in the background.
func (c *cache) start() {
	c.wg.Go(func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				c.round()
			case <-c.ctx.Done():
				return
			}
		}
	})
}

func (c *cache) close() {
	c.cancel()
	c.wg.Wait()
}

// round forgets sets that nobody needs any more and fetches those that are no longer fresh.
func (c *cache) round() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for address, s := range c.sets {
		switch now := c.now(); {
		case now.Sub(s.used) >= forgottenIn && s.running == nil:
			delete(c.sets, address)
		case now.Sub(s.fetched) >= FreshFor && now.Sub(s.tried) >= lookEvery:
			c.begin(address, s)
		}
	}
}

// key finds the key of a name among those at an address. ok is false if the provider doesn't have it.
func (c *cache) key(ctx context.Context, address, kid string) (k key, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sets[address]
	if s == nil {
		c.makeRoom()
		s = &set{}
		c.sets[address] = s
	}
	s.used = c.now()
	if k, ok := c.kept(s, kid); ok {
		return k, true, nil
	}
	wait := unknownEvery
	if !c.usable(s) {
		wait = retryEvery
	}
	if s.running == nil && c.now().Sub(s.tried) >= wait {
		c.begin(address, s)
	}
	if running := s.running; running != nil {
		c.mu.Unlock()
		select {
		case <-running:
		case <-ctx.Done():
		}
		c.mu.Lock()
		if k, ok := c.kept(s, kid); ok {
			return k, true, nil
		}
		if ctx.Err() != nil {
			return key{}, false, ctx.Err()
		}
	}
	if !c.usable(s) {
		return key{}, false, ErrNoKeys
	}
	return key{}, false, nil
}

func (c *cache) usable(s *set) bool { return s.keys != nil && c.now().Sub(s.fetched) < KeepFor }

func (c *cache) kept(s *set, kid string) (key, bool) {
	if !c.usable(s) {
		return key{}, false
	}
	k, ok := s.keys[kid]
	return k, ok
}

// makeRoom forgets the set that was asked for longest ago, if there are as many as may be.
func (c *cache) makeRoom() {
	if len(c.sets) < mostProviders {
		return
	}
	var oldest string
	for address, s := range c.sets {
		if s.running == nil && (oldest == "" || s.used.Before(c.sets[oldest].used)) {
			oldest = address
		}
	}
	delete(c.sets, oldest)
}

// begin fetches a set in the background, whoever waits for it: one who goes away doesn't take the others' answer away.
func (c *cache) begin(address string, s *set) {
	running := make(chan struct{})
	s.running, s.tried = running, c.now()
	if c.ctx.Err() != nil {
		s.running = nil
		return
	}
	c.wg.Go(func() {
		var keys map[string]key
		var err error
		select {
		case c.slots <- struct{}{}:
			keys, err = c.fetcher.fetch(c.ctx, address)
			<-c.slots
		case <-c.ctx.Done():
			err = c.ctx.Err()
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if err == nil {
			s.keys, s.fetched = keys, c.now()
		}
		c.tell(address, s, err)
		s.running = nil
		close(running)
	})
}

// tell logs the first failure and the end of failing, not each try.
func (c *cache) tell(address string, s *set, err error) {
	host := address
	if u, bad := url.Parse(address); bad == nil {
		host = u.Host
	}
	switch {
	case c.ctx.Err() != nil:
	case err != nil && !s.failing:
		c.log.Warn("the keys of an identity provider can't be fetched: those that are kept go on", "host", host, "keys", len(s.keys), "error", err)
	case err == nil && s.failing:
		c.log.Info("the keys of an identity provider are back", "host", host, "keys", len(s.keys))
	}
	s.failing = err != nil
}
