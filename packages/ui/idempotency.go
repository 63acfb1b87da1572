package ui

import "github.com/google/uuid"

// KeyField is the name of the hidden field that carries a form's idempotency
// key, since a form without JavaScript can't send a header.
const KeyField = "idempotency_key"

// IdempotencyKey returns a new key for one form. The same form sent twice with
// one key is carried out once.
func IdempotencyKey() string { return uuid.NewString() }
