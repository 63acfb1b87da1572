// Package load puts load on running portals over HTTP and reports every visit that it made.
//
// Its contract:
//
//   - [Open] begins visits on a clock that waits for nobody, as people come; [Closed] has clients who each wait for their
//     answer; [Climb] does the second on one level after another.
//   - Latency counts from the moment at which a visit was meant to begin. A server that stalls, or a load generator that
//     comes late, therefore shows in the figures (Tene, "How NOT to Measure Latency"); how often and how late the
//     generator was is reported beside them.
//   - Every visit is counted once: as ok, as refused by a rate limit (429), or as failed, by cause. Latencies are those of
//     all visits, also of failed ones.
//   - Causes and reports name steps and kinds of failure, never an address that a visitor called: codes are secrets.
//
// It refuses to know the portals' pages; what a visitor does is a [Visit] of the caller's.
package load
