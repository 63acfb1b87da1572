package below

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"openhouse.example/tests/isolation/world"
)

// Judge knows the rows and finds, in whatever Postgres answers, those that a scope must not see.
type Judge struct {
	w       *world.World
	company map[uuid.UUID]uuid.UUID          // whose an id is
	refused map[*Scope]map[*world.Row]string // what Refuses has answered
}

// NewJudge works everything out beforehand: it is then only read.
func NewJudge(w *world.World, scopes []*Scope) *Judge {
	j := &Judge{w: w, company: map[uuid.UUID]uuid.UUID{}, refused: map[*Scope]map[*world.Row]string{}}
	for _, r := range w.Rows {
		if id := r.ID(); id != uuid.Nil {
			j.company[id] = r.Company
		}
	}
	for _, s := range scopes {
		j.refused[s] = map[*world.Row]string{}
		for _, r := range w.Rows {
			if why := s.Refuses(w, r); why != "" {
				j.refused[s][r] = why
			}
		}
	}
	return j
}

var anyUUID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// given are the canaries and ids that a statement was given: seeing them again tells nothing.
func given(args []any) string {
	var b strings.Builder
	for _, a := range args {
		switch v := a.(type) {
		case []byte:
			b.Write(v)
		case *string:
			if v != nil {
				b.WriteString(*v)
			}
		default:
			fmt.Fprint(&b, v)
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// Text looks for what the scope must not see in a text, such as an error.
func (j *Judge) Text(s *Scope, text, given string) string {
	for _, canary := range world.Canary.FindAllString(text, -1) {
		if strings.Contains(given, canary) {
			continue
		}
		if why := j.canary(s, canary); why != "" {
			return why
		}
	}
	for _, found := range anyUUID.FindAllString(text, -1) {
		if id, err := uuid.Parse(found); err == nil && !strings.Contains(given, found) {
			if why := j.id(s, id); why != "" {
				return why
			}
		}
	}
	return ""
}

// canary asks whether any row that carries it is the scope's: equal addresses stand in several.
func (j *Judge) canary(s *Scope, canary string) string {
	rows := j.w.ByCanary[canary]
	var why string
	for _, r := range rows {
		refused, ok := j.refused[s][r]
		if !ok {
			return ""
		}
		why = fmt.Sprintf("%s, which is %s", r, refused)
	}
	return why
}

func (j *Judge) id(s *Scope, id uuid.UUID) string {
	if company, known := j.company[id]; known && company != s.Tenant {
		return fmt.Sprintf("the id %s of another company", id)
	}
	return ""
}

// Row looks for what the scope must not see in one row of an answer.
func (j *Judge) Row(s *Scope, fields []pgconn.FieldDescription, raw [][]byte, given string) string {
	for i, cell := range raw {
		if cell == nil {
			continue
		}
		if why := j.cell(s, fields[i], cell, given); why != "" {
			return fields[i].Name + " shows " + why
		}
	}
	return ""
}

func (j *Judge) cell(s *Scope, f pgconn.FieldDescription, cell []byte, given string) string {
	text := string(cell)
	switch {
	case f.Format == pgtype.TextFormatCode && f.DataTypeOID == pgtype.ByteaOID:
		if b, err := hex.DecodeString(strings.TrimPrefix(text, `\x`)); err == nil {
			text = string(b)
		}
	case f.Format == pgtype.BinaryFormatCode && f.DataTypeOID == pgtype.UUIDOID && len(cell) == 16:
		text = uuid.UUID(cell).String()
	case f.Format == pgtype.BinaryFormatCode && f.DataTypeOID == pgtype.UUIDArrayOID:
		for at := 20; at+20 <= len(cell); at += 20 { // after the header, each with its length before it
			text += " " + uuid.UUID(cell[at+4:at+20]).String()
		}
	}
	return j.Text(s, text, given)
}

// Visible are the rows of a table that are the scope's to see.
func (j *Judge) Visible(s *Scope, table string) []*world.Row {
	return j.rows(table, func(r *world.Row) bool { return j.refused[s][r] == "" })
}

// Hidden are the others: first those of the scope's own company.
func (j *Judge) Hidden(s *Scope, table string) []*world.Row {
	hidden := j.rows(table, func(r *world.Row) bool { return j.refused[s][r] != "" })
	slices.SortStableFunc(hidden, func(a, b *world.Row) int {
		switch {
		case a.Company == b.Company:
			return 0
		case a.Company == s.Tenant:
			return -1
		}
		return 1
	})
	return hidden
}

func (j *Judge) rows(table string, wanted func(*world.Row) bool) (list []*world.Row) {
	for _, r := range j.w.Rows {
		if r.Table.Name == table && wanted(r) {
			list = append(list, r)
		}
	}
	return list
}
