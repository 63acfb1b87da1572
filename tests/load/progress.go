package load

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Tell writes a line about the run every second, until ctx ends.
func Tell(ctx context.Context, w io.Writer, r *Recorder, pool *PoolWatch) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var last Progress
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			last = r.Look(last)
			fmt.Fprintln(w, last.line(pool.Last()))
		}
	}
}

func (p Progress) line(pool PoolSample) string {
	return fmt.Sprintf("%3.0f s   sent %s of %s   ok %s   failed %s   429 %s   p95 %s ms   pool %d in use, %d waiting",
		p.Since.Seconds(), grouped(p.Begun), grouped(p.Planned), grouped(p.OK), grouped(p.Failed), grouped(p.Refused), number(ms(p.P95)), pool.InUse(), pool.Waiting)
}
