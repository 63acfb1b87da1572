// Package proxy stands between a portal and Postgres in tests and benchmarks and behaves like a network that is
// not on this machine: far away, broken, or lying. It knows TCP and nothing of Postgres.
package proxy

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy forwards connections to one address.
type Proxy struct {
	upstream string
	address  string
	wg       sync.WaitGroup
	accepted atomic.Int64

	mu         sync.Mutex
	listener   net.Listener // nil while it refuses
	links      map[*link]struct{}
	delay      time.Duration
	slowAccept time.Duration
	flow       chan struct{} // closed = bytes flow
	swallow    []byte
	swallowed  chan struct{}
	closed     bool
}

// Start listens on a free port of 127.0.0.1 and forwards to upstream ("host:port"). delay is what one direction
// takes: a round trip costs twice as much. Bytes keep their order, and many can be under way at once, as on a
// long line; they are not sent one at a time.
func Start(upstream string, delay time.Duration) (*Proxy, error) {
	return StartOn("127.0.0.1:0", upstream, delay)
}

// StartOn is Start at an address of the caller's choice.
func StartOn(address, upstream string, delay time.Duration) (*Proxy, error) {
	p := &Proxy{upstream: upstream, links: map[*link]struct{}{}, delay: delay, flow: make(chan struct{})}
	close(p.flow)
	if err := p.listen(address); err != nil {
		return nil, err
	}
	p.address = p.listener.Addr().String()
	return p, nil
}

// Addr is where clients connect.
func (p *Proxy) Addr() string { return p.address }

// Accepted counts the connections that clients have opened so far.
func (p *Proxy) Accepted() int64 { return p.accepted.Load() }

// Open counts the connections that clients have open now.
func (p *Proxy) Open() int { return len(p.open()) }

// Hang makes every byte wait, in connections old and new, as behind a router that has lost its mind. Nothing is
// lost: Pass lets it all flow again.
func (p *Proxy) Hang() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.flow:
		p.flow = make(chan struct{})
	default:
	}
}

// Stale makes the connections that are open now silent for ever, as a firewall does that has forgotten them. New
// ones work.
func (p *Proxy) Stale() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.silent.Store(true)
	}
}

// Reset cuts the connections that are open now with a TCP reset. New ones work.
func (p *Proxy) Reset() {
	for _, l := range p.open() {
		l.reset()
	}
}

// Refuse resets what is open and refuses new connections, as a machine on which nothing listens.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	listener := p.listener
	p.listener = nil
	p.mu.Unlock()
	if listener != nil {
		_ = listener.Close()
	}
	p.Reset()
}

// SlowAccept makes each new connection wait before it leads anywhere.
func (p *Proxy) SlowAccept(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slowAccept = d
}

// Latency changes the delay of one direction.
func (p *Proxy) Latency(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// SwallowReply waits for the next client that sends words, lets them through, drops what the server answers and
// resets the connection: the client can't know whether it was done. The channel is closed when it has happened.
func (p *Proxy) SwallowReply(words string) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.swallow, p.swallowed = []byte(words), make(chan struct{})
	return p.swallowed
}

// Pass ends Hang, Refuse and SlowAccept.
func (p *Proxy) Pass() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slowAccept = 0
	select {
	case <-p.flow:
	default:
		close(p.flow)
	}
	if p.listener != nil || p.closed {
		return nil
	}
	return p.listen(p.address)
}

// Close cuts every connection and returns when nothing runs any more.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	listener := p.listener
	p.listener = nil
	select {
	case <-p.flow:
	default:
		close(p.flow)
	}
	p.mu.Unlock()
	var err error
	if listener != nil {
		err = listener.Close()
	}
	for _, l := range p.open() {
		l.close()
	}
	p.wg.Wait()
	return err
}

func (p *Proxy) listen(address string) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(context.Background(), "tcp", address)
	if err != nil {
		return err
	}
	p.listener = listener
	p.wg.Go(func() { p.accept(listener) })
	return nil
}

func (p *Proxy) open() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]*link, 0, len(p.links))
	for l := range p.links {
		out = append(out, l)
	}
	return out
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		p.accepted.Add(1)
		p.wg.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	p.mu.Lock()
	wait, closed := p.slowAccept, p.closed
	p.mu.Unlock()
	time.Sleep(wait)
	server, err := net.DialTimeout("tcp", p.upstream, 2*time.Second)
	if err != nil || closed {
		_ = client.Close()
		return
	}
	l := &link{p: p, client: client, server: server}
	p.mu.Lock()
	p.links[l] = struct{}{}
	closed = p.closed
	p.mu.Unlock()
	if closed {
		l.close()
	}
	var both sync.WaitGroup
	both.Go(func() { l.forward(client, server, true) })
	both.Go(func() { l.forward(server, client, false) })
	both.Wait()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

// link is one client's connection through the proxy.
type link struct {
	p              *Proxy
	client, server net.Conn
	silent         atomic.Bool // bytes are dropped
	swallowing     atomic.Pointer[chan struct{}]
}

func (l *link) close() {
	_ = l.client.Close()
	_ = l.server.Close()
}

func (l *link) reset() {
	for _, c := range []net.Conn{l.client, l.server} {
		if t, ok := c.(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
		_ = c.Close()
	}
}

// chunk is what one read brought, and when it may go on.
type chunk struct {
	bytes []byte
	due   time.Time
}

func (l *link) forward(from, to net.Conn, fromClient bool) {
	line := make(chan chunk, 1024) // what is under way
	var writer sync.WaitGroup
	writer.Go(func() {
		for c := range line {
			time.Sleep(time.Until(c.due))
			l.p.mu.Lock()
			flow := l.p.flow
			l.p.mu.Unlock()
			<-flow
			if l.silent.Load() {
				continue
			}
			if done := l.swallowing.Load(); done != nil && !fromClient {
				l.reset()
				close(*done)
				l.swallowing.Store(nil)
			}
			if _, err := to.Write(c.bytes); err != nil {
				for range line { // so that the reader never blocks
				}
			}
		}
		if !l.silent.Load() { // a silent peer does not even say goodbye
			l.close()
		}
	})
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if fromClient {
				l.watch(buffer[:n])
			}
			l.p.mu.Lock()
			delay := l.p.delay
			l.p.mu.Unlock()
			line <- chunk{bytes: bytes.Clone(buffer[:n]), due: time.Now().Add(delay)}
		}
		if err != nil {
			break
		}
	}
	close(line)
	writer.Wait()
}

// watch looks for the words whose answer is to be swallowed.
func (l *link) watch(sent []byte) {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	if l.p.swallow != nil && bytes.Contains(sent, l.p.swallow) {
		done := l.p.swallowed
		l.p.swallow = nil
		l.swallowing.Store(&done)
	}
}
