package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Fixed limits of every connection. Why each value: docs/decisions/0003-pool-limits.md.
const (
	dialLimit     = 2 * time.Second // one host; several hosts share a request's 5 s
	pingLimit     = 500 * time.Millisecond
	upkeepPeriod  = 5 * time.Second  // refill to the minimum and close what was idle too long
	lifetime      = 30 * time.Minute // shorter than what firewalls and failovers leave alive unnoticed
	lifetimeShift = 3 * time.Minute  // so that a generation of connections doesn't end at once
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

	pool     *pgxpool.Pool
	prober   *prober
	peers    *peers
	breaker  *breaker
	budget   *budget
	refused  atomic.Pointer[refusal]
	slots    chan struct{} // one token for each connection that may be lent
	waiting  atomic.Int64
	verified atomic.Bool
	pooled   atomic.Bool // the first look found a pooler between us and Postgres

	mu     sync.Mutex
	leases map[*lease]struct{}

	closing   atomic.Bool
	closed    chan struct{}
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
	p := &Pool{
		cfg:    cfg,
		log:    slog.Default(),
		slots:  make(chan struct{}, cfg.Max),
		leases: make(map[*lease]struct{}, cfg.Max),
		closed: make(chan struct{}),
		peers:  newPeers(),
		budget: newBudget(),
	}
	p.breaker = newBreaker(cfg.ConnTimeout.Duration(), p.cutAll)
	for _, opt := range opts {
		opt(p)
	}
	driver, err := p.driverConfig()
	if err != nil {
		return nil, err
	}
	p.prober = newProber(p, driver.ConnConfig)
	deadline := time.Now().Add(cfg.ConnTimeout.Duration())
	reached, err := p.firstLook(ctx, deadline)
	if err != nil {
		p.prober.stop()
		return nil, err
	}
	if p.pooled.Load() && p.cfg.PoolerMode == PoolerNone {
		p.log.ErrorContext(ctx, "a connection pooler stands before Postgres and DB_POOLER_MODE does not say so: set DB_POOLER_MODE=transaction (or session); until then the safe form for a transaction pooler is used")
		p.cfg.PoolerMode = PoolerTransaction
		if driver, err = p.driverConfig(); err != nil {
			p.prober.stop()
			return nil, err
		}
	}
	// The driver keeps the context for its background work, which must outlive the start-up.
	p.pool, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), driver)
	if err != nil {
		p.prober.stop()
		return nil, fmt.Errorf("db: open: %w", err)
	}
	p.prober.start()
	for reached && p.GetPoolStats().IdleCount < cfg.Min && time.Now().Before(deadline) && ctx.Err() == nil {
		time.Sleep(2 * time.Millisecond) // the driver opens the minimum in the background and tells nobody
	}
	return p, nil
}

// firstLook verifies the login over the prober's connection. It waits for a database that is away; one that stays
// away, or refuses us, is not an error, because it may change its mind while we run.
func (p *Pool) firstLook(ctx context.Context, deadline time.Time) (reached bool, err error) {
	limited, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	for attempt := 1; ; attempt++ {
		err := p.prober.connect(limited)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, ErrUnsafe):
			return false, err
		case ctx.Err() != nil:
			return false, p.wrap("open", ctx.Err())
		case !isWorthWaiting(err) || !pause(limited, attempt):
			p.log.WarnContext(ctx, "database not reachable at start, serving 503 until it is", "error", p.unreachable("open", attempt, err))
			return false, nil
		}
	}
}

// driverConfig turns the settings into the driver's.
func (p *Pool) driverConfig() (*pgxpool.Config, error) {
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
	c, err := pgxpool.ParseConfig(u.String())
	if err != nil {
		return nil, errors.New("DATABASE_URL can't be used: check host, port and options (the address is not shown, it holds a password)")
	}
	if verify {
		if c.ConnConfig.TLSConfig, err = p.cfg.tlsConfig(u, c.ConnConfig.Host); err != nil {
			return nil, err
		}
		for _, fallback := range c.ConnConfig.Fallbacks {
			if fallback.TLSConfig, err = p.cfg.tlsConfig(u, fallback.Host); err != nil {
				return nil, err
			}
		}
	}
	if len(c.ConnConfig.Fallbacks) > 0 && c.ConnConfig.ValidateConnect == nil {
		c.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite // several hosts: only one is the primary
	}
	c.MaxConns, c.MinConns, c.MinIdleConns = int32(p.cfg.Max), int32(p.cfg.Min), int32(p.cfg.Min)
	c.MaxConnIdleTime = p.cfg.IdleTime.Duration()
	c.MaxConnLifetime, c.MaxConnLifetimeJitter = lifetime, lifetimeShift
	c.HealthCheckPeriod = upkeepPeriod
	c.ShouldPing, c.PrepareConn = p.shouldPing, prepare
	c.AfterConnect = p.welcome
	c.BeforeClose = func(conn *pgx.Conn) {
		if conn.IsClosed() {
			cut(conn)
		}
	}
	p.connectionConfig(c.ConnConfig)
	return c, nil
}

func (p *Pool) connectionConfig(c *pgx.ConnConfig) {
	c.ConnectTimeout = dialLimit
	c.DialFunc = p.peers.dial
	c.OnPgError = p.onPgError
	// A statement whose request was abandoned is cancelled at the server; closing the connection instead, as the
	// driver does by default, makes every impatient browser cost a reconnect.
	c.BuildContextWatcherHandler = func(pc *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: pc, CancelRequestDelay: cancelDelay, DeadlineDelay: p.cfg.CancelGrace.Duration()}
	}
	if p.cfg.PoolerMode == PoolerTransaction {
		c.DefaultQueryExecMode = pgx.QueryExecModeExec // a prepared statement would live on another server connection
		c.RuntimeParams = map[string]string{}
	}
	if p.cfg.AppName != "" {
		c.RuntimeParams["application_name"] = p.cfg.AppName
	}
}
