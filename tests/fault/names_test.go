package fault

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/pgdev/proxy"

	"openhouse.example/tests/stack"
)

// TestNames is F17: the name of the database's host has no address, or another one than before. It runs packages/db in
// this process, because a program can't be told whom else to ask for names.
func TestNames(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	old, renewed := proxyAt(t, d, "127.0.0.1:0"), (*proxy.Proxy)(nil)
	_, port, err := net.SplitHostPort(old.Addr())
	if err != nil {
		t.Fatal(err)
	}
	renewed = proxyAt(t, d, "127.0.0.2:"+port)
	name := "moving." + zone
	names.point(name, "127.0.0.1")
	u, err := url.Parse(d.StaffURL())
	if err != nil {
		t.Fatal(err)
	}
	u.Host = net.JoinHostPort(name, port)
	u.RawQuery = ""
	pool := openPool(t, u.String(), map[string]string{"DATABASE_SSL": "false"})
	ask := func(p *db.Pool) error {
		_, err := db.Read(t.Context(), p, scopeOf(uuid.New()), func(ctx context.Context, q db.Querier) (n int, err error) {
			return n, q.QueryRow(ctx, "select 1").Scan(&n)
		})
		return err
	}
	read := func() error { return ask(pool) }
	if err := read(); err != nil {
		t.Fatal(err)
	}

	// A name that never led anywhere is a mistake, and told at once.
	nowhere := *u
	nowhere.Host = net.JoinHostPort("nowhere."+zone, port)
	mistaken := openPool(t, nowhere.String(), map[string]string{"DATABASE_SSL": "false"})
	began := time.Now()
	err = ask(mistaken)
	took := time.Since(began)
	if !errors.Is(err, db.ErrDatabaseDown) || took > 3*time.Second {
		t.Errorf("without an address a read ends after %v with %v, want ErrDatabaseDown after at most 2 s (3 s on a shared machine)", round(took), err)
	}
	if reason := mistaken.HealthCheck(t.Context()).Reason; reason != "dns" {
		t.Errorf("the reason is %q, want dns", reason)
	}

	// One that leads nowhere for now, as the name of a container that is replaced, is an outage: it is waited for.
	names.point(name, "")
	old.Reset()
	began = time.Now()
	held := make(chan error, 1)
	go func() { held <- read() }()
	stack.Eventually(t, 10*time.Second, "the reason dns", func() bool { return pool.HealthCheck(t.Context()).Reason == "dns" })
	down := time.Since(began)
	names.point(name, "127.0.0.2")
	healed := time.Now()
	if err := <-held; err != nil {
		t.Errorf("while its name led nowhere for %v: %v", round(down), err)
	}
	back := time.Since(healed)
	if renewed.Accepted() == 0 {
		t.Error("the new address was not dialled")
	}
	stack.Eventually(t, 10*time.Second, "health", func() bool { return pool.HealthCheck(t.Context()).Healthy })

	// The answer changes while all is well: the next connection goes to the new address, and in time all do.
	names.point(name, "127.0.0.1")
	dialled := old.Accepted()
	renewed.Reset()
	if err := read(); err != nil {
		t.Errorf("after the move: %v", err)
	}
	if old.Accepted() == dialled {
		t.Error("after the move the address was not asked for again")
	}
	report.note(fact{"F17", "the host's name has no address, then another one", fmt.Sprintf("refused after %s, reason dns after %s, served %s after the new answer", milliseconds(took), milliseconds(down), milliseconds(back)), "", ""})
}

// zone is where the names live that answerNames answers for.
const zone = "db.example.org"

// directory is a name server's knowledge: addresses by name, "" for a name that does not exist.
type directory struct {
	mu    sync.Mutex
	known map[string]string
}

var names = directory{known: map[string]string{}}

func (d *directory) point(name, address string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known[name] = address
}

func (d *directory) find(name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known[strings.TrimSuffix(name, ".")]
}

// answerNames makes this process ask our own name server instead of the system's. Names that stand in the system's
// file of hosts, such as localhost, are found there as ever.
func answerNames() {
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe() // a stream: messages come with their length, as over TCP
		go serveNames(server)
		return client, nil
	}}
}

func serveNames(c net.Conn) {
	defer func() { _ = c.Close() }()
	for {
		var length uint16
		if err := binary.Read(c, binary.BigEndian, &length); err != nil {
			return
		}
		question := make([]byte, length)
		if err := binary.Read(c, binary.BigEndian, question); err != nil {
			return
		}
		reply := answerTo(question)
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

// answerTo answers one question after RFC 1035: a header of 12 bytes, a name in labels, a type and a class.
func answerTo(question []byte) []byte {
	const header, kindA = 12, 1
	name, at := "", header
	for at < len(question) && question[at] != 0 {
		n := int(question[at])
		name += string(question[at+1:at+1+n]) + "."
		at += 1 + n
	}
	at += 5
	kind := binary.BigEndian.Uint16(question[at-4:])
	address, err := netip.ParseAddr(names.find(name))
	reply := append([]byte{}, question[:2]...)
	flags, answers := uint16(0x8580), uint16(0) // an answer, with authority
	if err != nil {
		flags |= 3 // no such name
	} else if kind == kindA {
		answers = 1
	}
	for _, field := range []uint16{flags, 1, answers, 0, 0} {
		reply = binary.BigEndian.AppendUint16(reply, field)
	}
	reply = append(reply, question[header:at]...)
	if answers == 1 {
		reply = append(reply, 0xc0, header, 0, kindA, 0, 1, 0, 0, 0, 0, 0, 4) // the same name, IN, to be kept 0 s
		reply = append(reply, address.AsSlice()...)
	}
	return reply
}

func proxyAt(t *testing.T, d *pgtest.DB, address string) *proxy.Proxy {
	t.Helper()
	u, err := url.Parse(d.AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	p, err := proxy.StartOn(address, u.Host, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}
