package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// closeLimit bounds ClosePool when its context has no earlier deadline.
const closeLimit = 5 * time.Second

// ClosePool closes the pool: waiting callers get ErrClosed, running ones may finish until ctx ends or 5 s have
// passed. Whoever holds a connection then is named in the error, with its stack, and loses it. It returns in any
// case, and is safe to call more than once.
func (p *Pool) ClosePool(ctx context.Context) error {
	p.closeOnce.Do(func() {
		p.closing.Store(true)
		p.closeErr = p.close(ctx)
	})
	return p.closeErr
}

func (p *Pool) close(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, closeLimit)
	defer cancel()
	p.conns.close()
	p.prober.stop()
	select {
	case <-p.conns.emptied:
		p.conns.work.Wait()
		return nil
	case <-limited.Done():
	}
	var holders []string
	p.conns.eachLent(func(c *conn) { holders = append(holders, c.holder()) })
	p.conns.cutLent()
	if len(holders) == 0 { // the last one came back this moment
		return nil
	}
	return errors.Join(ErrClosed, fmt.Errorf("db: close: %d connections were still held and have been cut:\n  %s",
		len(holders), strings.Join(holders, "\n  ")))
}
