// Package proxy stands between a portal and Postgres in tests and benchmarks and behaves like a network that is
// not on this machine: far away, broken, or lying. It knows TCP and nothing of Postgres.
package proxy

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
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
	said     atomic.Int64

	mu         sync.Mutex
	listener   net.Listener // nil while it refuses
	links      map[*link]struct{}
	delay      time.Duration
	jitter     time.Duration
	slowAccept time.Duration
	slice      int           // bytes sent at once; 0 = all
	slicePause time.Duration // after each slice
	hole       bool          // what clients send is dropped by the kernel
	flow       chan struct{} // closed = bytes flow
	trap       *trap
	closed     bool
}

// trap waits for a client that sends certain words.
type trap struct {
	words   []byte
	request bool          // drop the words themselves, not only their answer
	sprung  chan struct{} // closed when it has happened
}

// Start listens on a free port of 127.0.0.1 and forwards to upstream ("host:port"). delay is what one direction
// takes: a round trip costs twice as much. Bytes keep their order, and many can be under way at once, as on a
// long line; they are not sent one at a time.
func Start(upstream string, delay time.Duration) (*Proxy, error) {
	return StartOn("127.0.0.1:0", upstream, delay)
}

// StartOn is Start on an address of the caller's choice.
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

// Said counts how often a client has sent something so far: its statements, as long as they are short and it waits
// for each answer.
func (p *Proxy) Said() int64 { return p.said.Load() }

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

// Jitter makes each piece take up to most longer, at random.
func (p *Proxy) Jitter(most time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.jitter = most
}

// Trickle sends all that is sent from now on in slices of some bytes, with a pause after each.
func (p *Proxy) Trickle(slice int, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slice, p.slicePause = slice, pause
}

// BlackHole drops every packet, in connections old and new, as a router does that has lost its way: nothing is
// acknowledged, nothing refused. TCP sends it all again after Pass, when its own timers say so. Only Linux can.
func (p *Proxy) BlackHole() error {
	p.Hang()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hole = true
	if p.listener != nil {
		if err := deafen(p.listener, true); err != nil {
			return err
		}
	}
	for l := range p.links {
		if err := deafen(l.client, true); err != nil {
			return err
		}
	}
	return nil
}

// SwallowReply waits for the next client that sends words, lets them through, drops what the server answers and
// resets the connection: the client can't know whether it was done. The channel is closed when it has happened.
func (p *Proxy) SwallowReply(words string) <-chan struct{} { return p.lay(words, false) }

// SwallowRequest is SwallowReply, but the server never sees the words. To the client the two look the same.
func (p *Proxy) SwallowRequest(words string) <-chan struct{} { return p.lay(words, true) }

func (p *Proxy) lay(words string, request bool) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trap = &trap{words: []byte(words), request: request, sprung: make(chan struct{})}
	return p.trap.sprung
}

// Pass ends Hang, BlackHole, Refuse, SlowAccept and Trickle.
func (p *Proxy) Pass() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slowAccept, p.slice, p.slicePause = 0, 0, 0
	if p.hole {
		p.hole = false
		if p.listener != nil {
			if err := deafen(p.listener, false); err != nil {
				return err
			}
		}
		for l := range p.links {
			_ = deafen(l.client, false) // one that has ended meanwhile doesn't matter
		}
	}
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
	lc.SetMultipathTCP(false) // whose sockets take no filter
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
	if p.hole { // it came through just before
		_ = deafen(client, true)
	}
	p.mu.Unlock()
	if closed {
		l.close()
	}
	var both sync.WaitGroup
	both.Go(func() { l.forward(client, server, true) })
	both.Go(func() { l.forward(server, client, false) })
	both.Wait()
	l.close() // a silent link's sockets are still open
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

// link is one client's connection through the proxy.
type link struct {
	p              *Proxy
	client, server net.Conn
	silent         atomic.Bool          // bytes are dropped
	swallowing     atomic.Pointer[trap] // the server's next answer is dropped
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
			if !l.deliver(c, to, fromClient) {
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
				l.p.said.Add(1)
				if l.sprang(buffer[:n]) {
					l.reset()
					break
				}
			}
			line <- chunk{bytes: bytes.Clone(buffer[:n]), due: time.Now().Add(l.p.takes())}
		}
		if err != nil {
			break
		}
	}
	close(line)
	writer.Wait()
}

// takes is how long one chunk is under way.
func (p *Proxy) takes() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.jitter == 0 {
		return p.delay
	}
	return p.delay + rand.N(p.jitter)
}

// deliver writes a chunk when its time has come, and reports whether the connection is still of use.
func (l *link) deliver(c chunk, to net.Conn, fromClient bool) bool {
	time.Sleep(time.Until(c.due))
	for rest := c.bytes; len(rest) > 0; {
		l.p.mu.Lock()
		flow, slice, pause := l.p.flow, l.p.slice, l.p.slicePause
		l.p.mu.Unlock()
		<-flow
		if l.silent.Load() {
			return true
		}
		if t := l.swallowing.Load(); t != nil && !fromClient {
			l.reset()
			l.swallowing.Store(nil)
			close(t.sprung)
			return false
		}
		piece := rest
		if slice > 0 && slice < len(rest) {
			piece = rest[:slice]
		}
		if _, err := to.Write(piece); err != nil {
			return false
		}
		rest = rest[len(piece):]
		if slice > 0 {
			time.Sleep(pause)
		}
	}
	return true
}

// sprang looks for the words of a trap. True: they must not go on.
func (l *link) sprang(sent []byte) bool {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	t := l.p.trap
	if t == nil || !bytes.Contains(sent, t.words) {
		return false
	}
	l.p.trap = nil
	if t.request {
		close(t.sprung)
		return true
	}
	l.swallowing.Store(t)
	return false
}
