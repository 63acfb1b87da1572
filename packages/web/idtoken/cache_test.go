package idtoken

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestKeysAreFetchedOnceForACrowd: a hundred tokens at once, one request to the provider.
func TestKeysAreFetchedOnceForACrowd(t *testing.T) {
	t.Parallel()
	s := newSigner(t, "2026", EdDSA)
	p := newPlace(t)
	release := make(chan struct{})
	p.says(func(w http.ResponseWriter, r *http.Request) { <-release; keys(s)(w, r) })
	v := newVerifier(t, p, newClock())
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if _, err := v.Verify(t.Context(), s.token(payload()), p.provider(EdDSA)); err != nil {
				t.Error(err)
			}
		})
	}
	for p.asked.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	close(release)
	wg.Wait()
	if n := p.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// settle waits until nothing is being fetched.
func (v *Verifier) settle(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		v.cache.mu.Lock()
		busy := false
		for _, s := range v.cache.sets {
			busy = busy || s.running != nil
		}
		v.cache.mu.Unlock()
		if !busy {
			return
		}
	}
	t.Fatal("a fetch doesn't end")
}

func TestAnUnknownKeyAsksAgainAtMostOnceAMinute(t *testing.T) {
	t.Parallel()
	old, fresh := newSigner(t, "old", EdDSA), newSigner(t, "new", EdDSA)
	p := newPlace(t, old)
	c := newClock()
	v := newVerifier(t, p, c)
	verify := func(s signer) error {
		_, err := v.Verify(t.Context(), s.token(payload()), p.provider(EdDSA))
		return err
	}
	if err := verify(old); err != nil {
		t.Fatal(err)
	}
	p.says(keys(old, fresh)) // the provider has made a new key and signs with it at once
	for range 50 {
		if err := verify(fresh); !errors.Is(err, ErrInvalidToken) {
			t.Fatal(err)
		}
	}
	if n := p.asked.Load(); n != 1 {
		t.Errorf("asked %d times within a minute", n)
	}
	c.forward(unknownEvery)
	if err := errors.Join(verify(fresh), verify(old)); err != nil {
		t.Errorf("a minute later: %v", err)
	}
	for i := range 50 {
		if err := verify(newSigner(t, fmt.Sprint("forged ", i), EdDSA)); !errors.Is(err, ErrInvalidToken) {
			t.Fatal(err)
		}
	}
	if n := p.asked.Load(); n != 2 {
		t.Errorf("asked %d times in two minutes", n)
	}
}

// TestKeysAreRefreshedInTheBackground: a new key is known before a token needs it, and a withdrawn one is gone.
func TestKeysAreRefreshedInTheBackground(t *testing.T) {
	t.Parallel()
	old, fresh := newSigner(t, "old", EdDSA), newSigner(t, "new", EdDSA)
	p := newPlace(t, old)
	c := newClock()
	v := newVerifier(t, p, c)
	if _, err := v.Verify(t.Context(), old.token(payload()), p.provider(EdDSA)); err != nil {
		t.Fatal(err)
	}
	c.forward(lookEvery)
	v.cache.round()
	v.settle(t)
	if n := p.asked.Load(); n != 1 {
		t.Fatalf("fresh keys were asked for again: %d times", n)
	}
	p.says(keys(fresh))
	c.forward(FreshFor)
	v.cache.round()
	v.settle(t)
	if _, err := v.Verify(t.Context(), fresh.token(payload()), p.provider(EdDSA)); err != nil {
		t.Errorf("the new key: %v", err)
	}
	if _, err := v.Verify(t.Context(), old.token(payload()), p.provider(EdDSA)); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("the withdrawn key: %v", err)
	}
	if n := p.asked.Load(); n != 2 {
		t.Errorf("asked %d times", n)
	}
	c.forward(forgottenIn)
	v.cache.round()
	v.settle(t)
	if len(v.cache.sets) != 0 {
		t.Error("keys that nobody needs are kept")
	}
}

