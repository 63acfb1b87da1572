package ui

import (
	"cmp"
	"context"
	"slices"

	"openhouse.example/packages/ui/text"
)

// FormField is a field of a form as its mistakes name it. Label is that of the field, "" when every message about the
// field says which one is meant.
type FormField struct{ Name, Label string }

// FieldError is one mistake in a form.
type FieldError struct{ Field, Label, Text string }

// FieldErrors orders the mistakes as the form's fields stand on the page. Mistakes of other fields follow by name.
func FieldErrors(errors map[string]string, fields ...FormField) []FieldError {
	place, labels := map[string]int{}, map[string]string{}
	for i, f := range fields {
		place[f.Name], labels[f.Name] = i-len(fields), f.Label // negative, for other fields have 0
	}
	out := make([]FieldError, 0, len(errors))
	for field, message := range errors {
		out = append(out, FieldError{Field: field, Label: labels[field], Text: message})
	}
	slices.SortFunc(out, func(a, b FieldError) int {
		return cmp.Or(cmp.Compare(place[a.Field], place[b.Field]), cmp.Compare(a.Field, b.Field))
	})
	return out
}

// message is the mistake with the field that has it.
func (e FieldError) message(ctx context.Context) string {
	if e.Label == "" {
		return e.Text
	}
	return text.T(ctx, "form.mistake", e.Label, e.Text)
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
