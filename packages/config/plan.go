package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
)

// field is one variable and the place its value goes to.
type field struct {
	Variable
	path  string // in Go, such as Config.DB.Max, for messages to the programmer
	value reflect.Value
	group *group
}

// group is one struct with the fields it declares. An embedded struct's fields
// are also its holder's own: holder is set for those alone.
type group struct {
	value  reflect.Value
	holder *group
	failed bool
}

func (g *group) fail() {
	for ; g != nil; g = g.holder {
		g.failed = true
	}
}

// plan is a target struct taken apart. fields stand in declaration order,
// groups with the inner ones first.
type plan struct {
	fields   []*field
	groups   []*group
	mistakes []error // of the programmer, not of whoever set the environment
}

var (
	goodName   = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
	secretType = reflect.TypeFor[Secret]()
)

// newPlan takes target apart; nil pointers to nested structs are allocated.
func newPlan(target any) (*plan, error) {
	v := reflect.ValueOf(target)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("config: cannot fill a %T: give a pointer to a struct", target)
	}
	p := &plan{}
	p.walk(v.Elem(), v.Elem().Type().Name(), nil, nil)
	p.checkTwins()
	return p, errors.Join(p.mistakes...)
}

// emptyPlan takes the type of target apart and leaves target alone.
func emptyPlan(target any) *plan {
	t := reflect.TypeOf(target)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		panic("config: cannot describe nil: give a struct or a pointer to one")
	}
	p, err := newPlan(reflect.New(t).Interface())
	if err != nil {
		panic(err)
	}
	return p
}

func (p *plan) mistake(path, format string, args ...any) {
	p.mistakes = append(p.mistakes, fmt.Errorf("config: field %s "+format, append([]any{path}, args...)...))
}

func (p *plan) walk(v reflect.Value, path string, holder *group, above []reflect.Type) {
	t := v.Type()
	if slices.Contains(above, t) {
		p.mistake(path, "holds its own type again: a configuration cannot be endless")
		return
	}
	above = append(slices.Clone(above), t)
	g := &group{value: v, holder: holder}
	for i := range t.NumField() {
		sf, at := t.Field(i), path+"."+t.Field(i).Name
		if isTrue(sf.Tag.Get("ignored")) {
			continue
		}
		if !sf.IsExported() {
			if sf.Anonymous || sf.Tag.Get("envconfig") != "" {
				p.mistake(at, "is not exported, so it cannot be filled: export it or tag it ignored:\"true\"")
			}
			continue
		}
		if nested, ok := nestedStruct(v.Field(i)); ok {
			var outer *group
			if sf.Anonymous {
				outer = g
			}
			p.walk(nested, at, outer, above)
			continue
		}
		p.leaf(sf, v.Field(i), at, g)
	}
	p.groups = append(p.groups, g)
}

func (p *plan) leaf(sf reflect.StructField, v reflect.Value, path string, g *group) {
	tag := sf.Tag.Get
	f := &field{path: path, value: v, group: g, Variable: Variable{
		Name:        tag("envconfig"),
		Default:     tag("default"),
		Description: tag("desc"),
		Unit:        tag("unit"),
		Tradeoff:    tag("tradeoff"),
		Example:     tag("example"),
		Required:    isTrue(tag("required")),
		Secret:      isTrue(tag("secret")) || hidden(sf.Type),
		File:        isTrue(tag("file")),
	}}
	switch {
	case f.Name == "":
		p.mistake(path, "has no envconfig tag: name its variable or tag it ignored:\"true\"")
	case !goodName.MatchString(f.Name):
		p.mistake(path, "has the variable name %q: use capitals, digits and underscores", f.Name)
	case !convertible(sf.Type):
		p.mistake(path, "has type %s, which no text can fill: give the type a Decode method", sf.Type)
	case f.Required && f.Default != "":
		p.mistake(path, "is required and has a default: keep one of the two")
	case f.Secret && f.Default != "":
		p.mistake(path, "is a secret with a default that everybody can read: remove the default")
	case f.File && sf.Type != secretType:
		p.mistake(path, "is tagged file but is no config.Secret: only a Secret may come from a file")
	default:
		p.fields = append(p.fields, f)
	}
}

// checkTwins refuses two declarations of one variable that disagree; two that
// agree are fine, since several rooms may need the same setting.
func (p *plan) checkTwins() {
	seen := map[string]*field{}
	for _, f := range p.fields {
		twin, ok := seen[f.Name]
		if !ok {
			seen[f.Name] = f
			continue
		}
		if twin.value.Type() != f.value.Type() || twin.Default != f.Default || twin.Secret != f.Secret || twin.File != f.File {
			p.mistake(f.path, "declares %s unlike %s: make type, default, secret and file the same", f.Name, twin.path)
		}
	}
	for _, f := range p.fields {
		if _, taken := seen[f.fileName()]; f.File && taken {
			p.mistake(f.path, "may come from %s, which is also a variable of its own: rename one", f.fileName())
		}
	}
}

// fileName is the variable that may name a file instead of holding the value.
func (f *field) fileName() string { return f.Name + "_FILE" }

func isTrue(tag string) bool {
	b, _ := strconv.ParseBool(tag)
	return b
}
