package db

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// conn is one open connection.
type conn struct {
	pg       *pgx.Conn
	pid      uint32
	address  string    // where it leads, for connections that outlive a change in DNS
	expires  time.Time // it is not lent again after that
	returned time.Time // when it was given back, or opened

	// Under conns.mu:
	lease   *lease // who has it, nil = nobody
	lent    time.Time
	warned  bool // that it is lent for long
	retired bool // it is to be closed when it comes back
}

func (c *conn) lend(l *lease) { c.lease, c.lent, c.warned = l, time.Now(), false }

// goodbyeLimit is how long a working connection may take to say goodbye to the server.
const goodbyeLimit = time.Second

// isClean reports whether the next borrower could use it as it is.
func (c *conn) isClean() bool {
	return !c.pg.IsClosed() && !c.pg.PgConn().IsBusy() && c.pg.PgConn().TxStatus() == 'I'
}

func (c *conn) close() {
	if !c.pg.IsClosed() {
		ctx, cancel := context.WithTimeout(context.Background(), goodbyeLimit)
		defer cancel()
		_ = c.pg.Close(ctx) // it is given up either way
	}
	cut(c.pg)
}

// holder describes who has the connection, innermost caller first, for a person who looks for a leak.
func (c *conn) holder() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s for %v", c.lease.op, time.Since(c.lent).Round(time.Millisecond))
	frames := runtime.CallersFrames(c.lease.callers[:])
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if frame.Function != "" && !strings.Contains(frame.Function, "/packages/db.") && !strings.HasPrefix(frame.Function, "runtime.") {
			fmt.Fprintf(&b, " < %s (%s:%d)", frame.Function, filepath.Base(frame.File), frame.Line)
		}
	}
	return b.String()
}
