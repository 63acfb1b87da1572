package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"openhouse.example/apps/developer-portal/internal/documents"
	"openhouse.example/apps/developer-portal/internal/mailing"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/migrations"
	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/knowledge"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/platform/files"
	"openhouse.example/packages/platform/jobs"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/startup"
)

// workerDatabase is how the worker, and the operator's commands about its work, reach the database.
type workerDatabase struct {
	OwnURL config.Secret `envconfig:"WORKER_DATABASE_URL" desc:"Stands in for DATABASE_URL in the worker. The migrate command makes or mends the login in it"`
	DB     db.Config
}

// workerConfig is everything that the environment decides about the worker.
type workerConfig struct {
	Env          string        `envconfig:"OPENHOUSE_ENV" default:"production" desc:"production, or development on a developer's own machine"`
	Stop         config.Millis `envconfig:"SHUTDOWN_TIMEOUT_MS" default:"15000" unit:"milliseconds" desc:"How long work that has begun may take once the worker is asked to stop"`
	DeveloperURL config.Secret `envconfig:"DEVELOPER_DATABASE_URL" desc:"The developer portal's address; the worker only checks that it is another login"`
	TenantURL    config.Secret `envconfig:"TENANT_DATABASE_URL" desc:"The tenant portal's address; the worker only checks that it is another login"`
	Database     workerDatabase

	Listen string `envconfig:"WORKER_LISTEN_ADDR" default:"127.0.0.1:3003" desc:"Address and port where the worker answers questions about its health"`
	AtOnce int    `envconfig:"WORKER_CONCURRENCY" default:"4" unit:"pieces of work" desc:"How many mails, and how many other jobs, the worker does at once. Its pool is made as small as that allows, if DB_POOL_MAX is larger" tradeoff:"more is faster while mail servers and documents are slow, and takes connections and memory"`

	CacheDir string `envconfig:"WORKER_CACHE_DIR" desc:"Folder where the worker keeps its compiled reader of PDF files, so that it starts faster; nobody else may write there. Unset: the reader is compiled when the first PDF comes, which takes some seconds"`

	Mail  mailing.Config
	Files files.Config
}

// Validate refuses what can't work, all at once.
func (c *workerConfig) Validate() error {
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	production := c.Env != web.Development
	if c.Env != web.Production && c.Env != web.Development {
		refuse("OPENHOUSE_ENV is %q: give production or development", c.Env)
	}
	if d := c.Stop.Duration(); d < 100*time.Millisecond || d > 5*time.Minute {
		refuse("SHUTDOWN_TIMEOUT_MS is %v: give 100 milliseconds to 5 minutes", d)
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		refuse("WORKER_LISTEN_ADDR is %q: write address and port, such as 127.0.0.1:3003", c.Listen)
	}
	if c.AtOnce < 1 || c.AtOnce > 64 {
		refuse("WORKER_CONCURRENCY is %d: give a number from 1 to 64", c.AtOnce)
	}
	for name, other := range map[string]config.Secret{"DEVELOPER_DATABASE_URL": c.DeveloperURL, "TENANT_DATABASE_URL": c.TenantURL} {
		if login := startup.Login(c.Database.DB.URL); login != "" && login == startup.Login(other) {
			refuse("WORKER_DATABASE_URL and %s have the same login %q: give the worker its own, made by the migrate command", name, login)
		}
	}
	if production && !c.Mail.Enabled() {
		refuse("SMTP_HOST is required in production: without a mail server nobody gets a link")
	}
	if err := c.Files.Check(production); err != nil {
		errs = append(errs, err)
	}
	// A piece of work holds a connection for a moment only; the rest would idle.
	c.Database.DB.Max = min(c.Database.DB.Max, 2*c.AtOnce+2)
	c.Database.DB.Min = min(c.Database.DB.Min, 1)
	return errors.Join(errs...)
}

func loadWorker(lookup func(string) (string, bool), environ []string) (*workerConfig, error) {
	var c workerConfig
	own, hint := startup.OwnDatabase("WORKER", lookup)
	if err := config.LoadFrom(&c, own, environ); err != nil {
		return nil, errors.Join(err, hint)
	}
	c.Database.DB.AppName = "worker"
	return &c, nil
}

// works are the kinds of jobs that the worker does, and what it does beside them.
type works struct {
	handlers map[string]jobs.Handler
	gaveUp   map[string]func(jobs.Job) jobs.Effect
	beside   []func(ctx context.Context) // each until ctx ends
	close    func(ctx context.Context) error
}

