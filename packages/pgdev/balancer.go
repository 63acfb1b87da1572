package pgdev

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// balancerCfg is the configuration in an HAProxy's home.
const balancerCfg = "haproxy.cfg"

// BalancerPlace is what the machine gives to an HAProxy: the parts of its
// configuration that can't be as they are in production.
type BalancerPlace struct {
	Home   string // a directory that HAProxy can read
	Socket string // where it must take commands
	HTTP   string // "127.0.0.1:15080", to listen on
	HTTPS  string // another one
}

// BalancerConfig says how an HAProxy behaves.
type BalancerConfig struct {
	// Text is the whole configuration for a place. It must take commands with level
	// admin, and say nothing of accounts.
	Text func(BalancerPlace) (string, error)
	// Files stand in the home, by name, such as a certificate with its key. Nobody
	// else can read them.
	Files map[string]string
}

// Balancer is a running HAProxy of the caller's own. It keeps its ports when it
// is started again. Its methods may be called from several goroutines.
type Balancer struct {
	*station
	place BalancerPlace
}

// StartBalancer starts an HAProxy that keeps nothing, under the terms of
// [StartBouncer].
func StartBalancer(ctx context.Context, c BalancerConfig, say func(line string)) (*Balancer, error) {
	s, err := furnishStation(ctx, haProxy, say)
	if err != nil {
		return nil, err
	}
	b := &Balancer{station: s}
	if err := b.furnish(c.Files); err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	for range portTries {
		if err = b.settle(c); err != nil {
			break
		}
		if err = b.Start(ctx); !errors.Is(err, errPortBusy) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	return b, nil
}

// furnish writes what is the same on every port. HAProxy makes its socket in a
// directory of its own: it may not write to the home.
func (b *Balancer) furnish(files map[string]string) error {
	run := filepath.Join(b.home, "run")
	b.place = BalancerPlace{Home: b.home, Socket: filepath.Join(run, "s")}
	err := errors.Join(os.Mkdir(run, 0o700), b.account.give(run))
	for name, text := range files {
		path := filepath.Join(b.home, name)
		err = errors.Join(err, writeWhole(path, text, 0o600), b.account.give(path))
	}
	return err
}

// settle picks ports and writes the configuration for them.
func (b *Balancer) settle(c BalancerConfig) error {
	for _, address := range []*string{&b.place.HTTP, &b.place.HTTPS} {
		port, err := freePort()
		if err != nil {
			return err
		}
		*address = net.JoinHostPort(loopback, strconv.Itoa(port))
	}
	text, err := c.Text(b.place)
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(b.home, balancerCfg), text, 0o644)
}

// Start starts HAProxy again after Kill, and returns once it takes commands. It
// does nothing while one runs.
func (b *Balancer) Start(ctx context.Context) error {
	b.turn.Lock()
	defer b.turn.Unlock()
	return b.start(ctx, func(ctx context.Context) error {
		_, err := b.Command(ctx, "show info")
		return err
	}, "-db", "-f", filepath.Join(b.home, balancerCfg))
}

// Command gives HAProxy a command and answers all that it says.
func (b *Balancer) Command(ctx context.Context, command string) (string, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", b.place.Socket)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second)) // a socket that can't have one fails below
	if _, err := fmt.Fprintln(conn, command); err != nil {
		return "", err
	}
	said, err := io.ReadAll(bufio.NewReader(conn))
	return string(said), err
}

// Stat is HAProxy's "show stat": one row for each frontend, backend and server,
// by name of column. pxname is the backend, svname the server.
func (b *Balancer) Stat(ctx context.Context) ([]map[string]string, error) {
	said, err := b.Command(ctx, "show stat")
	if err != nil {
		return nil, err
	}
	table, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(said, "# "))).ReadAll()
	if err != nil || len(table) < 2 {
		return nil, fmt.Errorf("haproxy: show stat says %q (%w)", said, err)
	}
	rows := make([]map[string]string, 0, len(table)-1)
	for _, values := range table[1:] {
		row := make(map[string]string, len(values))
		for i, value := range values {
			row[table[0][i]] = value
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// HTTP is where HAProxy listens for plain HTTP, "127.0.0.1:15080".
func (b *Balancer) HTTP() string { return b.place.HTTP }

// HTTPS is where it listens for TLS.
func (b *Balancer) HTTPS() string { return b.place.HTTPS }
