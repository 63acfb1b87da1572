package text

import (
	"context"
	"time"
)

// Keys that are put together here, declared for CheckUsage:
// text:keys date.month.*
// text:keys date.short-month.*

// Date is "24 November 2025" in the context's language and time zone.
func Date(ctx context.Context, t time.Time) string {
	t = t.In(from(ctx).zone)
	return T(ctx, "date.long", t.Format("2"), T(ctx, "date.month."+t.Format("01")), t.Format("2006"))
}

// DateShort is "24 Nov 2025", for tables.
func DateShort(ctx context.Context, t time.Time) string {
	t = t.In(from(ctx).zone)
	return T(ctx, "date.short", t.Format("2"), T(ctx, "date.short-month."+t.Format("01")), t.Format("2006"))
}

// DateTime is "24 Nov 2025, 14:05 UTC": with the zone's name, so that nobody
// has to guess which clock is meant.
func DateTime(ctx context.Context, t time.Time) string {
	t = t.In(from(ctx).zone)
	return T(ctx, "date.time", DateShort(ctx, t), t.Format("15:04 MST"))
}
