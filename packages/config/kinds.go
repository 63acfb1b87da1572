package config

import (
	"encoding"
	"reflect"

	"github.com/kelseyhightower/envconfig"
)

var selfMade = []reflect.Type{
	reflect.TypeFor[envconfig.Decoder](),
	reflect.TypeFor[envconfig.Setter](),
	reflect.TypeFor[encoding.TextUnmarshaler](),
	reflect.TypeFor[encoding.BinaryUnmarshaler](),
}

// decodesItself says whether a pointer to t reads its own text.
func decodesItself(t reflect.Type) bool {
	for _, i := range selfMade {
		if reflect.PointerTo(t).Implements(i) {
			return true
		}
	}
	return false
}

// nestedStruct is the struct to walk into at v, allocated where v is nil; ok
// is false where v is a value to be read from one variable.
func nestedStruct(v reflect.Value) (nested reflect.Value, ok bool) {
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || decodesItself(t) {
		return reflect.Value{}, false
	}
	if v.Kind() != reflect.Pointer {
		return v, true
	}
	if v.IsNil() {
		v.Set(reflect.New(t))
	}
	return v.Elem(), true
}

// isList says whether t is written as a comma list. Bytes are one text.
func isList(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 && !decodesItself(t)
}

// convertible says whether text can become a t. envconfig silently skips the
// kinds it does not know, so they are refused beforehand.
func convertible(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if isList(t) {
		return t.Elem().Kind() != reflect.Pointer && !isList(t.Elem()) && convertible(t.Elem())
	}
	if decodesItself(t) {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Slice, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	}
	return false
}

// hidden says whether t is a Secret or holds Secrets.
func hidden(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t == secretType
}
