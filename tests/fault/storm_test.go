package fault

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// outcomes are what became of requests that were sent at once.
type outcomes struct {
	causes              map[string]int // "" = success
	best, median, worst time.Duration
}

// String lists the causes, successes as "ok".
func (o outcomes) String() string {
	var parts []string
	for _, cause := range slices.Sorted(maps.Keys(o.causes)) {
		name := cause
		if name == "" {
			name = "ok"
		}
		parts = append(parts, fmt.Sprintf("%d %s", o.causes[cause], name))
	}
	return strings.Join(parts, ", ")
}

// storm sends n reads at once and waits for all answers.
func (l *lab) storm(c *contestant, n int) outcomes {
	return allAtOnce(n, func(int) string { return l.reader(c).ask() })
}

// allAtOnce does something n times at once.
func allAtOnce(n int, do func(i int) (cause string)) outcomes {
	o := outcomes{causes: map[string]int{}}
	took := make([]time.Duration, n)
	var mu sync.Mutex
	var all sync.WaitGroup
	release := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-release
			began := time.Now()
			cause := do(i)
			took[i] = time.Since(began)
			mu.Lock()
			defer mu.Unlock()
			o.causes[cause]++
		})
	}
	close(release)
	all.Wait()
	slices.Sort(took)
	o.best, o.median, o.worst = took[0], took[n/2], took[n-1]
	return o
}

// impatient sends one read and hangs up after a while. It reports whether the answer came before.
func (l *lab) impatient(c *contestant, patience time.Duration) (answered bool) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return sendIn(ctx, l.client, http.MethodGet, c.url, l.reading, "").cause == ""
}
