package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"

	"openhouse.example/packages/db"
	"openhouse.example/packages/web/auth"
)

// App is one portal's share of this package. Its exported fields are set once,
// before the first request.
type App struct {
	Portal   string // auth.PortalDeveloper or auth.PortalTenant
	Log      *slog.Logger
	Pool     Database // *db.Pool
	Pages    Pages    // nil = plain text
	Verifier *auth.Verifier

	// PublicURL is where people reach the portal. With https, cookies are Secure
	// and HSTS is sent. Empty = plain http on this machine.
	PublicURL PublicURL
	// CookieName of the session; "" = SessionCookieName of portal and PublicURL.
	CookieName string
	// SignInPath is where pages send a person without a session; "" = pages
	// answer 401 like everything else.
	SignInPath string

	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// MaxInFlight is how many requests are worked on at once; more are answered
	// 503. 0 = DefaultMaxInFlight.
	MaxInFlight int

	draining atomic.Bool
	inFlight atomic.Int64
	folds    folds
}

// Database is what this package asks of the pool.
type Database interface {
	HealthCheck(ctx context.Context) db.Health
	GetPoolStats() db.PoolStats
}

// Pages shows errors to people. The header fields that belong to the answer
// (Retry-After among them) are set before Error is called; Error writes the
// status and the page.
type Pages interface {
	Error(w http.ResponseWriter, r *http.Request, status int, code, public, requestID string)
}

// Drain makes the readiness route answer 503 "draining", while requests are
// still served. It is what Serve is given as onDrain.
func (a *App) Drain() { a.draining.Store(true) }

// Draining reports whether Drain was called.
func (a *App) Draining() bool { return a.draining.Load() }
