package db

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// names follows the host names in DATABASE_URL. A name that leads elsewhere after a planned move would otherwise be
// found out only when the old connections reach their age limit.
type names struct {
	lookup func(ctx context.Context, host string) ([]string, error)
	hosts  []string      // names, not addresses
	keep   time.Duration // an address that no answer has held for so long is left

	mu   sync.Mutex
	seen map[string]time.Time // address → when an answer last held it
}

// keepAddress is longer than most names live in caches, so that answers that differ between servers empty no pool.
const keepAddress = 30 * time.Second

func newNames() *names {
	return &names{lookup: net.DefaultResolver.LookupHost, keep: keepAddress, seen: map[string]time.Time{}}
}

// follow is called once, with all hosts of DATABASE_URL.
func (n *names) follow(hosts []string) {
	for _, host := range hosts {
		if isSocket := strings.HasPrefix(host, "/"); net.ParseIP(host) == nil && !isSocket {
			n.hosts = append(n.hosts, host)
		}
	}
}

// resolve is the driver's hook for looking a host up.
func (n *names) resolve(ctx context.Context, host string) ([]string, error) {
	addresses, err := n.lookup(ctx, host)
	n.mu.Lock()
	defer n.mu.Unlock()
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound && len(n.seen) == 0 {
		return nil, fmt.Errorf("%w: %w", errNoSuchHost, err)
	}
	if err != nil {
		return nil, err
	}
	for _, address := range addresses {
		n.seen[address] = time.Now()
	}
	return addresses, nil
}

// errNoSuchHost is a name that has never led anywhere: a spelling mistake. One that leads nowhere for now is an outage;
// names of containers come and go with them.
var errNoSuchHost = errors.New("the host in DATABASE_URL does not exist: check its spelling")

// refresh looks all names up. A name that can't be resolved now changes nothing.
func (n *names) refresh(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	for _, host := range n.hosts {
		if _, err := n.resolve(limited, host); err != nil {
			n.extend()
			return
		}
	}
}

// extend keeps what is known for longer, because nothing newer can be had.
func (n *names) extend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for address := range n.seen {
		n.seen[address] = time.Now()
	}
}

// left reports whether the names lead to address no longer.
func (n *names) left(address string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	seen, known := n.seen[address]
	return known && time.Since(seen) > n.keep
}

// addressOf is the address at the other end of a connection, "" for one that has none.
func addressOf(c net.Conn) string {
	host, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		return ""
	}
	return host
}
