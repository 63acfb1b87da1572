package fault

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/pgdev/proxy"
	"openhouse.example/tests/bench"
	"openhouse.example/tests/stack"
)

const (
	readers = 16
	writers = 4

	readPause  = 5 * time.Millisecond
	writePause = 20 * time.Millisecond

	poolMax = 20 // of every contestant

	developer = "openhouse_developer_portal" // the portal's login
)

// contestant is one program under load, with its own way to Postgres.
type contestant struct {
	name  string
	url   string // of its developments
	proxy *proxy.Proxy
	app   string // application_name of its connections
	login string
}

// lab is one Postgres, the portals, the programs that are compared with them, and two companies: one is read, the
// other written to, so that what readers must get never changes.
type lab struct {
	t           testing.TB
	server      *pgdev.Server // nil if others use it too
	stack       *stack.Stack
	read, write stack.Company
	reading     http.Header
	writing     http.Header
	want        []byte // what a reader must get
	client      *http.Client
	contestants []*contestant // the portal first
	pooled      pooled
}

// labOptions change how a lab is made.
type labOptions struct {
	server  *pgdev.Server // nil = a server that others use too
	alone   bool          // without the programs to compare with
	env     []string      // of the portals
	minimum int           // connections that the other programs keep open; 0 = all
	before  func(db *pgtest.DB)
	pooled  func(db *pgtest.DB) pooled // a pooler before the server
	way     func(host string) string   // a further station before the server's "host:port"
}

func newLab(t testing.TB, o labOptions) *lab {
	t.Helper()
	l := &lab{t: t, server: o.server}
	db := o.database(t)
	if o.before != nil {
		o.before(db)
	}
	if o.pooled != nil {
		l.pooled = o.pooled(db)
	}
	var portal *proxy.Proxy
	l.stack = stack.Start(t, db, stack.Options{Env: o.env, Terse: true, Through: func(address string) string {
		through, p := l.through(address, o.way)
		if portal == nil { // the developer portal's comes first
			portal = p
		}
		return through
	}})
	l.read, l.write = l.stack.NewCompany("Harbour Homes"), l.stack.NewCompany("Moss Lane Builders")
	bench.Furnish(l.stack, l.read, 20)
	l.reading, l.writing = program(l.stack.Token(t, l.read)), program(l.stack.Token(t, l.write))
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	t.Cleanup(transport.CloseIdleConnections)
	l.client = &http.Client{Transport: transport, Timeout: time.Minute}
	l.contestants = []*contestant{
		{name: "openhouse", url: l.stack.Developer.URL + "/api/developments", proxy: portal, app: "developer-portal", login: developer},
	}
	if !o.alone {
		l.contestants = append(l.contestants, l.peer("pgxpool", false, o.minimum), l.peer("pgxpool+retry", true, o.minimum))
	}
	a := send(l.client, http.MethodGet, l.contestants[0].url, l.reading, "")
	if a.cause != "" || !bytes.Contains(a.body, []byte(`"Development 20"`)) {
		t.Fatalf("before any fault the portal answers %d %s", a.status, a.body)
	}
	l.want = a.body
	return l
}

func (o labOptions) database(t testing.TB) *pgtest.DB {
	if o.server == nil {
		return pgtest.New(t)
	}
	return pgtest.NewOn(t, o.server)
}

func program(token string) http.Header {
	return http.Header{"Authorization": {"Bearer " + token}, "Accept": {"application/json"}}
}

// peer starts a program to compare with, under a login of its own that row-level security doesn't bind.
func (l *lab) peer(name string, retry bool, minimum int) *contestant {
	l.t.Helper()
	c := &contestant{name: name, app: name, login: strings.ReplaceAll(name, "+", "_")}
	const password = "peer"
	db := l.stack.DB
	db.Exec(fmt.Sprintf(`do $$ begin create role %s login bypassrls password '%s'; exception when duplicate_object or unique_violation then null; end $$`, c.login, password))
	db.Exec(fmt.Sprintf("grant select, insert on all tables in schema public to %s", c.login))
	u, err := url.Parse(db.AdminURL())
	if err != nil {
		l.t.Fatal(err)
	}
	u.User = url.UserPassword(c.login, password)
	address, p := l.through(u.String()+l.pooled.peers, nil)
	c.proxy = p
	c.url = bench.StartPlain(l.t, l.stack, bench.Peer{Database: address, Name: name, Retry: retry, MaxConns: poolMax, MinConns: minimum}) + "/api/developments"
	return c
}

