package db

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"openhouse.example/packages/config"
)

// PoolerMode says what stands between the pool and Postgres.
type PoolerMode string

const (
	PoolerAuto        PoolerMode = ""            // transaction for Supabase's port 6543, else none
	PoolerNone        PoolerMode = "none"        // a direct connection
	PoolerSession     PoolerMode = "session"     // a pooler that keeps a server connection for a whole session
	PoolerTransaction PoolerMode = "transaction" // a pooler that changes the server connection between transactions
)

// Config are the pool's settings, under the seed's names. docs/configuration.md and .env.example are made from
// its tags.
type Config struct {
	URL config.Secret `envconfig:"DATABASE_URL" required:"true" desc:"Postgres address of this portal's own login" example:"postgres://openhouse_developer_portal:secret@localhost:5432/openhouse"`

	Max         int           `envconfig:"DB_POOL_MAX" default:"20" unit:"connections" desc:"Most connections this portal opens; requests beyond that wait" tradeoff:"more connections than the server has cores mostly wait for each other there instead of here"`
	Min         int           `envconfig:"DB_POOL_MIN" default:"2" unit:"connections" desc:"Connections kept open while idle, and opened before the portal reports ready" tradeoff:"0 saves server memory and makes the first requests pay for a dial"`
	IdleTime    config.Millis `envconfig:"DB_POOL_IDLE_MS" default:"30000" unit:"milliseconds" desc:"A connection above the minimum is closed after this long without use" tradeoff:"a short time gives memory back sooner and makes every small spike dial anew"`
	ConnTimeout config.Millis `envconfig:"DB_POOL_CONN_TIMEOUT_MS" default:"5000" unit:"milliseconds" desc:"Longest wait for a connection, while the pool is full or the database is away, before the request is refused" tradeoff:"a long time hides longer restarts, a short one answers 503 sooner"`

	SSL   *bool  `envconfig:"DATABASE_SSL" desc:"true: TLS with verified certificate and host name; false: plain text; unset: on for Supabase hosts, off on loopback, refused for any other host"`
	SSLCA string `envconfig:"DATABASE_SSL_CA" desc:"PEM file with the authorities that may have signed the server's certificate; unset: the system's" example:"/etc/openhouse/database-ca.pem"`

	SingleClient bool          `envconfig:"DB_USE_SINGLE_CLIENT" default:"false" desc:"true: one connection for everything, as before the pool" tradeoff:"slow under load; for a rollback only"`
	PoolerMode   PoolerMode    `envconfig:"DB_POOLER_MODE" desc:"What DATABASE_URL leads to: none, session or transaction (kind of connection pooler); unset: transaction for port 6543, else none" example:"transaction"`
	CancelGrace  config.Millis `envconfig:"DB_CANCEL_GRACE_MS" default:"500" unit:"milliseconds" desc:"How long an abandoned statement may take to stop before its connection is closed" tradeoff:"less than four round trips makes each abandoned request cost a reconnect"`
	LeakWarn     config.Millis `envconfig:"DB_LEAK_WARN_MS" default:"10000" unit:"milliseconds" desc:"A connection that is held for longer is named in the log, with its holder"`
	Instances    int           `envconfig:"DB_INSTANCES" default:"2" unit:"processes" desc:"How many portal processes share the database server, for the check of its connection limit at start"`

	// AppName is shown in pg_stat_activity. The program sets it, not the environment.
	AppName string `ignored:"true"`
}

// Validate refuses settings that can't work, all at once, each by the name of its variable. It fills in what is
// derived: the pooler mode, and a pool of one for DB_USE_SINGLE_CLIENT.
func (c *Config) Validate() error {
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	u, err := parseURL(c.URL.Reveal())
	if err != nil {
		errs = append(errs, err)
	}
	if c.SingleClient {
		c.Max, c.Min = 1, 1
	}
	if c.Max < 1 || c.Max > 1000 {
		refuse("DB_POOL_MAX is %d: give a number from 1 to 1000", c.Max)
	}
	if c.Min < 0 || c.Min > c.Max {
		refuse("DB_POOL_MIN is %d: give a number from 0 to DB_POOL_MAX (%d)", c.Min, c.Max)
	}
	within := func(name string, value config.Millis, low, high time.Duration) {
		if d := value.Duration(); d < low || d > high {
			refuse("%s is %v: give milliseconds from %d to %d", name, d, low.Milliseconds(), high.Milliseconds())
		}
	}
	within("DB_POOL_IDLE_MS", c.IdleTime, time.Second, 24*time.Hour)
	within("DB_POOL_CONN_TIMEOUT_MS", c.ConnTimeout, 250*time.Millisecond, 10*time.Minute)
	within("DB_CANCEL_GRACE_MS", c.CancelGrace, 50*time.Millisecond, time.Minute)
	within("DB_LEAK_WARN_MS", c.LeakWarn, 100*time.Millisecond, 24*time.Hour)
	if c.Instances < 1 || c.Instances > 10_000 {
		refuse("DB_INSTANCES is %d: give a number from 1 to 10000", c.Instances)
	}
	switch c.PoolerMode {
	case PoolerAuto:
		c.PoolerMode = PoolerNone
		if u != nil && u.Port() == "6543" {
			c.PoolerMode = PoolerTransaction
		}
	case PoolerNone, PoolerSession, PoolerTransaction:
	default:
		refuse("DB_POOLER_MODE is %q: give none, session or transaction", string(c.PoolerMode))
	}
	if u != nil {
		if _, err := c.tlsPlan(u); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// overriding are options that the driver would take from the query in place of the address that was checked, or that
// concern TLS and are not ours.
var overriding = []string{"host", "hostaddr", "port", "user", "password", "dbname", "database", "service", "servicefile", "passfile", "ssl", "sslcert", "sslkey", "sslpassword", "sslnegotiation"}

// parseURL checks the address without ever repeating it in an error: it holds a password.
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("DATABASE_URL can't be read as a URL: write postgres://login:password@host:5432/database and percent-encode special characters in the password")
	case u.Scheme != "postgres" && u.Scheme != "postgresql":
		return nil, fmt.Errorf("DATABASE_URL starts with %q: it must start with postgres:// or postgresql://", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("DATABASE_URL names no host")
	case u.User.Username() == "":
		return nil, errors.New("DATABASE_URL names no login")
	case strings.Trim(u.Path, "/") == "":
		return nil, errors.New("DATABASE_URL names no database")
	}
	for _, name := range overriding {
		if u.Query().Has(name) {
			return nil, fmt.Errorf("DATABASE_URL has %s in its query: say it in the address itself (postgres://login:password@host:port/database), or with DATABASE_SSL and DATABASE_SSL_CA", name)
		}
	}
	return u, nil
}
