package web

import (
	"slices"

	"github.com/google/uuid"
)

// IDs returns the ids in a field that is sent once for each, such as a row of
// boxes to tick: each once, in the order of the form, at most most of them.
func (f *Form) IDs(name string, most int) []uuid.UUID {
	var ids []uuid.UUID
	for _, value := range f.values[name] {
		id, ok := parseID(value)
		if !ok {
			f.Fail(name, MsgChoose)
			return nil
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) > most {
		f.Fail(name, MsgChoose)
		return nil
	}
	return ids
}
