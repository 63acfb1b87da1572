package isolation

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Mark is something that can be recognised wherever it turns up: a canary in a text column, or an id.
type Mark struct {
	Text          string // as it stands in an answer
	Table, Column string
	Owner         Owner
}

func (m Mark) String() string {
	return fmt.Sprintf("%s (%s.%s of %+v)", m.Text, m.Table, m.Column, m.Owner)
}

// Marks are all canaries and ids of both companies.
type Marks map[string]Mark

var (
	canary = regexp.MustCompile(`zq[a-p]{10}`)
	uuids  = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

// marksInText lists the marks that a text contains, each once.
func (w *World) marksInText(text string) []Mark {
	text = strings.ToLower(text)
	var found []Mark
	for _, s := range w.secrets { // they have no shape of their own
		if strings.Contains(text, s.Text) {
			found = append(found, s)
		}
	}
	for _, word := range slices.Concat(canary.FindAllString(text, -1), uuids.FindAllString(text, -1)) {
		mark, ok := w.Marks[word]
		if ok && !slices.ContainsFunc(found, func(o Mark) bool { return o.Text == word }) {
			found = append(found, mark)
		}
	}
	return found
}

const secretColumn = "a printed code"

// word is, as SQL over a row x, the canary of a column: the same for all rows of one owner.
func (t table) word(column string) string {
	return fmt.Sprintf(`'zq' || translate(left(encode(sha256(convert_to(concat_ws('|', '%s', '%s', %s), 'UTF8')), 'hex'), 10), '0123456789', 'ghijklmnop')`,
		t.name, column, t.owner())
}

// shapes are the ways in which a canary gets into a column, the one that keeps most of what stands there first; the
// first that the column's rules admit is taken. {c} is the column, {w} the word.
var shapes = []string{
	`case when {c} like '%@%' then replace({c}, '@', '.' || {w} || '@') when {c} like 'http%' then rtrim({c}, '/') || '/' || {w} else ltrim({c} || ' ' || {w}) end`,
	`ltrim({c} || '-' || {w}, '-')`,
	`{w}`,
	`{w} || '@example.org'`,
	`'https://' || {w} || '.example.org/'`,
}

// plain are columns whose text is a name for programs, which would not be served with a canary in it.
var plain = map[string]bool{
	"staff.password_hash": true, // checked: the same person signs in
	"imports.encoding":    true, "imports.delimiter": true, "imports.date_order": true,
	"residents.language": true, "invite_batches.language": true,
}

// mark writes a canary into every text column of every company table and learns all canaries and ids. It can be
// called again when rows have been added: what has a canary keeps it.
func mark(ctx context.Context, conn *pgx.Conn, tables []table) (marks Marks, without []string, err error) {
	marks = Marks{}
	for _, t := range tables {
		for _, c := range t.columns {
			if !c.text || plain[t.name+"."+c.name] {
				continue
			}
			taken, err := markColumn(ctx, conn, t, c.name)
			if err != nil {
				return nil, nil, err
			}
			if !taken {
				without = append(without, t.name+"."+c.name)
				continue
			}
			if err := learn(ctx, conn, marks, t, c.name, t.word(c.name)); err != nil {
				return nil, nil, err
			}
		}
		if t.has("id") {
			if err := learn(ctx, conn, marks, t, "id", "x.id::text"); err != nil {
				return nil, nil, err
			}
		}
	}
	return marks, without, nil
}

func markColumn(ctx context.Context, conn *pgx.Conn, t table, name string) (taken bool, err error) {
	quoted := "x." + pgx.Identifier{name}.Sanitize()
	for _, present := range []string{"true", quoted + " is not null", quoted + " <> ''"} {
		for _, shape := range shapes {
			value := strings.NewReplacer("{c}", "coalesce("+quoted+", '')", "{w}", "("+t.word(name)+")").Replace(shape)
			_, err = conn.Exec(ctx, fmt.Sprintf("update %s x set %s = %s where %s and (%[2]s is null or %[2]s !~ 'zq[a-p]{10}')",
				pgx.Identifier{t.name}.Sanitize(), pgx.Identifier{name}.Sanitize(), value, present))
			if err == nil {
				return true, nil
			}
			var refused *pgconn.PgError
			if !errors.As(err, &refused) || !strings.HasPrefix(refused.Code, "23") && refused.Code != "22001" {
				return false, fmt.Errorf("a canary for %s.%s: %w", t.name, name, err)
			}
		}
	}
	return false, nil
}

func learn(ctx context.Context, conn *pgx.Conn, marks Marks, t table, column, text string) error {
	m := Mark{Table: t.name, Column: column}
	return forEach(ctx, conn, []any{&m.Text, &m.Owner.Company, &m.Owner.Development, &m.Owner.HouseType, &m.Owner.Unit, &m.Owner.Resident}, func() error {
		marks[m.Text] = m
		return nil
	}, fmt.Sprintf("select distinct %s, %s from %s x", text, t.owner(), pgx.Identifier{t.name}.Sanitize()))
}
