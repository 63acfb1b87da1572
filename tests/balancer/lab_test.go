package balancer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/pgdev/proxy"
	"openhouse.example/tests/stack"
)

// drainDelay is what deploy/haproxy is made for: the portals' default.
const drainDelay = 5 * time.Second

// instance is one running portal, with its own way to Postgres.
type instance struct {
	*stack.Portal
	name string // in HAProxy: "staff/one"
	way  *proxy.Proxy
	env  []string
}

// launch starts the instance, also again after it has ended.
func (i *instance) launch() { i.Launch(i.env...) }

// lab is two instances of each portal on one database, and HAProxy in front.
type lab struct {
	t         testing.TB
	db        *pgtest.DB
	balancer  *pgdev.Balancer
	instances []*instance  // staff/one, staff/two, residents/one, residents/two
	front     *stack.Stack // as people see it: the public addresses
	tls       *tls.Config
}

// labOptions change how a lab is made.
type labOptions struct {
	env  func(name string) []string        // further settings of an instance
	edit func(configuration string) string // changes what is shipped
}

func newLab(t testing.TB, db *pgtest.DB, o labOptions) *lab {
	t.Helper()
	l := &lab{t: t, db: db}
	l.front = &stack.Stack{DB: db, Developer: l.pair("staff", stack.DeveloperPortal, o.env), Tenant: l.pair("residents", stack.TenantPortal, o.env)}
	// The last cleanup to be set is the first to run: the second signal spares everybody the time to drain.
	t.Cleanup(func() {
		for range 2 {
			for _, i := range l.instances {
				i.Signal(syscall.SIGTERM)
			}
			time.Sleep(200 * time.Millisecond)
		}
	})
	for _, i := range l.instances {
		i.AwaitReady()
	}
	l.balance(o.edit)
	return l
}

// pair starts two instances of a portal, and returns the portal as people see it.
func (l *lab) pair(backend, portal string, env func(name string) []string) *stack.Portal {
	l.t.Helper()
	public := &stack.Portal{Name: portal, URL: "https://" + map[string]string{"staff": staffName, "residents": homeName}[backend]}
	for _, server := range []string{"one", "two"} {
		i := &instance{Portal: stack.Prepare(l.t, portal), name: backend + "/" + server}
		i.URL = "http://" + freeAddress(l.t)
		if public.PEM == nil {
			public.Key, public.PEM = i.Key, i.PEM
		}
		i.Key, i.PEM = public.Key, public.PEM
		variable, address := "DEVELOPER_DATABASE_URL", l.db.StaffURL()
		if portal == stack.TenantPortal {
			variable, address = "TENANT_DATABASE_URL", l.db.ResidentURL()
		}
		i.env = []string{
			"OPENHOUSE_ENV=development", "DATABASE_SSL=false", "TRUSTED_PROXIES=127.0.0.1/32",
			"DEVELOPER_PUBLIC_URL=https://" + staffName, "TENANT_PUBLIC_URL=https://" + homeName,
			variable + "=" + l.through(i, address),
		}
		if env != nil {
			i.env = append(i.env, env(i.name)...)
		}
		l.instances = append(l.instances, i)
		i.launch()
	}
	return public
}

// through puts the instance's own proxy before a database.
func (l *lab) through(i *instance, address string) string {
	l.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		l.t.Fatal(err)
	}
	if i.way, err = proxy.Start(u.Host, 0); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = i.way.Close() })
	u.Host = i.way.Addr()
	return u.String()
}

// balance starts HAProxy.
func (l *lab) balance(edit func(string) string) {
	l.t.Helper()
	var stations [4]string
	for n, i := range l.instances {
		stations[n] = strings.TrimPrefix(i.URL, "http://")
	}
	text := shipped(l.t, stations)
	both, trust := certificate(l.t)
	ctx, cancel := context.WithTimeout(l.t.Context(), 5*time.Minute) // it may have to be fetched
	defer cancel()
	b, err := pgdev.StartBalancer(ctx, pgdev.BalancerConfig{
		Files: map[string]string{certificateFile: both},
		Text: func(place pgdev.BalancerPlace) (string, error) {
			configuration, err := text(place)
			if edit != nil {
				configuration = edit(configuration)
			}
			return configuration, err
		},
	}, func(line string) { fmt.Fprintln(os.Stderr, "pgdev: "+line) })
	if err != nil {
		l.t.Fatal(err)
	}
	l.balancer = b
	l.trust(trust)
	l.t.Cleanup(func() {
		if l.t.Failed() {
			l.t.Logf("HAProxy said last%s", b.LogTail(20))
		}
		if err := b.Stop(); err != nil {
			l.t.Error(err)
		}
	})
}

// trust makes clients accept the balancer's certificate.
func (l *lab) trust(who *x509.CertPool) { l.tls = &tls.Config{RootCAs: who} }

// freeAddress is one below the range that the system gives to outgoing connections: while its instance restarts it must
// not be taken by one of those.
func freeAddress(t testing.TB) string {
	t.Helper()
	const first, last = 10000, 15000
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", first+rand.IntN(last-first))
		if listener, err := net.Listen("tcp", address); err == nil {
			_ = listener.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

// client asks the balancer, by the names that people use. from is the address that it comes from; "" = any.
func (l *lab) client(http2 bool, from string) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	if from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	transport := &http.Transport{
		TLSClientConfig: l.tls.Clone(), ForceAttemptHTTP2: http2, MaxIdleConnsPerHost: 64,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			where := l.balancer.HTTPS()
			if strings.HasSuffix(address, ":80") {
				where = l.balancer.HTTP()
			}
			return dialer.DialContext(ctx, network, where)
		},
	}
	if !http2 {
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	l.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// stat is what HAProxy says about its servers, by name: "staff/one".
func (l *lab) stat() map[string]map[string]string {
	l.t.Helper()
	rows, err := l.balancer.Stat(context.Background())
	if err != nil {
		l.t.Fatal(err)
	}
	servers := map[string]map[string]string{}
	for _, row := range rows {
		servers[row["pxname"]+"/"+row["svname"]] = row
	}
	return servers
}

// in counts those of the instances that get requests.
func (l *lab) in(instances ...*instance) (n int) {
	l.t.Helper()
	servers := l.stat()
	for _, i := range instances {
		if strings.HasPrefix(servers[i.name]["status"], "UP") { // "UP 1/2": with a check that failed
			n++
		}
	}
	return n
}
