package auth_test

import (
	"testing"

	"openhouse.example/packages/web/auth"
)

// FuzzVerify: whatever comes in, only a token that was really issued passes, in
// its one spelling.
func FuzzVerify(f *testing.F) {
	b := newBench(f, auth.PortalDeveloper)
	issued := map[string]auth.Principal{}
	for range 3 {
		p := staff()
		token, err := b.issuer.Issue(p)
		if err != nil {
			f.Fatal(err)
		}
		issued[token] = p
		f.Add(token)
	}
	for _, h := range hostileTokens(f, b) {
		f.Add(h.token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		got, err := b.verifier.Verify(token)
		want, ours := issued[token]
		if ours != (err == nil) || got != want {
			t.Fatalf("Verify(%q) = %+v, %v; issued: %v", token, got, err, ours)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	s := newBench(b, auth.PortalDeveloper)
	token, err := s.issuer.Issue(staff())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.verifier.Verify(token); err != nil {
			b.Fatal(err)
		}
	}
}
