package fault

import (
	"context"
	"sync"
	"testing"
	"time"

	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
)

// common is a server for the tests of this package that don't break theirs: many can use it at once, and the logins
// that they make stay on no other.
var common commonServer

type commonServer struct {
	mu     sync.Mutex
	server *pgdev.Server
}

// use starts the server when the first test asks.
func (c *commonServer) use(t testing.TB) *pgdev.Server {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		var err error
		c.server, err = pgdev.StartThrowaway(ctx, pgdev.WithSetting("max_connections", "600"), pgdev.WithSetting("log_connections", "on"))
		if err != nil {
			t.Fatal(err)
		}
	}
	return c.server
}

func (c *commonServer) stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		return nil
	}
	err := c.server.Stop()
	c.server = nil
	return err
}

// limits sets limits of the portal's login, in one database only.
func limits(db *pgtest.DB, settings ...string) {
	for _, s := range settings {
		db.Exec("alter role " + developer + " in database " + db.Name + " set " + s)
	}
}
