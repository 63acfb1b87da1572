package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Error carries a sentence for the client and its hidden cause together. Only
// Code, Public, Fields and RetryAfter ever leave the program.
type Error struct {
	Status     int               // HTTP status
	Code       string            // stable word for programs, such as "not_found"
	Public     string            // sentence for people
	Fields     map[string]string // field name → what is wrong with it; nil if no field is to blame
	Cause      error             // for the log
	RetryAfter time.Duration     // 0 = no Retry-After
}

// Error is for the log.
func (e *Error) Error() string {
	text := fmt.Sprintf("%d %s", e.Status, e.Code)
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Cause }

// NotFound is the answer for an id that never existed and for one that belongs
// to somebody else: the same bytes, so that nobody can tell them apart.
func NotFound() error {
	return &Error{Status: http.StatusNotFound, Code: "not_found", Public: textNotFound}
}

// Invalid names the fields that can't be accepted, each with a sentence.
func Invalid(fields map[string]string) error {
	return &Error{Status: http.StatusUnprocessableEntity, Code: "invalid", Public: textInvalid, Fields: fields}
}

// BadRequest is for what can't be read at all. public says what to do about it.
func BadRequest(code, public string, cause error) error {
	return &Error{Status: http.StatusBadRequest, Code: code, Public: public, Cause: cause}
}

// Conflict is for what would be right at another time or with another name.
func Conflict(code, public string, cause error) error {
	return &Error{Status: http.StatusConflict, Code: code, Public: public, Cause: cause}
}

// Unauthorized is for a missing or ended session. Pages are sent to the sign-in
// page instead.
func Unauthorized() error {
	return &Error{Status: http.StatusUnauthorized, Code: "unauthorized", Public: textUnauthorized}
}

// Forbidden is for the right company but too low a role.
func Forbidden() error {
	return &Error{Status: http.StatusForbidden, Code: "forbidden", Public: textForbidden}
}

// TooMany is for a rate limit that was hit; after says when to try again.
func TooMany(after time.Duration) error {
	return &Error{Status: http.StatusTooManyRequests, Code: "too_many_requests", Public: textTooMany, RetryAfter: after}
}

// TooLarge is for a body of more than limit bytes.
func TooLarge(limit int64) error {
	return &Error{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Public: fmt.Sprintf(textTooLarge, size(limit))}
}

// size writes a number of bytes as people do.
func size(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

var (
	errCrossOrigin = &Error{Status: http.StatusForbidden, Code: "cross_origin", Public: textCrossOrigin}
	errOverloaded  = &Error{
		Status: http.StatusServiceUnavailable, Code: "overloaded", Public: textBusy, RetryAfter: time.Second,
		Cause: errors.New("more requests in flight than MAX_IN_FLIGHT"),
	}
	errMethod = &Error{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Public: textMethod}
)
