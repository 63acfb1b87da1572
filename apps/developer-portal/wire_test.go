package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// wire stands between the portal and Postgres, passes everything on, and keeps what the portal asks, trip by trip: all
// that it sends before it waits for an answer.
type wire struct {
	url string // the database's address through the wire

	mu    sync.Mutex
	trips [][]string
	conns []net.Conn
}

func newWire(t *testing.T, database string) *wire {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{}
	server := u.Host
	u.Host = listener.Addr().String()
	w.url = u.String()
	var work sync.WaitGroup
	work.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // closed
			}
			work.Go(func() { w.pass(client, server) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		w.mu.Lock()
		for _, c := range w.conns {
			_ = c.Close()
		}
		w.mu.Unlock()
		work.Wait()
	})
	return w
}

// pass carries one connection, and reads along what the client says.
func (w *wire) pass(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	w.mu.Lock()
	w.conns = append(w.conns, client, server)
	w.mu.Unlock()
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	w.listen(bufio.NewReader(client), server)
	_ = server.Close()
	<-back
}

// listen hands on what the client says, message by message; see "Message Formats" in Postgres' documentation. A trip is
// kept before its end is handed on, so that it is there when the answer is.
func (w *wire) listen(client *bufio.Reader, server io.Writer) {
	prepared := map[string]string{} // texts of statements by name
	var bound string
	var trip []string
	inside := false // a transaction
	for first := true; ; first = false {
		kind, raw, err := message(client, first)
		if err != nil {
			return
		}
		fields := bytes.SplitN(raw[min(5, len(raw)):], []byte{0}, 3)
		switch kind {
		case 'P': // parse: name, text
			prepared[string(fields[0])] = string(fields[1])
		case 'B': // bind: portal, name
			bound = prepared[string(fields[1])]
		case 'E': // execute
			trip = append(trip, nameOf(bound))
		case 'Q': // a query without parameters
			trip = append(trip, nameOf(string(fields[0])))
		}
		if kind == 'Q' || kind == 'S' { // S: sync, where the client begins to wait
			inside = inside || slices.Contains(trip, "begin")
			if inside || slices.Contains(trip, "scope") { // the rest are health probes and the pool's upkeep
				w.mu.Lock()
				w.trips = append(w.trips, trip)
				w.mu.Unlock()
			}
			inside = inside && !slices.Contains(trip, "commit") && !slices.Contains(trip, "rollback")
			trip = nil
		}
		if _, err := server.Write(raw); err != nil {
			return
		}
	}
}

// message reads one message: a byte for its kind, which the first has not, its length, and what it says.
func message(r io.Reader, first bool) (kind byte, raw []byte, err error) {
	head := make([]byte, 5)
	if first {
		head = head[:4]
	}
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, nil, err
	}
	size := head[len(head)-4:]
	raw = append(head, make([]byte, binary.BigEndian.Uint32(size)-4)...)
	_, err = io.ReadFull(r, raw[len(head):])
	if !first {
		kind = head[0]
	}
	return kind, raw, err
}

// take returns the trips since the last time.
func (w *wire) take() [][]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	trips := w.trips
	w.trips = nil
	return trips
}

var generated = regexp.MustCompile(`^-- name: (\w+) :`)

// nameOf is a statement in a word or three.
func nameOf(sql string) string {
	if m := generated.FindStringSubmatch(sql); m != nil {
		return m[1]
	}
	if strings.Contains(sql, "set_config('role'") {
		return "scope"
	}
	words := strings.Fields(strings.ToLower(sql))
	return strings.Join(words[:min(3, len(words))], " ")
}