// jobHandlers makes them once the database can be reached.
func jobHandlers(cfg *workerConfig, pool *db.Pool, log *slog.Logger) (works, error) {
	folder := cfg.Files.Folder()
	if err := folder.Check(); err != nil {
		return works{}, fmt.Errorf("FILES_DIR: %w", err)
	}
	extractor, err := knowledge.NewExtractor(cfg.CacheDir)
	if err != nil {
		return works{}, err
	}
	reader := &documents.Reader{Pool: pool, Files: folder, Extractor: extractor}
	sweeper := &documents.Sweeper{Pool: pool, Files: folder, Log: log}
	return works{
		handlers: map[string]jobs.Handler{store.ReadDocument: reader.Read},
		gaveUp:   map[string]func(jobs.Job) jobs.Effect{store.ReadDocument: reader.GaveUp},
		beside:   []func(context.Context){sweeper.Run},
		close:    extractor.Close,
	}, nil
}

// worker is the command "worker" and "worker -check".
func worker(args []string, lookup func(string) (string, bool), environ []string, _, errOut io.Writer) int {
	checks := len(args) == 1 && (args[0] == "-check" || args[0] == "--check")
	if len(args) > 0 && !checks {
		fmt.Fprintf(errOut, "developer-portal worker: say nothing more, or -check\n\n%s", usage)
		return startup.ExitUsage
	}
	cfg, err := loadWorker(lookup, environ)
	if err != nil {
		fmt.Fprintf(errOut, "the worker can't start:\n%v\n", err)
		return startup.ExitUsage
	}
	if checks {
		return web.Check(cfg.Listen)
	}
	log := startup.Logger(errOut, cfg.Env != web.Development).With("portal", "worker")
	for _, warning := range config.Warnings(cfg, environ) {
		log.Warn(warning)
	}
	ctx, stop := web.Signals(context.Background(), log)
	defer stop()
	if err := runWorker(ctx, cfg, jobHandlers, log); err != nil {
		log.Error("the worker ended", "error", err)
		return startup.ExitFailed
	}
	return 0
}

// runWorker works until ctx ends, and returns nil after an orderly stop.
func runWorker(ctx context.Context, cfg *workerConfig, prepare func(*workerConfig, *db.Pool, *slog.Logger) (works, error), log *slog.Logger) error {
	sender, err := mailSender(ctx, cfg, log)
	if err != nil {
		return err
	}
	pool, err := db.Open(ctx, cfg.Database.DB, db.WithLogger(log), db.WithRole(platform.RoleWorker),
		db.WithSchemaVersion(migrations.Latest()), db.WithLedger(platform.Ledger{}))
	if err != nil {
		return err
	}
	closing := func() error {
		limited, cancel := context.WithTimeout(context.Background(), startup.CloseLimit)
		defer cancel()
		return pool.ClosePool(limited)
	}
	all, err := prepare(cfg, pool, log)
	if err != nil {
		return errors.Join(err, closing())
	}
	run := func(ctx context.Context) error { return workOn(ctx, cfg, all, pool, sender, log) }
	if cfg.Env == web.Development {
		err = run(ctx)
	} else { // demo people have addresses, to which nothing goes
		err = startup.Insist(ctx, pool, platform.DemoData, log, run)
	}
	if all.close != nil {
		err = errors.Join(err, all.close(context.WithoutCancel(ctx)))
	}
	return errors.Join(err, closing())
}

// workOn does what waits until ctx ends, and answers questions about the worker's health.
func workOn(ctx context.Context, cfg *workerConfig, all works, pool *db.Pool, sender *mailing.Sender, log *slog.Logger) error {
	loop := func(name string, source jobs.Source) *jobs.Loop {
		return &jobs.Loop{Name: name, Source: source, AtOnce: cfg.AtOnce, Log: log, Stop: cfg.Stop.Duration()}
	}
	var loops []*jobs.Loop
	if sender != nil {
		loops = append(loops, loop("mail", &mailing.Queue{Pool: pool, Sender: sender, Log: log}))
	}
	if len(all.handlers) > 0 {
		loops = append(loops, loop("jobs", &jobs.Queue{Pool: pool, Handlers: all.handlers, GaveUp: all.gaveUp, Log: log}))
	}
	app := &web.App{Portal: "worker", Log: log, Pool: pool}

	working, end := context.WithCancel(ctx)
	defer end()
	errs := make([]error, len(loops))
	var running sync.WaitGroup
	for i, l := range loops {
		running.Go(func() { errs[i] = l.Run(working) })
	}
	if sender != nil {
		running.Go(func() { sender.Watch(working) })
	}
	for _, s := range sweeps {
		running.Go(func() { s.run(working, pool, log) })
	}
	for _, do := range all.beside {
		running.Go(func() { do(working) })
	}
	// It answers until the work has ended: a worker that finishes its work is alive.
	served := web.Serve(ctx, web.ServerConfig{ShutdownTimeout: cfg.Stop}, cfg.Listen, workerHealth(app, pool, sender), app.Drain, log)
	end()
	running.Wait()
	return errors.Join(served, errors.Join(errs...))
}

