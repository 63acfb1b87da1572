package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/pgdev/proxy"
	"openhouse.example/tests/bench"
	"openhouse.example/tests/stack"
)

func TestMain(m *testing.M) { stack.Main(m) }

const (
	developments = 20
	leastRounds  = 20               // a bar is judged by at least this many interleaved rounds
	poolSize     = 20               // the seed's
	lineDelay    = time.Millisecond // one way: a round trip of 2 ms
)

// pair is the portal and its plain peer, both answering the same list.
type pair struct {
	portal, plain bench.Target
	client        *http.Client
}

func (p pair) round(t testing.TB, i, clients int, length time.Duration) (portal, plain bench.Sample) {
	t.Helper()
	measure := func(target bench.Target) bench.Sample {
		sample, err := bench.Load(context.Background(), p.client, target, clients, length)
		if err != nil {
			t.Fatal(err)
		}
		return sample
	}
	if i%2 == 0 { // neither is always the first
		portal = measure(p.portal)
		plain = measure(p.plain)
		return portal, plain
	}
	plain = measure(p.plain)
	portal = measure(p.portal)
	return portal, plain
}

// BenchmarkListThroughput compares requests per second at 100 clients. Each iteration is one round of both.
func BenchmarkListThroughput(b *testing.B) {
	p := newPair(b, 0)
	var portal, plain []float64
	for i := 0; b.Loop(); i++ {
		x, y := p.round(b, i, 100, time.Second)
		portal, plain = append(portal, x.PerSecond), append(plain, y.PerSecond)
		b.Logf("round %2d: portal %6.0f/s, plain %6.0f/s, ratio %.2f", i+1, x.PerSecond, y.PerSecond, x.PerSecond/y.PerSecond)
	}
	judge(b, "list-throughput", portal, plain, func(r bench.Interval) (bool, string) {
		return r.Low >= 0.70, "lower end must be at least 0.70"
	})
}

// BenchmarkListLatency compares the median latency of one client when Postgres is 2 ms away.
func BenchmarkListLatency(b *testing.B) {
	p := newPair(b, lineDelay)
	var portal, plain []float64
	for i := 0; b.Loop(); i++ {
		x, y := p.round(b, i, 1, 500*time.Millisecond)
		portal, plain = append(portal, x.Median.Seconds()), append(plain, y.Median.Seconds())
		b.Logf("round %2d: portal %v, plain %v, ratio %.2f", i+1, x.Median, y.Median, x.Median.Seconds()/y.Median.Seconds())
	}
	judge(b, "list-latency-2ms", portal, plain, func(r bench.Interval) (bool, string) {
		return r.High <= 1.15, "upper end must be at most 1.15"
	})
}

// judge prints, stores and, with enough rounds, judges the ratio portal / plain.
func judge(b *testing.B, name string, portal, plain []float64, bar func(bench.Interval) (bool, string)) {
	b.Helper()
	if len(portal) < 2 { // the benchmark runner's trial with one round
		return
	}
	ratio := bench.Ratio(portal, plain)
	holds, rule := bar(ratio)
	b.ReportMetric(ratio.Low, "ratio-low")
	b.ReportMetric(ratio.Mid, "ratio")
	b.ReportMetric(ratio.High, "ratio-high")
	report, err := json.MarshalIndent(map[string]any{
		"name": name, "portal": portal, "plain": plain, "ratio": ratio, "rule": rule, "holds": holds, "at": time.Now().UTC(),
	}, "", "  ")
	if err != nil {
		b.Fatal(err)
	}
	folder := filepath.Join(stack.Root(b), ".local", "bench")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".json"), report, 0o644); err != nil {
		b.Fatal(err)
	}
	b.Logf("%s: ratio %.3f, 95%% interval %.3f to %.3f over %d rounds; %s", name, ratio.Mid, ratio.Low, ratio.High, ratio.Rounds, rule)
	if len(portal) >= leastRounds && !holds {
		b.Errorf("%s: %s, it is %.3f to %.3f", name, rule, ratio.Low, ratio.High)
	}
}

// TestBothAnswerTheSame keeps the comparison fair: portal and peer give the same list, and one round of each works.
func TestBothAnswerTheSame(t *testing.T) {
	t.Parallel()
	p := newPair(t, 0)
	portal, plain := p.fetch(t, p.portal), p.fetch(t, p.plain)
	if len(portal) != developments {
		t.Fatalf("the portal lists %d developments, want %d", len(portal), developments)
	}
	for i := range portal {
		if portal[i] != plain[i] {
			t.Errorf("line %d: portal %+v, plain %+v", i, portal[i], plain[i])
		}
	}
	x, y := p.round(t, 0, 10, 100*time.Millisecond)
	if x.Requests == 0 || y.Requests == 0 {
		t.Errorf("a round gave %+v and %+v", x, y)
	}
}

type listed struct {
	ID    uuid.UUID
	Name  string
	Homes int
	Sold  int
}

func (p pair) fetch(t testing.TB, target bench.Target) []listed {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = target.Header
	response, err := p.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct{ Developments []listed }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatalf("%s answered %d: %v", target.Name, response.StatusCode, err)
	}
	return answer.Developments
}

func newPair(t testing.TB, delay time.Duration) pair {
	t.Helper()
	through := func(address string) string { return address }
	if delay > 0 {
		through = func(address string) string { return throughProxy(t, address, delay) }
	}
	s := stack.Start(t, pgtest.New(t), stack.Options{Through: through, Env: []string{fmt.Sprintf("DB_POOL_MAX=%d", poolSize)}})
	company := s.NewCompany("Harbour Homes")
	other := s.NewCompany("Moss Lane Builders")
	for _, c := range []stack.Company{company, other} {
		bench.Furnish(s, c, developments)
	}
	s.DB.Exec("analyze")
	header := http.Header{"Authorization": {"Bearer " + s.Token(t, company)}, "Accept": {"application/json"}}
	transport := &http.Transport{MaxIdleConnsPerHost: 200}
	t.Cleanup(transport.CloseIdleConnections)
	return pair{
		portal: bench.Target{Name: "portal", URL: s.Developer.URL + "/api/developments", Header: header},
		plain:  bench.Target{Name: "plain", URL: bench.StartPlain(t, s, bench.Peer{Database: through(s.DB.AdminURL()), Name: "plain", MaxConns: poolSize}) + "/api/developments", Header: header},
		client: &http.Client{Transport: transport, Timeout: 20 * time.Second},
	}
}

func throughProxy(t testing.TB, address string, delay time.Duration) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p, err := proxy.Start(u.Host, delay)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	u.Host = p.Addr()
	return u.String()
}