// TestAnOutageOfTheProvider: the last keys go on for KeepFor, then tokens are refused for now and not for ever, and the
// provider isn't asked for each of them.
func TestAnOutageOfTheProvider(t *testing.T) {
	t.Parallel()
	s := newSigner(t, "2026", EdDSA)
	p := newPlace(t, s)
	c := newClock()
	var lines bytes.Buffer
	v := New(Options{Log: slog.New(slog.NewTextHandler(&lines, nil)), Transport: p.Client().Transport, Now: c.now})
	verify := func() error {
		now := c.now()
		token := s.token(with(with(payload(), "iat", now.Unix()), "exp", now.Add(time.Hour).Unix()))
		_, err := v.Verify(t.Context(), token, p.provider(EdDSA))
		return err
	}
	if err := verify(); err != nil {
		t.Fatal(err)
	}
	p.says(text(http.StatusBadGateway, "away"))
	for range 100 {
		c.forward((KeepFor - time.Second) / 100)
		v.cache.round()
		v.settle(t)
		if err := verify(); err != nil {
			t.Fatalf("%v into the outage: %v", c.now().Sub(began), err)
		}
	}
	if n := p.asked.Load(); n < 50 {
		t.Errorf("asked %d times: nobody looks whether it is back", n)
	}
	c.forward(2 * time.Second)
	if err := verify(); !errors.Is(err, ErrNoKeys) || errors.Is(err, ErrInvalidToken) {
		t.Errorf("after KeepFor: %v", err)
	}
	before := p.asked.Load()
	for range 50 {
		if err := verify(); !errors.Is(err, ErrNoKeys) {
			t.Fatal(err)
		}
	}
	if n := p.asked.Load(); n != before {
		t.Errorf("a provider that is away is asked for each token: %d times", n-before)
	}
	p.says(keys(s))
	c.forward(retryEvery)
	if err := verify(); err != nil {
		t.Errorf("it is back: %v", err)
	}
	if err := v.Close(t.Context()); err != nil {
		t.Error(err)
	}
	p.Client().CloseIdleConnections()
	if away, back := strings.Count(lines.String(), "can't be fetched"), strings.Count(lines.String(), "are back"); away != 1 || back != 1 {
		t.Errorf("the log tells %d outages and %d returns:\n%s", away, back, &lines)
	}
}

