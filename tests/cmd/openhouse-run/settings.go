package main

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// settings are what a person may choose.
type settings struct {
	developerPort, tenantPort int
	lan                       string   // this machine's address on its network; "" = this machine only
	pool                      []string // pool settings ("NAME=value") for the portals
	path                      []string // PATH, HOME and TMPDIR of ours
}

func readSettings(get func(string) string, environ []string, lan string) (settings, error) {
	s := settings{}
	var errs []error
	port := func(name string, standard int) int {
		text := strings.TrimSpace(get(name))
		if text == "" {
			return standard
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 65535 {
			errs = append(errs, fmt.Errorf("%s is %q: give a number from 1 to 65535", name, text))
		}
		return n
	}
	s.developerPort, s.tenantPort = port("DEVELOPER_PORT", 3001), port("TENANT_PORT", 3002)
	if s.developerPort == s.tenantPort {
		errs = append(errs, fmt.Errorf("DEVELOPER_PORT and TENANT_PORT are both %d: give each portal its own", s.tenantPort))
	}
	switch lan = strings.TrimSpace(lan); lan {
	case "", "0":
	case "1":
		var err error
		if s.lan, err = lanAddress(); err != nil {
			errs = append(errs, err)
		}
	default:
		errs = append(errs, fmt.Errorf("LAN is %q: give 1 to let other devices on this network in, or leave it out", lan))
	}
	for _, pair := range environ {
		switch name, _, _ := strings.Cut(pair, "="); {
		case strings.HasPrefix(name, "DB_POOL_"), name == "DB_USE_SINGLE_CLIENT":
			s.pool = append(s.pool, pair)
		case name == "PATH", name == "HOME", name == "TMPDIR":
			s.path = append(s.path, pair)
		}
	}
	return s, errors.Join(errs...)
}

// lanAddress is the address under which others on the network reach this machine. No packet is sent: the system only
// says which of its addresses it would use.
func lanAddress() (string, error) {
	conn, err := net.Dial("udp4", "192.0.2.1:9")
	if err == nil {
		defer conn.Close()
		if a, ok := conn.LocalAddr().(*net.UDPAddr); ok && !a.IP.IsLoopback() {
			return a.IP.String(), nil
		}
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsPrivate() {
			return n.IP.String(), nil
		}
	}
	return "", errors.New("LAN=1, but this machine has no address on a network: connect it, or leave LAN out")
}

func (s settings) listen(port int) string {
	host := "127.0.0.1"
	if s.lan != "" {
		host = "0.0.0.0"
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// public is the address that people type.
func (s settings) public(port int) string {
	if s.lan == "" {
		return s.here(port)
	}
	return "http://" + net.JoinHostPort(s.lan, strconv.Itoa(port))
}

// here is the address on this machine: what comes by the network's address is not taken for this machine.
func (settings) here(port int) string {
	return "http://" + net.JoinHostPort("localhost", strconv.Itoa(port))
}

// portsFree says before anything is built that a port is taken.
func (s settings) portsFree() error {
	var errs []error
	for _, p := range []struct {
		name, portal string
		port         int
	}{{"DEVELOPER_PORT", "developer portal", s.developerPort}, {"TENANT_PORT", "tenant portal", s.tenantPort}} {
		l, err := net.Listen("tcp4", s.listen(p.port))
		switch {
		case err == nil:
			_ = l.Close() // it only asked
		case errors.Is(err, syscall.EADDRINUSE):
			errs = append(errs, fmt.Errorf("port %d, for the %s, is taken by another program (or OpenHouse runs already).\n"+
				"  End that program, or choose another port:  make run %s=%d", p.port, p.portal, p.name, p.port+100))
		default:
			errs = append(errs, fmt.Errorf("port %d, for the %s: %w; choose another:  make run %s=%d", p.port, p.portal, err, p.name, p.port+100))
		}
	}
	return errors.Join(errs...)
}

// common are the settings of either portal. Nothing else of our own environment reaches them.
func (s settings) common(port int) []string {
	return append(append([]string{
		"OPENHOUSE_ENV=development", "LISTEN_ADDR=" + s.listen(port), "DRAIN_DELAY_MS=0",
		"DEVELOPER_PUBLIC_URL=" + s.public(s.developerPort), "TENANT_PUBLIC_URL=" + s.public(s.tenantPort),
	}, s.pool...), s.path...)
}

func (s settings) developerEnv(b database) []string {
	return append(s.common(s.developerPort), "DEVELOPER_DATABASE_URL="+b.developer)
}

// workerEnv is the worker's: without a mail server the mail stays in the outbox, where a page shows it.
func (s settings) workerEnv(b database, port int) []string {
	return append(append([]string{
		"OPENHOUSE_ENV=development", "WORKER_DATABASE_URL=" + b.worker, "WORKER_LISTEN_ADDR=" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		"WORKER_CACHE_DIR=" + filepath.Join(".local", "pdf-reader"),
	}, s.pool...), s.path...)
}

// freePort is one that nobody listens on at this moment, on this machine's own address: nobody but us asks for the
// worker's health.
func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a port for the worker's health: %w", err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

func (s settings) tenantEnv(b database) []string {
	return append(s.common(s.tenantPort), "TENANT_DATABASE_URL="+b.tenant)
}
