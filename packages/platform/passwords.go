package platform

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"runtime"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Limits of a password, before it is hashed.
const (
	MinPasswordRunes = 12
	MaxPasswordBytes = 1024 // room for 256 characters of any script
)

// ErrPasswordLength refuses a password that is too short or too long to set.
var ErrPasswordLength = fmt.Errorf("a password needs at least %d characters and at most %d bytes", MinPasswordRunes, MaxPasswordBytes)

// The cost of a hash: 19 MiB and some 35 ms of one core.
var passwordCost = argon2idCost{memory: 19 << 10, time: 2, threads: 1}

const (
	saltBytes = 16
	hashBytes = 32
)

// Passwords hashes and checks passwords with argon2id. It is safe for concurrent
// use: a crowd at the door waits, instead of taking 19 MiB each.
type Passwords struct {
	slots chan struct{}
	dummy string
	made  atomic.Int64
}

// NewPasswords allows atOnce hashes at a time; 0 means one for each core.
func NewPasswords(atOnce int) *Passwords {
	if atOnce < 1 {
		atOnce = runtime.GOMAXPROCS(0)
	}
	// The hash of a password that nobody has.
	salt, key := make([]byte, saltBytes), make([]byte, hashBytes)
	_, _ = rand.Read(salt) // it never fails; the program would be stopped
	_, _ = rand.Read(key)
	return &Passwords{slots: make(chan struct{}, atOnce), dummy: encodePHC(passwordCost, salt, key)}
}

// Hash returns what is stored of a password (PHC string format).
//
// Errors: ErrPasswordLength, or ctx's while waiting for a turn.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if utf8.RuneCountInString(password) < MinPasswordRunes || len(password) > MaxPasswordBytes {
		return "", ErrPasswordLength
	}
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // it never fails; the program would be stopped
	key, err := p.derive(ctx, password, passwordCost, salt, hashBytes)
	if err != nil {
		return "", err
	}
	return encodePHC(passwordCost, salt, key), nil
}

// Verify reports whether a password is the one that was stored. An error means
// that it could not be checked, and is no answer.
func (p *Passwords) Verify(ctx context.Context, stored, password string) (bool, error) {
	cost, salt, want, err := decodePHC(stored)
	if err != nil {
		return false, fmt.Errorf("stored password: %w", err)
	}
	if len(password) > MaxPasswordBytes {
		return false, nil // none that long can have been set
	}
	got, err := p.derive(ctx, password, cost, salt, uint32(len(want))) // at most 64
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// VerifyEach reports which of the stored passwords is the one given, and takes as
// long for none of them as for most: it fills up with the hash of a password that
// nobody has. Sign-in calls it, so that time tells neither which e-mail addresses
// exist nor in how many companies. Of more than most, each is checked all the same.
func (p *Passwords) VerifyEach(ctx context.Context, stored []string, password string, most int) ([]bool, error) {
	fits := make([]bool, len(stored))
	for i := range max(len(stored), most) {
		hash := p.dummy
		if i < len(stored) {
			hash = stored[i]
		}
		fit, err := p.Verify(ctx, hash, password)
		if err != nil {
			return nil, err
		}
		if i < len(stored) {
			fits[i] = fit
		}
	}
	return fits, nil
}

// Made counts the hashes that were made since the start: what sign-in costs, and
// what its time tells.
func (p *Passwords) Made() int64 { return p.made.Load() }

func (p *Passwords) derive(ctx context.Context, password string, c argon2idCost, salt []byte, length uint32) ([]byte, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to check a password: %w", ctx.Err())
	}
	if err := ctx.Err(); err != nil { // a free slot and an ended context: the context wins
		return nil, fmt.Errorf("wait to check a password: %w", err)
	}
	// The same word typed on two keyboards may come in two encodings.
	text := norm.NFKC.Bytes([]byte(password))
	p.made.Add(1)
	return argon2.IDKey(text, salt, c.time, c.memory, c.threads, length), nil
}