// TestAnswersThatAreNoKeys keep the last ones.
func TestAnswersThatAreNoKeys(t *testing.T) {
	t.Parallel()
	s := newSigner(t, "2026", EdDSA)
	other := httptest.NewTLSServer(keys(newSigner(t, "2026", EdDSA)))
	defer other.Close()
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	for name, answer := range map[string]http.HandlerFunc{
		"not found":                  text(http.StatusNotFound, string(encode(object{"keys": []object{s.jwk()}}))),
		"a page":                     text(http.StatusOK, "<html>sign in first</html>"),
		"no keys":                    text(http.StatusOK, `{"keys":[]}`),
		"more than is read":          text(http.StatusOK, string(encode(object{"keys": []object{newSigner(t, "x", EdDSA).jwk()}}))+strings.Repeat(" ", mostSetBytes)),
		"a redirect to another host": redirect(other.URL + "/keys"),
		"a redirect to plain http":   redirect("http://127.0.0.1/keys"),
		"a redirect in circles":      func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"keys":[`))
		},
	} {
		p := newPlace(t, s)
		c := newClock()
		v := newVerifier(t, p, c)
		if _, err := v.Verify(t.Context(), s.token(payload()), p.provider(EdDSA)); err != nil {
			t.Fatal(err)
		}
		p.says(answer)
		c.forward(FreshFor)
		v.cache.round()
		v.settle(t)
		if p.asked.Load() < 2 {
			t.Errorf("%s: it was not asked again", name)
		}
		if _, err := v.Verify(t.Context(), s.token(payload()), p.provider(EdDSA)); err != nil {
			t.Errorf("%s: the last keys are lost: %v", name, err)
		}
	}
}

func TestARedirectOnTheSameHostIsFollowed(t *testing.T) {
	t.Parallel()
	s := newSigner(t, "2026", EdDSA)
	p := newPlace(t)
	p.says(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/keys" {
			http.Redirect(w, r, "/v2/keys", http.StatusMovedPermanently)
			return
		}
		keys(s)(w, r)
	})
	if _, err := newVerifier(t, p, newClock()).Verify(t.Context(), s.token(payload()), p.provider(EdDSA)); err != nil {
		t.Error(err)
	}
}

func TestAddressesOfKeys(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]struct{ production, development bool }{
		"https://sign-in.example.org/keys":        {true, true},
		"https://sign-in.example.org:8443/keys?v": {true, true},
		"http://sign-in.example.org/keys":         {},
		"http://127.0.0.1:9000/keys":              {false, true},
		"http://[::1]:9000/keys":                  {false, true},
		"http://localhost/keys":                   {false, true},
		"http://localhost.example.org/keys":       {},
		"file:///etc/passwd":                      {},
		"https://":                                {},
		"https:sign-in.example.org":               {},
		"https://me:secret@sign-in.example.org":   {},
		"https://sign-in.example.org/#keys":       {},
		"keys":                                    {},
		"":                                        {},
		"https://%zz":                             {},
	} {
		if got := CheckAddress(address, false) == nil; got != want.production {
			t.Errorf("%q in production: %t", address, got)
		}
		if got := CheckAddress(address, true) == nil; got != want.development {
			t.Errorf("%q in development: %t", address, got)
		}
	}
}

// TestPlainKeysAreNotFetchedInProduction, whatever stands in the database.
func TestPlainKeysAreNotFetchedInProduction(t *testing.T) {
	t.Parallel()
	s := newSigner(t, "2026", EdDSA)
	server := httptest.NewServer(keys(s))
	defer server.Close()
	provider := Provider{Issuer: issuer, Audience: audience, KeysURL: server.URL, Algorithms: []string{EdDSA}}
	for plain, want := range map[bool]error{true: nil, false: ErrNoKeys} {
		v := New(Options{Log: slog.New(slog.DiscardHandler), Plain: plain, Now: newClock().now})
		if _, err := v.Verify(t.Context(), s.token(payload()), provider); !errors.Is(err, want) {
			t.Errorf("plain %t: %v", plain, err)
		}
		if err := v.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestWhoeverGivesUpDoesNotTakeTheKeysFromTheOthers, and a closed verifier lets everybody go.
func TestWhoeverGivesUpDoesNotTakeTheKeysFromTheOthers(t *testing.T) {
	t.Parallel()
	s := newSigner(t, "2026", EdDSA)
	p := newPlace(t)
	asked, release := make(chan struct{}, 1), make(chan struct{})
	p.says(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-release
		keys(s)(w, r)
	})
	v := newVerifier(t, p, newClock())
	hasty, giveUp := context.WithCancel(t.Context())
	gone, stayed := make(chan error), make(chan error)
	go func() { _, err := v.Verify(hasty, s.token(payload()), p.provider(EdDSA)); gone <- err }()
	<-asked
	go func() { _, err := v.Verify(t.Context(), s.token(payload()), p.provider(EdDSA)); stayed <- err }()
	giveUp()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up: %v", err)
	}
	close(release)
	if err := <-stayed; err != nil {
		t.Errorf("who waited: %v", err)
	}
}

func TestTheNumberOfProvidersIsBounded(t *testing.T) {
	t.Parallel()
	s := newSigner(t, "2026", EdDSA)
	p := newPlace(t, s)
	c := newClock()
	v := newVerifier(t, p, c)
	for i := range mostProviders + 20 {
		c.forward(time.Millisecond)
		provider := p.provider(EdDSA)
		provider.KeysURL += fmt.Sprint("?", i)
		if _, err := v.Verify(t.Context(), s.token(payload()), provider); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(v.cache.sets); n != mostProviders {
		t.Errorf("keys of %d providers are kept, want %d", n, mostProviders)
	}
	if v.cache.sets[p.URL+"/keys?0"] != nil || v.cache.sets[fmt.Sprint(p.URL, "/keys?", mostProviders+19)] == nil {
		t.Error("not the oldest made room")
	}
}
