package below

import (
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"openhouse.example/tests/isolation/world"
)

// Draw makes arguments for statements, out of what stands in both companies' rows, nonsense and nulls.
type Draw struct {
	rand  *rand.Rand
	ids   []uuid.UUID
	texts []string
	bytes [][]byte
}

// NewDraw draws from a world. The same seed draws the same.
func NewDraw(w *world.World, seed uint64) *Draw {
	d := &Draw{rand: rand.New(rand.NewPCG(seed, 0)), texts: []string{"", "%", "_", "'", "admin", "queued", "en", "active"}, bytes: [][]byte{nil, {}, make([]byte, 32)}} //nolint:gosec // attacks are to be repeatable
	for _, company := range world.Companies {
		for _, secret := range []string{"token", "token-invite", "link-1", "invite-home-1", "invite-home-4"} {
			d.bytes = append(d.bytes, world.Hash(company, secret))
		}
	}
	for _, r := range w.Rows {
		if id := r.ID(); id != uuid.Nil {
			d.ids = append(d.ids, id)
		}
		for _, c := range r.Table.Columns {
			if text := r.Text(c.Name); c.Type == "text" && text != "" {
				d.texts = append(d.texts, text)
			}
		}
	}
	return d
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// id leans to the own company, without which most statements find nothing.
func (d *Draw) id(s *Scope) uuid.UUID {
	switch dice := d.rand.IntN(100); {
	case dice < 35:
		return s.Tenant
	case dice < 45:
		return pick(d.rand, []uuid.UUID{world.ID("a", "tenant"), world.ID("b", "tenant")})
	case dice < 55 && s.Person != uuid.Nil:
		return s.Person
	case dice < 60 && s.Home != uuid.Nil:
		return s.Home
	case dice < 95:
		return pick(d.rand, d.ids)
	}
	return uuid.New()
}

func (d *Draw) text(quiet bool) string {
	if quiet {
		return "x"
	}
	return pick(d.rand, d.texts)
}

// arguments are values of the types that a statement asks for: mostly those of one row, as if it were that which is
// wanted, the scope's own or anybody's. Quiet ones carry nobody's text, so that what is kept tells nothing false.
func (d *Draw) arguments(s *Scope, j *Judge, st prepared, quiet bool) []any {
	var about *world.Row
	if len(st.tables) > 0 {
		table := pick(d.rand, st.tables)
		rows := j.Visible(s, table)
		if len(rows) == 0 || d.rand.IntN(3) == 0 {
			rows = j.Hidden(s, table)
		}
		if len(rows) > 0 {
			about = pick(d.rand, rows)
		}
	}
	args := make([]any, len(st.types))
	for i, t := range st.types {
		switch {
		case t == pgtype.UUIDOID && st.columns[i] == "tenant_id" && d.rand.IntN(4) > 0:
			args[i] = s.Tenant
		case about != nil && d.rand.IntN(8) > 0 && t == pgtype.UUIDOID && about.UUID(st.columns[i]) != uuid.Nil:
			args[i] = about.UUID(st.columns[i])
		case about != nil && d.rand.IntN(8) > 0 && t == pgtype.UUIDArrayOID && about.UUID(st.columns[i]) != uuid.Nil:
			args[i] = []uuid.UUID{about.UUID(st.columns[i]), d.id(s)}
		case about != nil && d.rand.IntN(8) > 0 && t == pgtype.TextOID && about.Text(st.columns[i]) != "" && !quiet:
			args[i] = about.Text(st.columns[i])
		case d.rand.IntN(20) > 0 || quiet:
			args[i] = d.argument(s, t, quiet)
		}
	}
	return args
}

func (d *Draw) argument(s *Scope, t uint32, quiet bool) any {
	switch t {
	case pgtype.UUIDOID:
		return d.id(s)
	case pgtype.UUIDArrayOID:
		return []uuid.UUID{d.id(s), d.id(s), d.id(s)}
	case pgtype.TextOID, pgtype.VarcharOID:
		return d.text(quiet)
	case pgtype.TextArrayOID:
		return []string{d.text(quiet), d.text(quiet)}
	case pgtype.ByteaOID:
		if quiet {
			return make([]byte, 32)
		}
		return pick(d.rand, d.bytes)
	case pgtype.BoolOID:
		return d.rand.IntN(2) == 0
	case pgtype.Int2OID:
		return int16(d.rand.IntN(100))
	case pgtype.Int4OID:
		return int32(d.rand.IntN(100))
	case pgtype.Int8OID:
		return int64(d.rand.IntN(100))
	case pgtype.Float8OID, pgtype.NumericOID:
		return float64(d.rand.IntN(100))
	case pgtype.TimestamptzOID, pgtype.TimestampOID, pgtype.DateOID:
		return time.Now().Add(time.Duration(d.rand.IntN(200)-100) * time.Hour)
	case pgtype.IntervalOID:
		return time.Minute
	case pgtype.JSONBOID, pgtype.JSONOID:
		return []byte(`{}`)
	}
	return nil
}
