package portal

import (
	"context"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// versionedTurn changes the state of what still is at version.
type versionedTurn = func(ctx context.Context, who store.Staff, in db.Intent, id uuid.UUID, version time.Time) (store.Created, error)

// readVersion reads a form that says nothing but which version the person has seen.
func readVersion(r *http.Request) (time.Time, error) {
	form, err := readInput(r, nil, "version")
	if err != nil {
		return time.Time{}, err
	}
	in := input{form}
	in.Require("version")
	version := in.version("version")
	if err := in.Err(); err != nil {
		return time.Time{}, err
	}
	return *version, nil
}

// readInput reads what was sent under names, as a form or as a JSON object of the same names; another name in JSON is
// refused. A name with "[]" behind it is sent any number of times by a form, and as a list by JSON. stored, which may
// be nil, is what a name means that JSON leaves out: unlike a form, a program may send only what it wants changed.
// Afterwards r.PostForm has what was sent, and nothing of stored: the same request repeated must look the same although
// what is stored has changed by it.
func readInput(r *http.Request, stored url.Values, names ...string) (*web.Form, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return web.ReadForm(r)
	}
	var object map[string]json.RawMessage
	if err := web.DecodeJSON(r, &object); err != nil {
		return nil, err
	}
	sent, wrong := url.Values{}, map[string]text.Message{}
	for name, raw := range object {
		value, ok := plain(raw)
		switch {
		case slices.Contains(names, name+"[]"):
			if sent[name], ok = plainList(raw); !ok {
				wrong[name] = text.M("invalid.list")
			}
		case !slices.Contains(names, name):
			wrong[name] = web.MsgUnknown
		case !ok:
			wrong[name] = text.M("invalid.text-or-number")
		default:
			sent.Set(name, value)
		}
	}
	if len(wrong) > 0 {
		return nil, web.Invalid(wrong)
	}
	r.PostForm = maps.Clone(stored) // ReadForm takes a form that is there for one that was read
	if r.PostForm == nil {
		r.PostForm = url.Values{}
	}
	maps.Copy(r.PostForm, sent)
	form, err := web.ReadForm(r)
	r.PostForm = sent
	return form, err
}

// plain is a JSON text, number, boolean or null as a form would have sent it.
func plain(raw json.RawMessage) (string, bool) {
	switch raw[0] {
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err == nil
	case '{', '[':
		return "", false
	case 'n':
		return "", true
	}
	return string(raw), true
}

// plainList is a JSON list of texts as a form would have sent it.
func plainList(raw json.RawMessage) ([]string, bool) {
	var list []string
	err := json.Unmarshal(raw, &list)
	return list, err == nil
}

// input reads fields that this portal has in several forms, on top of web.Form.
type input struct{ *web.Form }

// fail names a mistake by its key in the catalogue.
//
// text:keys invalid.*
func (in input) fail(name, key string) { in.Fail(name, text.M("invalid."+key)) }

// name is a field on one line with single blanks.
func (in input) name(field string, most int) string {
	return strings.Join(strings.Fields(in.Line(field, most)), " ")
}

// email is an address in the form in which it is stored, or "".
func (in input) email(field string) string {
	typed := in.Line(field, 254)
	if typed == "" {
		return ""
	}
	a, err := mail.ParseAddress(typed)
	if err != nil || a.Address != typed || strings.ContainsAny(typed, " \t") || strings.Count(typed, "@") != 1 {
		in.fail(field, "email")
	}
	return strings.ToLower(typed)
}

// phone is a telephone number as people write it, or "".
func (in input) phone(field string) string {
	typed := in.name(field, 40)
	if typed == "" {
		return ""
	}
	digits := 0
	for _, c := range typed {
		switch {
		case '0' <= c && c <= '9':
			digits++
		case strings.ContainsRune("+ ()-./", c):
		default:
			digits = -100
		}
	}
	if digits < 3 {
		in.fail(field, "phone")
	}
	return typed
}

// oneOf is one of the given values.
func (in input) oneOf(field string, values []string) string {
	typed := in.Line(field, 40)
	for _, v := range values {
		if typed == v {
			return v
		}
	}
	in.Fail(field, web.MsgChoose)
	return typed
}

// rooms is a number of rooms, nil for a blank field.
func (in input) rooms(field string) *int16 {
	typed := in.Line(field, 10)
	if typed == "" {
		return nil
	}
	n, err := strconv.ParseUint(typed, 10, 8)
	if err != nil || n > 50 {
		in.fail(field, "rooms")
		return nil
	}
	rooms := int16(n) //nolint:gosec // at most 50
	return &rooms
}

// area is a number of square metres with at most two decimals, nil for a blank field. A comma is a decimal point too.
func (in input) area(field string) *float64 {
	typed := strings.Replace(in.Line(field, 12), ",", ".", 1)
	if typed == "" {
		return nil
	}
	_, decimals, _ := strings.Cut(typed, ".")
	v, err := strconv.ParseFloat(typed, 64)
	if err != nil || len(decimals) > 2 || !(v > 0 && v < 100_000) || strings.ContainsAny(typed, "eExX_+-") {
		in.fail(field, "area")
		return nil
	}
	return &v
}

// day is a date, nil for a blank field.
func (in input) day(field string) *time.Time {
	typed := in.Line(field, 20)
	if typed == "" {
		return nil
	}
	t, err := time.Parse(time.DateOnly, typed)
	if err != nil || t.Year() < 1950 || t.Year() > 2100 {
		in.fail(field, "day")
		return nil
	}
	return &t
}

// version is the state of a row that the person has seen; nil if none was sent, which only programs do.
func (in input) version(field string) *time.Time {
	typed := in.Line(field, 40)
	if typed == "" {
		return nil
	}
	t, err := time.Parse(time.RFC3339Nano, typed)
	if err != nil {
		in.Fail(field, web.MsgChoose)
		return nil
	}
	return &t
}
