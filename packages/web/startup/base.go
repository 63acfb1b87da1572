package startup

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"openhouse.example/packages/db"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

// CloseLimit is what each thing that a portal has opened gets to close.
const CloseLimit = 5 * time.Second

// Base is what a portal's routes stand on.
type Base struct {
	App    *web.App
	Pool   *db.Pool
	Issuer *auth.Issuer
	Key    auth.Key // the one that signs sessions

	server web.ServerConfig
	listen string
	check  Check // before anything is served; nil = none
}

// Open makes the portal's Base of its settings. pages shows errors to people; options say what only the portal knows
// of its pool: role, schema version, ledger. End it with Serve or Close.
//
// A database that is away is no error (see db.Open); keys or a login that can't be used are.
func (p Portal) Open(ctx context.Context, s Settings, log *slog.Logger, pages web.Pages, options ...db.Option) (*Base, error) {
	keys, err := SigningKeys(p.Name, p.Prefix+jwtKey, s.Key)
	if err != nil {
		return nil, err
	}
	issuer, err := auth.NewIssuer(p.Name, s.PublicURL.Origin(), keys[0])
	if err != nil {
		return nil, err
	}
	verifier, err := auth.NewVerifier(p.Name, s.PublicURL.Origin(), auth.PublicKeys(keys))
	if err != nil {
		return nil, err
	}
	pool, err := db.Open(ctx, *s.DB, append([]db.Option{db.WithLogger(log)}, options...)...)
	if err != nil {
		return nil, err
	}
	app := &web.App{
		Portal: p.Name, Log: log, Pool: pool, Verifier: verifier, Pages: pages, PublicURL: *s.PublicURL, SignInPath: "/sign-in",
		TrustedProxies: s.Server.TrustedProxies, MaxInFlight: s.Server.MaxInFlight,
	}
	return &Base{App: app, Pool: pool, Issuer: issuer, Key: keys[0], server: *s.Server, listen: s.Server.Listen(p.Port)}, nil
}

// InProduction has Serve make a check first, if this portal serves in earnest.
func (b *Base) InProduction(check Check) {
	if b.server.Production() {
		b.check = check
	}
}

// Serve serves handler until ctx ends, then closes: first the requests (see web.Serve), then work in the background,
// each of ends in order, then the pool. It returns nil after an orderly stop, an ErrRefused of InProduction's check.
func (b *Base) Serve(ctx context.Context, handler http.Handler, ends ...func(context.Context) error) error {
	serve := func(ctx context.Context) error {
		return web.Serve(ctx, b.server, b.listen, handler, b.App.Drain, b.App.Log)
	}
	var served error
	if b.check == nil {
		served = serve(ctx)
	} else {
		served = Insist(ctx, b.Pool, b.check, b.App.Log, serve)
	}
	return errors.Join(served, b.Close(ends...))
}

// Close closes what Serve would close, for a portal that doesn't come to serve. Each of ends, and then the pool, has
// CloseLimit.
func (b *Base) Close(ends ...func(context.Context) error) error {
	var errs []error
	for _, end := range append(ends, b.Pool.ClosePool) {
		errs = append(errs, within(CloseLimit, end))
	}
	return errors.Join(errs...)
}

func within(limit time.Duration, end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return end(ctx)
}