// through puts a proxy before an address, and before that what way says.
func (l *lab) through(address string, way func(host string) string) (string, *proxy.Proxy) {
	l.t.Helper()
	u, err := url.Parse(l.pooled.url(address))
	if err != nil {
		l.t.Fatal(err)
	}
	p, err := proxy.Start(u.Host, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = p.Close() })
	u.Host = p.Addr()
	if way != nil {
		u.Host, u.RawQuery = way(p.Addr()), "" // which turned TLS off
	}
	return u.String(), p
}

// sql runs a statement as the administrator, past the proxies.
func (l *lab) sql(text string, args ...any) {
	l.t.Helper()
	conn := l.admin()
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(context.Background(), text, args...); err != nil {
		l.t.Fatalf("%v\nin %s", err, text)
	}
}

// admin opens an administrator's connection, which the caller closes.
func (l *lab) admin() *pgx.Conn {
	l.t.Helper()
	conn, err := pgx.Connect(context.Background(), l.stack.DB.AdminURL())
	if err != nil {
		l.t.Fatal(err)
	}
	return conn
}

// maintenance opens an administrator's connection to the server's own database, which the caller closes.
func (l *lab) maintenance() *pgx.Conn {
	l.t.Helper()
	conn, err := pgx.Connect(context.Background(), l.server.URL("postgres"))
	if err != nil {
		l.t.Fatal(err)
	}
	return conn
}

// blocked counts the statements of a contestant that wait for a lock.
func (l *lab) blocked(c *contestant) int {
	l.t.Helper()
	return look[int](l, "select count(*) from pg_stat_activity where datname = current_database() and application_name = $1 and wait_event_type = 'Lock'", c.app)
}

// look reads one value as the administrator.
func look[T any](l *lab, text string, args ...any) T {
	l.t.Helper()
	conn := l.admin()
	defer func() { _ = conn.Close(context.Background()) }()
	var v T
	if err := conn.QueryRow(context.Background(), text, args...).Scan(&v); err != nil {
		l.t.Fatalf("%v\nin %s", err, text)
	}
	return v
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

func (l *lab) reader(c *contestant) reader {
	return reader{client: l.client, url: c.url, header: l.reading, want: l.want}
}

func (l *lab) writer(c *contestant, prefix string) *writer {
	return &writer{client: l.client, url: c.url, header: l.writing, prefix: prefix}
}

// get asks a contestant once.
func (l *lab) get(c *contestant) answer {
	return send(l.client, http.MethodGet, c.url, l.reading, "")
}

// rows are the writes that are there, by key.
func (l *lab) rows(prefix string) map[string]row {
	l.t.Helper()
	conn := l.admin()
	defer func() { _ = conn.Close(context.Background()) }()
	list, err := conn.Query(context.Background(),
		"select name, count(*), min(id::text) from developments where tenant_id = $1 and starts_with(name, $2) group by name", l.write.ID, prefix)
	if err != nil {
		l.t.Fatal(err)
	}
	found := map[string]row{}
	var name string
	var r row
	_, err = pgx.ForEachRow(list, []any{&name, &r.count, &r.id}, func() error {
		found[name] = r
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return found
}

// noise counts the lines of the portal's log, from a position on, that a person is meant to look at.
func noise(log string) (n int) {
	for line := range strings.Lines(log) {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
			n++
		}
	}
	return n
}

// countLines counts the lines of a log in which all of the words stand.
func countLines(log string, words ...string) (n int) {
	for line := range strings.Lines(log) {
		all := true
		for _, word := range words {
			all = all && strings.Contains(line, word)
		}
		if all {
			n++
		}
	}
	return n
}
