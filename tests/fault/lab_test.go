package fault

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/bench"
	"openhouse.example/tests/proxy"
	"openhouse.example/tests/stack"
)

func TestMain(m *testing.M) { stack.Main(m) }

const (
	workers = 16
	pause   = 5 * time.Millisecond
)

// contestant is one program under load, with its own way to Postgres.
type contestant struct {
	name   string
	url    string
	header http.Header
	proxy  *proxy.Proxy
	app    string // application_name of its connections
}

// lab is one private Postgres and the three programs on it.
type lab struct {
	t           testing.TB
	server      *pgdev.Server
	stack       *stack.Stack
	company     stack.Company
	client      *http.Client
	contestants []*contestant
}

func newLab(t testing.TB) *lab {
	t.Helper()
	l := &lab{t: t, server: pgtest.Server(t)}
	db := pgtest.NewOn(t, l.server)
	var portal *proxy.Proxy
	l.stack = stack.Start(t, db, stack.Options{Through: func(address string) string {
		through, p := l.through(address)
		if portal == nil { // the developer portal's comes first
			portal = p
		}
		return through
	}})
	l.company = l.stack.NewCompany("Harbour Homes")
	bench.Furnish(l.stack, l.company, 20)
	header := http.Header{"Authorization": {"Bearer " + l.stack.Token(t, l.company)}, "Accept": {"application/json"}}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	l.client = &http.Client{Transport: transport, Timeout: 60 * time.Second}
	l.contestants = []*contestant{
		{name: "openhouse", url: l.stack.Developer.URL + "/api/developments", header: header, proxy: portal, app: "developer-portal"},
	}
	for _, peer := range []struct {
		name  string
		retry bool
	}{{"pgxpool", false}, {"pgxpool+retry", true}} {
		address, p := l.through(db.AdminURL())
		base := bench.StartPlain(t, l.stack, bench.Peer{Database: address, Name: peer.name, Retry: peer.retry, MaxConns: 20})
		l.contestants = append(l.contestants, &contestant{name: peer.name, url: base + "/api/developments", header: header, proxy: p, app: peer.name})
	}
	return l
}

func (l *lab) through(address string) (string, *proxy.Proxy) {
	l.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		l.t.Fatal(err)
	}
	p, err := proxy.Start(u.Host, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = p.Close() })
	u.Host = p.Addr()
	return u.String(), p
}

// sql runs a statement as the administrator, past the proxies.
func (l *lab) sql(text string, args ...any) {
	l.t.Helper()
	conn, err := pgx.Connect(context.Background(), l.stack.DB.AdminURL())
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(context.Background(), text, args...); err != nil {
		l.t.Fatal(err)
	}
}

// each does something to every contestant's way to Postgres.
func (l *lab) each(do func(p *proxy.Proxy)) {
	for _, c := range l.contestants {
		do(c.proxy)
	}
}

func (l *lab) heal() {
	l.t.Helper()
	for _, c := range l.contestants {
		if err := c.proxy.Pass(); err != nil {
			l.t.Fatal(err)
		}
	}
}

// warm sends load until every contestant's pool is in use, and then lets it rest for a moment.
func (l *lab) warm() {
	for _, c := range l.contestants {
		w := startLoad(l.client, c.url, c.header, workers, 0)
		time.Sleep(300 * time.Millisecond)
		w.stop()
	}
}

// run puts all contestants under load, breaks and heals, and lets the load go on for a while.
func (l *lab) run(f fault) []Result {
	l.t.Helper()
	loads := make([]*load, len(l.contestants))
	if f.rest == 0 {
		for i, c := range l.contestants {
			loads[i] = startLoad(l.client, c.url, c.header, workers, pause)
		}
		time.Sleep(500 * time.Millisecond)
	} else {
		l.warm()
	}
	began := time.Now()
	healed := f.inflict(l)
	if f.rest != 0 { // a fault that is met by a pool at rest
		time.Sleep(f.rest)
		for i, c := range l.contestants {
			loads[i] = startLoad(l.client, c.url, c.header, workers, pause)
		}
	}
	time.Sleep(f.after)
	results := make([]Result, len(loads))
	for i, c := range l.contestants {
		results[i] = summarise(f.id, c.name, loads[i].stop(), began, healed)
	}
	return results
}
