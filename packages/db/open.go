package db

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// Fixed limits of every connection. Why each value: docs/decisions/0003-pool-limits.md.
const (
	dialLimit = 2 * time.Second // one host; several hosts share a request's 5 s
	pingLimit = 500 * time.Millisecond
)

// Pool is a pool of connections to one database, under one login. Make it with Open, end it with ClosePool. It is
// safe for concurrent use.
type Pool struct {
	cfg      Config
	log      *slog.Logger
	observer Observer
	ledger   Ledger
	role     string
	schema   int64

	driver   *pgx.ConnConfig
	conns    *conns
	prober   *prober
	peers    *peers
	names    *names
	budget   *budget
	turn     chan struct{} // held by the one transaction that runs again after collisions
	verified atomic.Bool
	pooler   pooler

	closing   atomic.Bool
	closeOnce sync.Once
	closeErr  error
}

// Option changes what Open makes.
type Option func(*Pool)

// WithLogger sends the pool's few log lines (state changes, refusals) to log; default slog.Default().
func WithLogger(log *slog.Logger) Option { return func(p *Pool) { p.log = log } }

// WithObserver calls o at every step of every operation.
func WithObserver(o Observer) Option { return func(p *Pool) { p.observer = o } }

// WithLedger gives Write the tables for idempotency keys and the audit log.
func WithLedger(l Ledger) Option { return func(p *Pool) { p.ledger = l } }

// WithRole makes Open refuse a login that is a member of any role but this one.
func WithRole(role string) Option { return func(p *Pool) { p.role = role } }

// WithSchemaVersion makes Open refuse a schema older than version, as the function schema_version() reports it. A
// newer one is fine: the release before a migration must keep running while it is rolled out.
func WithSchemaVersion(version int64) Option { return func(p *Pool) { p.schema = version } }

// Open makes a pool and warms it: it returns when DB_POOL_MIN connections are open. While the database is away it
// gives up waiting after DB_POOL_CONN_TIMEOUT_MS and returns the pool all the same: HealthCheck reports it as
// unhealthy until the database is back.
//
// The first connection is verified before anything is served through it: version of server and schema, and that
// the login can do nothing outside a scope. A login that fails is an error that wraps ErrUnsafe.
func Open(ctx context.Context, cfg Config, opts ...Option) (*Pool, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	p := &Pool{cfg: cfg, pooler: pooler{setting: cfg.PoolerMode}, log: slog.Default(), peers: &peers{}, names: newNames(), budget: newBudget(), turn: make(chan struct{}, 1)}
	for _, opt := range opts {
		opt(p)
	}
	var err error
	if p.driver, err = p.driverConfig(); err != nil {
		return nil, err
	}
	p.names.follow(hostsOf(p.driver))
	p.conns = newConns(p, cfg.Max, cfg.Min)
	p.prober = newProber(p, p.driver)
	limited, cancel := context.WithTimeout(ctx, cfg.ConnTimeout.Duration())
	defer cancel()
	reached, err := p.firstLook(ctx, limited)
	if err != nil {
		return nil, errors.Join(err, p.ClosePool(ctx))
	}
	p.prober.start()
	go p.conns.upkeep(cfg.IdleTime.Duration())
	if reached {
		p.conns.warm(limited)
	}
	return p, nil
}

// firstLook verifies the login over the prober's connection. It waits for a database that is away; one that stays
// away, or refuses us, is not an error, because it may change its mind while we run.
func (p *Pool) firstLook(ctx, limited context.Context) (reached bool, err error) {
	for attempt := 1; ; attempt++ {
		err := p.prober.connect(limited)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, ErrUnsafe):
			return false, err
		case ctx.Err() != nil:
			return false, p.wrap("open", ctx.Err())
		case !judge(err).isWorthWaiting() || !pause(limited, attempt):
			p.log.WarnContext(ctx, "database not reachable at start, serving 503 until it is", "error", p.notAcquired(ctx, "open", attempt, err))
			return false, nil
		}
	}
}

func hostsOf(c *pgx.ConnConfig) []string {
	hosts := []string{c.Host}
	for _, fallback := range c.Fallbacks {
		hosts = append(hosts, fallback.Host)
	}
	return hosts
}

// driverConfig turns the settings into the driver's.
func (p *Pool) driverConfig() (*pgx.ConnConfig, error) {
	u, err := parseURL(p.cfg.URL.Reveal())
	if err != nil {
		return nil, err
	}
	verify, err := p.cfg.tlsPlan(u)
	if err != nil {
		return nil, err
	}
	query := u.Query()
	query.Del("sslrootcert")
	query.Set("sslmode", "disable") // TLS is set below, for every host, without the driver's fall-back
	u.RawQuery = query.Encode()
	c, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, errors.New("DATABASE_URL can't be used: check host, port and options (the address is not shown, it holds a password)")
	}
	if verify {
		if c.TLSConfig, err = p.cfg.tlsConfig(u, c.Host); err != nil {
			return nil, err
		}
		for _, fallback := range c.Fallbacks {
			if fallback.TLSConfig, err = p.cfg.tlsConfig(u, fallback.Host); err != nil {
				return nil, err
			}
		}
	}
	if len(c.Fallbacks) > 0 && c.ValidateConnect == nil {
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite // several hosts: only one is the primary
	}
	c.ConnectTimeout = dialLimit
	c.DialFunc = dial
	c.LookupFunc = func(ctx context.Context, host string) ([]string, error) { return p.names.resolve(ctx, host) }
	c.OnPgError = p.onPgError
	// A statement whose request was abandoned is cancelled at the server; closing the connection instead, as the
	// driver does by default, makes every impatient browser cost a reconnect.
	c.BuildContextWatcherHandler = func(pc *pgconn.PgConn) ctxwatch.Handler {
		return &canceller{conn: pc, grace: p.cfg.CancelGrace.Duration()}
	}
	if p.cfg.AppName != "" {
		c.RuntimeParams["application_name"] = p.cfg.AppName
	}
	return c, nil
}
