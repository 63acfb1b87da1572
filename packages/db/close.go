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
		close(p.closed)
		p.closeErr = p.close(ctx)
	})
	return p.closeErr
}

func (p *Pool) close(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, closeLimit)
	defer cancel()
	p.prober.stop()
	for range cap(p.slots) { // every slot that we hold is a lease that nobody has
		select {
		case p.slots <- struct{}{}:
			continue
		case <-limited.Done():
		}
		break
	}
	holders := p.cutLeaked()
	done := make(chan struct{})
	go func() { // with a leaked lease the driver's Close never returns
		defer close(done)
		p.pool.Close()
	}()
	if len(holders) == 0 {
		<-done
		return nil
	}
	select {
	case <-done:
	case <-time.After(100 * time.Millisecond):
	}
	return errors.Join(ErrClosed, fmt.Errorf("db: close: %d connections were still held and have been cut:\n  %s",
		len(holders), strings.Join(holders, "\n  ")))
}

// cutLeaked closes the sockets of all leases under their holders and describes them.
func (p *Pool) cutLeaked() []string {
	p.mu.Lock()
	var holders []string
	for l := range p.leases {
		holders = append(holders, l.holder())
	}
	p.mu.Unlock()
	p.cutAll()
	return holders
}
