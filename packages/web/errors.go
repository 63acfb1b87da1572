package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"openhouse.example/packages/ui/text"
)

// Error carries a sentence for the client and its hidden cause together. Only
// Code, Public, Fields and RetryAfter ever leave the program. The sentence is
// said when the answer is written, in the language of whoever gets it.
type Error struct {
	Status     int                     // HTTP status
	Code       string                  // stable word for programs, such as "not_found"
	Public     text.Message            // sentence for people
	Fields     map[string]text.Message // field name → what is wrong with it; nil if no field is to blame
	Cause      error                   // for the log
	RetryAfter time.Duration           // 0 = no Retry-After
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
	return &Error{Status: http.StatusNotFound, Code: "not_found", Public: text.M("error.404.text")}
}

// Invalid names the fields that can't be accepted, each with a sentence.
func Invalid(fields map[string]text.Message) error {
	return &Error{Status: http.StatusUnprocessableEntity, Code: "invalid", Public: text.M("answer.invalid"), Fields: fields}
}

// BadRequest is for what can't be read at all. public says what to do about it.
func BadRequest(code string, public text.Message, cause error) error {
	return &Error{Status: http.StatusBadRequest, Code: code, Public: public, Cause: cause}
}

// Conflict is for what would be right at another time or with another name.
func Conflict(code string, public text.Message, cause error) error {
	return &Error{Status: http.StatusConflict, Code: code, Public: public, Cause: cause}
}

// Unauthorized is for a missing or ended session. Pages are sent to the sign-in
// page instead.
func Unauthorized() error {
	return &Error{Status: http.StatusUnauthorized, Code: "unauthorized", Public: text.M("answer.unauthorized")}
}

// Forbidden is for the right company but too low a role.
func Forbidden() error {
	return &Error{Status: http.StatusForbidden, Code: "forbidden", Public: text.M("error.403.text")}
}

// TooMany is for a rate limit that was hit; after says when to try again: to
// programs in seconds, to people in minutes.
func TooMany(after time.Duration) error {
	public := text.M("answer.too-many-requests")
	if after >= time.Minute {
		public = text.M("answer.too-many-requests-minutes", int((after+time.Minute-1)/time.Minute))
	}
	return &Error{Status: http.StatusTooManyRequests, Code: "too_many_requests", Public: public, RetryAfter: after}
}

// TooLarge is for a body of more than limit bytes.
func TooLarge(limit int64) error {
	return &Error{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Public: text.M("answer.too-large", size(limit))}
}

// size writes a number of bytes as people do.
func size(n int64) text.Message {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return text.M("size.megabytes", strconv.FormatInt(n>>20, 10))
	case n >= 1<<10 && n%(1<<10) == 0:
		return text.M("size.kilobytes", strconv.FormatInt(n>>10, 10))
	}
	return text.M("size.bytes", strconv.FormatInt(n, 10))
}

// Complaints is what an error says about fields, by the field's name, in the
// language of ctx; nil if it says nothing about any.
func Complaints(ctx context.Context, err error) map[string]string {
	var e *Error
	if !errors.As(err, &e) {
		return nil
	}
	return say(ctx, e.Fields)
}

func say(ctx context.Context, fields map[string]text.Message) map[string]string {
	if len(fields) == 0 {
		return nil
	}
	said := make(map[string]string, len(fields))
	for name, m := range fields {
		said[name] = m.In(ctx)
	}
	return said
}

var (
	errCrossOrigin = &Error{Status: http.StatusForbidden, Code: "cross_origin", Public: text.M("answer.cross-origin")}
	errOverloaded  = &Error{
		Status: http.StatusServiceUnavailable, Code: "overloaded", Public: text.M("answer.overloaded"), RetryAfter: time.Second,
		Cause: errors.New("more requests in flight than MAX_IN_FLIGHT"),
	}
	errMethod = &Error{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Public: text.M("answer.method-not-allowed")}
)
