package config

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is a value that must not be seen: a password, a key, an address that
// carries a password. Whatever prints it (fmt with any verb, slog, JSON, text)
// shows "[redacted]"; the value itself comes only from [Secret.Reveal].
//
// The standard library leaves three ways past that. fmt cannot call methods on
// what it reaches through an unexported field, so a struct that keeps a Secret
// in one needs a String method or must not be printed. JSON writes the keys of
// a map as they are. And fmt refuses %w for what is no error by printing it
// raw, which go vet reports.
type Secret string

// Reveal is the value itself. Call it where it is used, not where it is stored.
func (s Secret) Reveal() string { return string(s) }

// String hides the value.
func (s Secret) String() string { return redacted }

// GoString hides the value.
func (s Secret) GoString() string { return redacted }

// Format hides the value under every verb that fmt lets a type handle, %d and %x
// included.
func (s Secret) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, redacted) }

// LogValue hides the value from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON hides the value.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// MarshalText hides the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
