package web

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"openhouse.example/packages/config"
)

// Environments. Unset means production, so that nothing meant for a developer's
// desk is switched on by forgetting something.
const (
	Production  = "production"
	Development = "development"
)

// ServerConfig is how a portal listens and how it stops.
type ServerConfig struct {
	Env        string `envconfig:"OPENHOUSE_ENV" default:"production" desc:"production, or development on a developer's own machine (demo data, outbox page, generated keys)"`
	Port       int    `envconfig:"PORT" unit:"TCP port" desc:"Port to listen on; unset: 3001 for the developer portal, 3002 for the tenant portal"`
	ListenAddr string `envconfig:"LISTEN_ADDR" example:"127.0.0.1:3001" desc:"Address and port to listen on, instead of PORT; unset: every address in production, this machine only in development"`

	// DrainDelay must cover the balancer's probe interval times its threshold, or
	// it sends requests to a closed port.
	DrainDelay config.Millis `envconfig:"DRAIN_DELAY_MS" default:"5000" unit:"milliseconds" desc:"How long requests are still served after readiness says draining"`
	// ShutdownTimeout is what the longest request may still take; then it is cut.
	ShutdownTimeout config.Millis `envconfig:"SHUTDOWN_TIMEOUT_MS" default:"15000" unit:"milliseconds" desc:"How long running requests may take once no new ones are accepted"`

	// MaxInFlight keeps an overload from becoming a crash: some 50 KB a request.
	MaxInFlight    int            `envconfig:"MAX_IN_FLIGHT" default:"2000" unit:"requests" desc:"Most requests worked on at once; more are answered 503 with Retry-After"`
	TrustedProxies []netip.Prefix `envconfig:"TRUSTED_PROXIES" example:"10.0.0.0/8" desc:"Networks of the proxies whose X-Forwarded-For is believed, separated by commas; unset: none"`
}

// Production reports whether the portal serves in earnest.
func (c ServerConfig) Production() bool { return c.Env != Development }

// Validate refuses what can't work, all at once.
func (c ServerConfig) Validate() error {
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Env != Production && c.Env != Development {
		refuse("OPENHOUSE_ENV is %q: give production or development", c.Env)
	}
	if c.Port < 0 || c.Port > 65535 {
		refuse("PORT is %d: give a number from 1 to 65535", c.Port)
	}
	if c.ListenAddr != "" {
		port, err := listenPort(c.ListenAddr)
		switch {
		case err != nil:
			refuse("LISTEN_ADDR is %q: write address and port, such as 127.0.0.1:3001 or :3001", c.ListenAddr)
		case c.Port != 0 && c.Port != port:
			refuse("PORT is %d but LISTEN_ADDR ends in %d: set only one of them", c.Port, port)
		}
	}
	if d := c.DrainDelay.Duration(); d > 5*time.Minute {
		refuse("DRAIN_DELAY_MS is %v: give at most 5 minutes", d)
	}
	if d := c.ShutdownTimeout.Duration(); d < 100*time.Millisecond || d > 5*time.Minute {
		refuse("SHUTDOWN_TIMEOUT_MS is %v: give 100 milliseconds to 5 minutes", d)
	}
	if c.MaxInFlight < 1 || c.MaxInFlight > 1_000_000 {
		refuse("MAX_IN_FLIGHT is %d: give a number from 1 to 1000000", c.MaxInFlight)
	}
	for _, p := range c.TrustedProxies {
		if p.Bits() == 0 {
			refuse("TRUSTED_PROXIES has %v, which is everybody: anybody could then claim any address; name your proxies' networks", p)
		}
	}
	return errors.Join(errs...)
}

// Listen returns the address to listen on; standard is the portal's own port.
func (c ServerConfig) Listen(standard int) string {
	if c.ListenAddr != "" {
		return c.ListenAddr
	}
	port := c.Port
	if port == 0 {
		port = standard
	}
	host := ""
	if !c.Production() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

func listenPort(addr string) (int, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return int(n), err
}
