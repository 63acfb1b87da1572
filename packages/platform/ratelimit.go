package platform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"openhouse.example/packages/db"
)

const (
	hitRate   = `select rate_hit($1, $2, make_interval(secs => $3))`
	rateSpent = `select rate_spent($1, $2)`
)

// RateHit counts an attempt in a bucket, across all instances, and reports
// whether it is within limit attempts in the window that the bucket's first one
// opened. The count is committed on its own, whatever becomes of the request.
func RateHit(ctx context.Context, p *db.Pool, bucket string, limit int, window time.Duration) (allowed bool, err error) {
	return db.Door(ctx, p, func(ctx context.Context, q db.Querier) (bool, error) {
		var allowed bool
		if err := q.QueryRow(ctx, hitRate, bucket, limit, window.Seconds()).Scan(&allowed); err != nil {
			return false, fmt.Errorf("count an attempt: %w", err)
		}
		return allowed, nil
	})
}

// RateSpent reports whether a bucket has limit attempts already, and counts none:
// for what is counted (RateHit) only once it has failed, such as a code that
// nobody has printed. The tenant portal may ask.
func RateSpent(ctx context.Context, p *db.Pool, bucket string, limit int) (bool, error) {
	return db.Door(ctx, p, func(ctx context.Context, q db.Querier) (bool, error) {
		var spent bool
		if err := q.QueryRow(ctx, rateSpent, bucket, limit).Scan(&spent); err != nil {
			return false, fmt.Errorf("ask for the count of attempts: %w", err)
		}
		return spent, nil
	})
}

// Bucket names what is counted: a kind of attempt ("sign-in"), and by whom. The
// who, an address of a person or a machine, is stored as a hash only.
func Bucket(kind string, who ...string) string {
	h := sha256.New()
	for _, w := range who {
		fmt.Fprintf(h, "%d:%s", len(w), w) // the length keeps ("ab", "c") apart from ("a", "bc")
	}
	return kind + ":" + hex.EncodeToString(h.Sum(nil)[:16])
}
