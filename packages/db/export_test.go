package db

import (
	"context"
	"time"
)

// WithLookup looks host names up by a function of the test's own, and leaves an address that no answer holds after keep.
func WithLookup(lookup func(ctx context.Context, host string) ([]string, error), keep time.Duration) Option {
	return func(p *Pool) { p.names.lookup, p.names.keep = lookup, keep }
}
