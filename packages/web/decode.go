package web

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"openhouse.example/packages/ui/text"
)

// DecodeJSON reads the body, one JSON value of into's shape, and nothing else:
// a name that into doesn't have, a second value and another content type are
// refused, each with the field or the place to look at.
func DecodeJSON(r *http.Request, into any) error {
	if !isJSON(r) {
		return &Error{Status: http.StatusUnsupportedMediaType, Code: "not_json", Public: text.M("answer.not-json")}
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
		return BadRequest("bad_json", text.M("answer.json-more"), nil)
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
		return BadRequest("bad_json", text.M("answer.json-empty"), err)
	case errors.As(err, &syntax):
		return BadRequest("bad_json", text.M("answer.json-syntax", strconv.FormatInt(syntax.Offset, 10)), err)
	case errors.As(err, &kind) && kind.Field != "":
		return Invalid(map[string]text.Message{kind.Field: text.M("input.wrong-type", kindName(kind.Type))})
	}
	// The library has no type for this one.
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return Invalid(map[string]text.Message{strings.Trim(name, `"`): MsgUnknown})
	}
	return BadRequest("bad_json", text.M("answer.json-shape"), err)
}

// isReading reports whether the body couldn't be read, as opposed to understood.
// The error table knows these.
func isReading(err error) bool {
	var tooLarge *http.MaxBytesError
	var network interface{ Timeout() bool }
	return errors.As(err, &tooLarge) || errors.As(err, &network)
}

func kindName(t reflect.Type) text.Message {
	switch t.Kind() {
	case reflect.Bool:
		return text.M("input.type.boolean")
	case reflect.String:
		return text.M("input.type.text")
	case reflect.Slice, reflect.Array:
		return text.M("input.type.list")
	case reflect.Struct, reflect.Map:
		return text.M("input.type.object")
	case reflect.Float32, reflect.Float64:
		return text.M("input.type.number")
	}
	return text.M("input.type.whole")
}
