package ui

import (
	"cmp"
	"maps"
	"slices"
)

// orderErrors is FieldErrors; fields outside order follow by name.
func orderErrors(errors map[string]string, order []string) []FieldError {
	place := func(field string) int {
		if i := slices.Index(order, field); i >= 0 {
			return i
		}
		return len(order)
	}
	out := make([]FieldError, 0, len(errors))
	for field, text := range maps.All(errors) {
		out = append(out, FieldError{Field: field, Text: text})
	}
	slices.SortFunc(out, func(a, b FieldError) int {
		return cmp.Or(cmp.Compare(place(a.Field), place(b.Field)), cmp.Compare(a.Field, b.Field))
	})
	return out
}

// fieldID is the id of a field's control; ErrorSummary links to it.
func fieldID(id, name string) string {
	if id != "" {
		return id
	}
	return "f-" + name
}

// describedBy joins the ids of a control's hint and error.
func describedBy(id, hint, mistake string) string {
	return classes(when(hint != "", id+"-hint"), when(mistake != "", id+"-error"))
}
