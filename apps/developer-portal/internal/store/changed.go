package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"openhouse.example/packages/db"
)

// auditChange notes that somebody has changed what is stored, with the names of the fields that differ as programs know
// them. Never what stood in them or does now: the audit log is kept for longer than many of those, and by the names alone
// it shows what was changed and set back.
func auditChange[T any](tx *db.Tx, e db.Event, before, after T) error {
	was, err := fieldsOf(before)
	if err != nil {
		return err
	}
	is, err := fieldsOf(after)
	if err != nil {
		return err
	}
	names := []string{} // none: it was saved as it stood
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if !bytes.Equal(was[name], is[name]) {
			names = append(names, name)
		}
	}
	detail := map[string]any{"changed": names}
	maps.Copy(detail, e.Detail)
	e.Detail = detail
	tx.Audit(e)
	return nil
}

func fieldsOf(v any) (map[string]json.RawMessage, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("name the fields: %w", err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fmt.Errorf("name the fields: %w", err)
	}
	return fields, nil
}
