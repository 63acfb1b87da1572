package balancer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/pgdev"
	"openhouse.example/tests/stack"
)

// The names that the shipped configuration serves.
const (
	staffName = "staff.example.org"
	homeName  = "home.example.org"
)

// certificateFile holds the certificate and its key, in the balancer's home.
const certificateFile = "web.pem"

// shipped is the configuration that the project ships, made to run here. stations are the addresses of the instances:
// staff's two, then residents'.
func shipped(t testing.TB, stations [4]string) func(pgdev.BalancerPlace) (string, error) {
	t.Helper()
	file := filepath.Join(stack.Root(t), "deploy", "haproxy", "haproxy.cfg")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return func(place pgdev.BalancerPlace) (string, error) {
		here := string(text)
		for _, r := range []struct{ there, here string }{
			{"log /dev/log local0\n", "log stdout format raw local0\n"},
			{"  user haproxy\n  group haproxy\n", ""}, // only root can become somebody else
			{"/run/haproxy/admin.sock", place.Socket},
			{"bind :80\n", "bind " + place.HTTP + "\n"},
			{"bind :443 ", "bind " + place.HTTPS + " "},
			{"/etc/haproxy/certs/", filepath.Join(place.Home, certificateFile)},
			{"10.0.0.11:3001", stations[0]},
			{"10.0.0.12:3001", stations[1]},
			{"10.0.0.11:3002", stations[2]},
			{"10.0.0.12:3002", stations[3]},
		} {
			if !strings.Contains(here, r.there) {
				return "", fmt.Errorf("%s has no %q to replace", file, r.there)
			}
			here = strings.ReplaceAll(here, r.there, r.here)
		}
		return here, nil
	}
}

// certificate makes one for both names that nobody else trusts: the text of certificate and key, and who trusts it.
func certificate(t testing.TB) (text string, trust *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: homeName}, DNSNames: []string{staffName, homeName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	trust = x509.NewCertPool()
	trust.AppendCertsFromPEM(public)
	return string(public) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})), trust
}
