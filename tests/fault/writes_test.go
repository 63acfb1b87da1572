package fault

import (
	"sync"
	"time"

	"openhouse.example/packages/pgdev/proxy"
)

const (
	lostAnswers  = 100 // of COMMIT, of each contestant
	lostRequests = 20  // COMMITs that never arrive
)

// commitRaces are about the one moment at which a client can't know whether its work was done.
func commitRaces() []race {
	return []race{{
		id: "COMMIT", title: "the answer to COMMIT is lost 100 times, COMMIT itself 20 times", after: time.Second,
		events: 1, inflict: loseCommits, bar: noFailure(3 * time.Second),
	}}
}

// loseCommits takes them from every contestant alike, one at a time.
func loseCommits(l *lab) time.Time {
	l.t.Helper()
	var all sync.WaitGroup
	for _, c := range l.contestants {
		all.Go(func() {
			for i := range lostAnswers + lostRequests {
				lose := (*proxy.Proxy).SwallowReply
				if i%6 == 5 {
					lose = (*proxy.Proxy).SwallowRequest
				}
				select {
				case <-lose(c.proxy, "commit"):
				case <-time.After(20 * time.Second):
					l.t.Errorf("%s has sent no COMMIT for 20 s, after %d that were lost", c.name, i)
					return
				}
			}
		})
	}
	all.Wait()
	return time.Time{}
}
