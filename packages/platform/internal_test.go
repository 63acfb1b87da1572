package platform

import (
	"context"
	"errors"
	"testing"
)

// TestVerifyNobodyWorksAsHard: an address that doesn't exist costs what one does.
func TestVerifyNobodyWorksAsHard(t *testing.T) {
	t.Parallel()
	p := NewPasswords(1)
	cost, salt, key, err := decodePHC(p.dummy)
	if err != nil || cost != passwordCost || len(salt) != saltBytes || len(key) != hashBytes {
		t.Errorf("the hash of nobody costs %+v with %d and %d bytes (%v), a real one %+v", cost, len(salt), len(key), err, passwordCost)
	}
	if ok, err := p.VerifyNobody(t.Context(), "correct horse battery staple"); ok || err != nil {
		t.Errorf("VerifyNobody = %v, %v", ok, err)
	}
	p.slots <- struct{}{} // somebody else's turn, for good
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.VerifyNobody(ctx, "correct horse battery staple"); !errors.Is(err, context.Canceled) {
		t.Errorf("without a turn VerifyNobody = %v: it does no work", err)
	}
}
