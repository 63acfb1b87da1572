package idtoken

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

const (
	fetchLimit    = 5 * time.Second // from the name's look-up to the last byte
	mostSetBytes  = 512 << 10
	mostRedirects = 3
)

// fetcher gets sets of keys. plain allows http to this machine, which only a developer's own provider uses.
type fetcher struct {
	client *http.Client
	plain  bool
}

func newFetcher(plain bool, transport http.RoundTripper) *fetcher {
	f := &fetcher{plain: plain}
	f.client = &http.Client{Transport: transport, CheckRedirect: f.redirect}
	return f
}

// CheckAddress says whether keys may be fetched from an address: over https, or with plain over http from this machine.
func CheckAddress(address string, plain bool) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return errors.New("is not an address: write it like https://sign-in.example.org/keys")
	case u.User != nil || u.Fragment != "":
		return errors.New("has a login or a fragment, which no keys need")
	case u.Scheme == "https", u.Scheme == "http" && plain && loopback(u.Hostname()):
		return nil
	}
	return errors.New("must start with https://, because whoever can change the keys on their way can sign in as anybody")
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// redirect follows a provider on its own host only.
func (f *fetcher) redirect(to *http.Request, from []*http.Request) error {
	first := from[0].URL
	switch {
	case len(from) > mostRedirects:
		return fmt.Errorf("more than %d redirects", mostRedirects)
	case to.URL.Scheme != first.Scheme || to.URL.Host != first.Host:
		return errors.New("a redirect to another host is not followed: give the address that it leads to")
	}
	return CheckAddress(to.URL.String(), f.plain)
}

// fetch gets the keys at an address.
func (f *fetcher) fetch(ctx context.Context, address string) (map[string]key, error) {
	if err := CheckAddress(address, f.plain); err != nil {
		return nil, fmt.Errorf("the address of the keys %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := f.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %s", response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, mostSetBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > mostSetBytes:
		return nil, fmt.Errorf("the answer has more than %d bytes", mostSetBytes)
	}
	return parseSet(body)
}

// standardTransport is like the library's, with limits on every wait and few idle connections.
func standardTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: fetchLimit}).DialContext,
		TLSHandshakeTimeout:    fetchLimit,
		ResponseHeaderTimeout:  fetchLimit,
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        10 * time.Second,
		MaxIdleConnsPerHost:    1,
		ForceAttemptHTTP2:      true,
	}
}

// CountKeys fetches the keys at an address once and says how many of them can be used: for whoever sets a provider up.
func CountKeys(ctx context.Context, address string, plain bool) (int, error) {
	transport := standardTransport()
	defer transport.CloseIdleConnections()
	keys, err := newFetcher(plain, transport).fetch(ctx, address)
	return len(keys), err
}
