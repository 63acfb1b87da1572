package config

import (
	"errors"
	"os"
	"strings"
)

// Load fills *target from the process environment. target is a pointer to a
// struct; the structs in it, embedded or named, are walked. Then Validate() of
// every struct that has one is called, inner structs first.
//
// The error joins every mistake (one line each), and after an error target is
// not to be used. A field without value and default keeps what it holds, so a
// *bool stays nil: "unset" can be told from "false".
func Load(target any) error {
	return LoadFrom(target, os.LookupEnv, os.Environ())
}

// LoadFrom is [Load] with an environment of the caller's: lookup gives one
// variable, environ ("NAME=value" each) is searched for names that are not
// known.
func LoadFrom(target any, lookup func(string) (string, bool), environ []string) error {
	p, err := newPlan(target)
	if err != nil {
		return err
	}
	r := &reader{lookup: lookup}
	for _, f := range p.fields {
		if faults := r.fill(f); len(faults) > 0 {
			f.group.fail()
			r.add(faults...)
		}
	}
	r.add(refusedNames(p, environ)...)
	for _, g := range p.groups {
		r.add(r.validate(g)...)
	}
	return errors.Join(r.errs...)
}

// reader is one run of LoadFrom.
type reader struct {
	lookup  func(string) (string, bool)
	errs    []error
	secrets []string // values seen, to be kept out of Validate's errors
}

// add keeps each sentence once: a variable that two structs share, or a
// Validate method promoted from an embedded struct, would say it twice.
func (r *reader) add(errs ...error) {
next:
	for _, err := range errs {
		for _, known := range r.errs {
			if known.Error() == err.Error() {
				continue next
			}
		}
		r.errs = append(r.errs, err)
	}
}

func (r *reader) fill(f *field) []error {
	raw, err := r.value(f)
	if err != nil {
		return []error{err}
	}
	if raw == "" {
		raw = f.Default
	}
	if raw == "" {
		if f.Required {
			return []error{f.missing()}
		}
		return nil
	}
	if f.Secret {
		r.secrets = append(r.secrets, raw)
		if isList(f.value.Type()) {
			r.secrets = append(r.secrets, strings.Split(raw, ",")...)
		}
	}
	var errs []error
	for _, bad := range decode(f.value, raw) {
		errs = append(errs, f.problem(bad))
	}
	return errs
}

// value is what the environment says, "" where it says nothing. Blanks around
// a value are not part of it, except in a Secret, which is kept to the letter.
func (r *reader) value(f *field) (string, error) {
	raw, _ := r.lookup(f.Name)
	trimmed := strings.TrimSpace(raw)
	if f.File {
		path, _ := r.lookup(f.fileName())
		if path = strings.TrimSpace(path); path != "" {
			return f.fromFile(path, trimmed != "")
		}
	}
	if trimmed != "" && hidden(f.value.Type()) {
		return raw, nil
	}
	return trimmed, nil
}
