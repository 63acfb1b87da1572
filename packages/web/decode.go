package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
)

// DecodeJSON reads the body, one JSON value of into's shape, and nothing else:
// a name that into doesn't have, a second value and another content type are
// refused, each with the field or the place to look at.
func DecodeJSON(r *http.Request, into any) error {
	if !isJSON(r) {
		return &Error{Status: http.StatusUnsupportedMediaType, Code: "not_json", Public: textJSONType}
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return jsonError(err)
	}
	switch _, err := dec.Token(); {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil:
		return BadRequest("bad_json", textJSONMore, nil)
	default:
		return jsonError(err)
	}
}

// jsonError finds the words for what encoding/json reports.
func jsonError(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case isReading(err):
		return err
	case errors.Is(err, io.EOF):
		return BadRequest("bad_json", textJSONEmpty, err)
	case errors.As(err, &syntax):
		return BadRequest("bad_json", fmt.Sprintf(textJSONSyntax, syntax.Offset), err)
	case errors.As(err, &kind) && kind.Field != "":
		return Invalid(map[string]string{kind.Field: fmt.Sprintf(MsgWrongType, kindName(kind.Type))})
	}
	// The library has no type for this one.
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return Invalid(map[string]string{strings.Trim(name, `"`): MsgUnknown})
	}
	return BadRequest("bad_json", textJSONShape, err)
}

// isReading reports whether the body couldn't be read, as opposed to understood.
// The error table knows these.
func isReading(err error) bool {
	var tooLarge *http.MaxBytesError
	var network interface{ Timeout() bool }
	return errors.As(err, &tooLarge) || errors.As(err, &network)
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}
