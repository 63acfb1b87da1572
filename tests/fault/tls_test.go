package fault

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"openhouse.example/tests/stack"
)

// TestTLS is F18: while the portal runs, the server stops speaking TLS, or shows a certificate that nobody may trust.
// Not a byte of a login goes to it, the answer is a quick no, the log says what to do, and it is over when the right
// certificate is back.
func TestTLS(t *testing.T) {
	t.Parallel()
	ours, another := newAuthority(t), newAuthority(t)
	good := ours.certificate("localhost", time.Now().Add(time.Hour))
	front := startFront(t, good)
	l := newLab(t, labOptions{
		server: common.use(t), alone: true,
		env: []string{"DATABASE_SSL=true", "DATABASE_SSL_CA=" + ours.file(t)},
		way: front.through,
	})
	portal := l.contestants[0]
	for _, c := range []struct {
		what        string
		certificate *tls.Certificate
		cure        string // what the log must say
	}{
		{"the server speaks no TLS any more", nil, "speaks no TLS"},
		{"a certificate of an unknown authority", another.certificate("localhost", time.Now().Add(time.Hour)), "DATABASE_SSL_CA"},
		{"a certificate for another name", ours.certificate("db.example.org", time.Now().Add(time.Hour)), "for another name"},
		{"a certificate that has expired", ours.certificate("localhost", time.Now().Add(-time.Minute)), "expired"},
	} {
		log := len(l.stack.Developer.Log())
		front.show(c.certificate)
		l.healthy(false, 10*time.Second)
		before, window := front.accepted.Load(), stack.Scaled(2*time.Second, 5*time.Second)
		load := startLoad(readers, readPause, l.reader(portal).ask)
		time.Sleep(window)
		dials := float64(front.accepted.Load()-before) / window.Seconds()
		stack.Eventually(t, 15*time.Second, fmt.Sprintf("the log to say %q", c.cure), func() bool { // equal failures are folded for 5 s
			return strings.Contains(l.stack.Developer.Log()[log:], c.cure)
		})
		got := summarise(load.stop(), moments{})
		if got.Causes[unavailable] != got.Requests {
			t.Errorf("%s: of %d reads %v, want %q for each", c.what, got.Requests, got.Causes, unavailable)
		}
		if limit := 250 * time.Millisecond; stack.Full() && got.Worst > limit {
			t.Errorf("%s: a refusal took %v, at most %v", c.what, round(got.Worst), limit)
		}
		if dials > 3 { // both portals dial the same front
			t.Errorf("%s: %.1f dials a second by two portals, at most 1 each", c.what, dials)
		}
		if n := front.plain.Load(); n > 0 {
			t.Fatalf("%s: %d logins were sent in plain text", c.what, n)
		}
		front.show(good)
		took := l.healthy(true, 20*time.Second)
		l.expect(l.get(portal), http.StatusOK, "")
		report.note(fact{"F18", c.what, fmt.Sprintf("%d of %d refused, worst %s, %.1f dials/s, nothing in plain text; ready again after %s",
			got.Failed, got.Requests, milliseconds(got.Worst), dials/2, milliseconds(took)), "", ""})
	}
}

// front is a server's TLS, in front of a Postgres without: it answers the request for TLS, and forwards what comes
// through it.
type front struct {
	t               *testing.T
	listener        net.Listener
	accepted, plain atomic.Int64 // connections; those that sent a login without TLS

	mu          sync.Mutex
	upstream    string
	certificate *tls.Certificate // nil = no TLS
	open        map[net.Conn]struct{}
	wg          sync.WaitGroup
}

func startFront(t *testing.T, certificate *tls.Certificate) *front {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &front{t: t, listener: listener, certificate: certificate, open: map[net.Conn]struct{}{}}
	f.wg.Go(f.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		f.hangUp()
		f.wg.Wait()
	})
	return f
}

// through is the front's address for a server's.
func (f *front) through(host string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.upstream = host
	return fmt.Sprintf("localhost:%d", f.listener.Addr().(*net.TCPAddr).Port)
}

// show changes the certificate and ends all connections.
func (f *front) show(certificate *tls.Certificate) {
	f.mu.Lock()
	f.certificate = certificate
	f.mu.Unlock()
	f.hangUp()
}

func (f *front) hangUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.open {
		_ = c.Close()
	}
}

func (f *front) accept() {
	for {
		c, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.accepted.Add(1)
		f.wg.Go(func() {
			f.keep(c, true)
			defer f.keep(c, false)
			_ = f.serve(c) // whatever goes wrong, the client notices
			_ = c.Close()
		})
	}
}

func (f *front) keep(c net.Conn, open bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if open {
		f.open[c] = struct{}{}
	} else {
		delete(f.open, c)
	}
}

// sslRequest is what a client sends to ask for TLS (PostgreSQL documentation, 55.7).
var sslRequest = []byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}

// cancelCode begins a request to cancel a statement, which holds no login.
const cancelCode = 80877102

func (f *front) serve(client net.Conn) error {
	f.mu.Lock()
	certificate, upstream := f.certificate, f.upstream
	f.mu.Unlock()
	first := make([]byte, 8)
	if _, err := io.ReadFull(client, first); err != nil {
		return err
	}
	if !bytes.Equal(first, sslRequest) {
		f.inPlain(first)
		return nil
	}
	if certificate == nil {
		if _, err := client.Write([]byte("N")); err != nil {
			return err
		}
		if _, err := io.ReadFull(client, first); err == nil {
			f.inPlain(first)
		}
		return nil
	}
	if _, err := client.Write([]byte("S")); err != nil {
		return err
	}
	secure := tls.Server(client, &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12})
	if err := secure.Handshake(); err != nil {
		return err
	}
	server, err := net.Dial("tcp", upstream)
	if err != nil {
		return err
	}
	f.wg.Go(func() {
		_, _ = io.Copy(server, secure)
		_ = server.Close()
	})
	_, err = io.Copy(secure, server)
	return err
}

func (f *front) inPlain(first []byte) {
	if binary.BigEndian.Uint32(first[4:]) != cancelCode {
		f.plain.Add(1)
	}
}

// authority signs certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	a := authority{t: t}
	a.cert, a.key = a.issue(template)
	return a
}

func (a authority) issue(template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

// certificate is for a server of some name, until a moment.
func (a authority) certificate(name string, until time.Time) *tls.Certificate {
	a.t.Helper()
	cert, key := a.issue(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, NotBefore: time.Now().Add(-time.Hour), NotAfter: until,
	})
	return &tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func (a authority) file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
