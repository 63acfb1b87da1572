package platform

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// TestVerifyEachWorksAsHard: an address that nobody has costs what one of several accounts does.
func TestVerifyEachWorksAsHard(t *testing.T) {
	t.Parallel()
	const password = "correct horse battery staple"
	p := NewPasswords(1)
	cost, salt, key, err := decodePHC(p.dummy)
	if err != nil || cost != passwordCost || len(salt) != saltBytes || len(key) != hashBytes {
		t.Errorf("the hash of nobody costs %+v with %d and %d bytes (%v), a real one %+v", cost, len(salt), len(key), err, passwordCost)
	}
	mine, err := p.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	other, err := p.Hash(t.Context(), password+" and more")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		stored []string
		want   []bool
		hashes int64
	}{
		{nil, nil, 2},
		{[]string{mine}, []bool{true}, 2},
		{[]string{other, mine}, []bool{false, true}, 2},
		{[]string{mine, other, mine}, []bool{true, false, true}, 3}, // no account is forgotten
	} {
		before := p.Made()
		got, err := p.VerifyEach(t.Context(), c.stored, password, 2)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("of %d: %v, %v; want %v", len(c.stored), got, err, c.want)
		}
		if n := p.Made() - before; n != c.hashes {
			t.Errorf("of %d: %d hashes, want %d", len(c.stored), n, c.hashes)
		}
	}
	p.slots <- struct{}{} // somebody else's turn, for good
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.VerifyEach(ctx, nil, password, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("without a turn VerifyEach = %v: it does no work", err)
	}
}
