package db_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
)

const (
	fast    = pgdev.Fast
	second  = time.Second
	shortly = time.Second
)

// authority signs certificates for a test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) authority {
	a := authority{t: t}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	a.cert, a.key = a.issue(template, template, nil)
	return a
}

func (a authority) issue(template, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	if signer == nil {
		signer = key
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

// server returns certificate and key, in PEM, for a server called name.
func (a authority) server(name string, until time.Time) (cert, key []byte) {
	c, k := a.issue(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, NotBefore: time.Now().Add(-time.Hour), NotAfter: until,
	}, a.cert, a.key)
	der, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		a.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
}

func (a authority) file() string {
	path := filepath.Join(a.t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return path
}

// installTLS gives the server a certificate and makes it use it for new connections.
func (h house) installTLS(t *testing.T, cert, key []byte) {
	t.Helper()
	var folder string
	conn, err := pgx.Connect(t.Context(), h.AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if err := conn.QueryRow(t.Context(), "show data_directory").Scan(&folder); err != nil {
		t.Fatal(err)
	}
	owner, err := os.Stat(folder)
	if err != nil {
		t.Fatal(err)
	}
	stat := owner.Sys().(*syscall.Stat_t)
	for name, content := range map[string][]byte{"server.crt": cert, "server.key": key} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, int(stat.Uid), int(stat.Gid)); err != nil { // the server may run as another account
			t.Fatal(err)
		}
	}
	h.Exec("alter system set ssl = on")
	h.Exec("select pg_reload_conf()")
	h.Exec("select pg_sleep(0.3)") // the postmaster reads it when it gets to it
}

func TestTLSIsVerifiedOrRefusedWithItsCure(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	h := newHouseOn(t, server)
	ours, other := newAuthority(t, "Our CA"), newAuthority(t, "Another CA")
	address := func(host string) string {
		u, err := url.Parse(h.StaffURL())
		if err != nil {
			t.Fatal(err)
		}
		u.Host = host + ":" + u.Port()
		query := u.Query()
		query.Del("sslmode")
		u.RawQuery = query.Encode()
		return u.String()
	}
	install := func(name string, until time.Time) {
		cert, key := ours.server(name, until)
		h.installTLS(t, cert, key)
	}
	try := func(host, ca string) error {
		on := true
		c := settings(t, address(host), patience(shortly), func(c *db.Config) { c.SSL = &on; c.SSLCA = ca })
		p, err := db.Open(t.Context(), c, db.WithRole(staff), db.WithLedger(ledger{}))
		if err != nil {
			return err
		}
		defer func() { _ = p.ClosePool(context.Background()) }()
		_, err = db.Door(t.Context(), p, func(ctx context.Context, q db.Querier) (bool, error) {
			var encrypted bool
			err := q.QueryRow(ctx, "select ssl from pg_stat_ssl where pid = pg_backend_pid()").Scan(&encrypted)
			if err == nil && !encrypted {
				t.Error("the connection is not encrypted")
			}
			return encrypted, err
		})
		return err
	}
	expect := func(name string, err error, cure string) {
		t.Helper()
		if !errors.Is(err, db.ErrDatabaseDown) || !strings.Contains(err.Error(), cure) {
			t.Errorf("%s: %v, want ErrDatabaseDown that says %q", name, err, cure)
		}
	}
	expect("a server without TLS", try("localhost", ours.file()), "set DATABASE_SSL=false if the network between is trusted")
	install("localhost", time.Now().Add(time.Hour))
	if err := try("localhost", ours.file()); err != nil {
		t.Errorf("the right authority and name: %v", err)
	}
	expect("the system's authorities", try("localhost", ""), "set DATABASE_SSL_CA")
	expect("another authority", try("localhost", other.file()), "set DATABASE_SSL_CA")
	expect("another name", try("127.0.0.1", ours.file()), "use the name in the certificate")
	install("localhost", time.Now().Add(-time.Minute))
	expect("an expired certificate", try("localhost", ours.file()), "renew it")
}