// retentionEvery is how long a worker waits between two sweeps of what has had its time.
const retentionEvery = time.Minute

// sweep is what a worker clears away now and then.
type sweep struct {
	what  string // for the log
	every time.Duration
	do    func(context.Context, *db.Pool) (swept int64, err error)
}

// sweeps are those of every worker: companies that a self-check has planted and, because it was killed, has left, and
// what has had its time, a little at once, so that nobody notices.
var sweeps = []sweep{
	{"companies that a self-check had planted and left", migrations.PlantedLife, platform.SweepPlanted},
	{"what has had its time", retentionEvery, platform.SweepRetention},
}

// run sweeps at once and then again and again, until ctx ends.
func (s sweep) run(ctx context.Context, pool *db.Pool, log *slog.Logger) {
	again := time.NewTicker(s.every)
	defer again.Stop()
	for {
		switch swept, err := s.do(ctx, pool); {
		case err != nil && ctx.Err() == nil:
			log.WarnContext(ctx, "could not clear away for now", "what", s.what, "error", err)
		case swept > 0:
			log.InfoContext(ctx, "cleared away", "what", s.what, "swept", swept)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// checkLimit is what asking the mail server at the start may take.
const checkLimit = 10 * time.Second

// mailSender makes the sender, nil without SMTP_HOST, and asks the mail server at once. A mail server that says "no" (a
// wrong password, no encryption, a certificate that can't be verified) is a mistake in the settings: production doesn't
// start on it. One that doesn't answer is an outage: mail waits in the outbox, and the worker's health says so.
func mailSender(ctx context.Context, cfg *workerConfig, log *slog.Logger) (*mailing.Sender, error) {
	if !cfg.Mail.Enabled() {
		log.Info("SMTP_HOST is not set: mail stays in the outbox")
		return nil, nil
	}
	sender, err := mailing.NewSender(cfg.Mail)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	err = sender.Check(limited)
	var failure *mailing.Failure
	switch {
	case err == nil:
		log.Info("the mail server takes mail", "host", cfg.Mail.Host)
	case errors.As(err, &failure) && failure.Final && cfg.Env != web.Development:
		return nil, fmt.Errorf("mail can't be sent with these settings (SMTP_…): %w", err)
	default:
		log.Warn("the mail server can't be used; mail waits in the outbox and is tried again", "host", cfg.Mail.Host, "error", err)
	}
	return sender, nil
}

// workerHealth answers for the worker: liveness and the database as a portal does, and the whole at /api/health/worker,
// which is 503 while the database or the mail server can't be used, or the worker is stopping. It says nothing that an
// outsider may not know.
func workerHealth(app *web.App, pool *db.Pool, sender *mailing.Sender) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/health/live", app.Live())
	mux.HandleFunc("GET /api/health/db", app.DBHealth())
	mux.HandleFunc("GET /api/health/worker", func(w http.ResponseWriter, r *http.Request) {
		answer := struct {
			Status   string `json:"status"`   // healthy, unhealthy, draining
			Database string `json:"database"` // healthy, unhealthy
			Mail     string `json:"mail"`     // healthy, unhealthy, off
		}{"healthy", "healthy", "healthy"}
		if !pool.HealthCheck(r.Context()).Healthy {
			answer.Status, answer.Database = "unhealthy", "unhealthy"
		}
		switch {
		case sender == nil:
			answer.Mail = "off"
		case sender.Failing():
			answer.Status, answer.Mail = "unhealthy", "unhealthy"
		}
		if app.Draining() {
			answer.Status = "draining"
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if answer.Status != "healthy" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(answer) // a probe that hung up is nobody to tell
	})
	return mux
}
