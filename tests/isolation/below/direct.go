package below

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Result is what Postgres answered to a statement.
type Result struct {
	Fields []pgconn.FieldDescription
	Rows   [][][]byte
	Copied string // of a COPY
	Err    error
}

// Direct is a connection of a login without the pool, for the many small attacks that are about Postgres alone. A
// statement runs in a transaction that the next one rolls back, in one round trip with its scope.
type Direct struct{ conn *pgx.Conn }

// Dial opens one.
func Dial(ctx context.Context, url string) (*Direct, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	return &Direct{conn}, nil
}

// Close ends the connection.
func (d *Direct) Close() { _ = d.conn.Close(context.Background()) }

// opening is what stands before a statement: the end of what was before, a transaction, and the scope if there is one.
// It answers how many statements that is.
func opening(s *Scope) (sql string, statements int) {
	const anew = "rollback; deallocate all; begin;"
	if s == nil {
		return anew, 3
	}
	var b strings.Builder
	b.WriteString(anew + " select set_config('role', " + literal(s.Role) + ", true), set_config('app.tenant_id', " + literal(s.Tenant.String()) + ", true)")
	for _, set := range s.scope().Settings {
		b.WriteString(", set_config(" + literal(set.Name) + ", " + literal(set.Value) + ", true)")
	}
	b.WriteString(";")
	return b.String(), 4
}

// Run runs SQL, which may be several statements, and answers the rows of all of them.
func (d *Direct) Run(ctx context.Context, s *Scope, sql string) Result {
	var r Result
	before, skip := opening(s)
	answers := d.conn.PgConn().Exec(ctx, before+sql)
	for n := 0; answers.NextResult(); n++ {
		reader := answers.ResultReader()
		for reader.NextRow() {
			if n < skip {
				continue
			}
			r.Fields = append([]pgconn.FieldDescription(nil), reader.FieldDescriptions()...)
			row := make([][]byte, len(reader.Values()))
			for i, v := range reader.Values() {
				row[i] = bytes.Clone(v)
			}
			r.Rows = append(r.Rows, row)
		}
		if _, err := reader.Close(); err != nil && r.Err == nil {
			r.Err = err
		}
	}
	if err := answers.Close(); err != nil && r.Err == nil {
		r.Err = err
	}
	return r
}

// Copy runs a COPY to or from the client.
func (d *Direct) Copy(ctx context.Context, s *Scope, sql, in string) Result {
	var r Result
	before, _ := opening(s)
	if err := d.conn.PgConn().Exec(ctx, before).Close(); err != nil {
		r.Err = err
	} else if strings.HasSuffix(sql, "stdin") {
		_, r.Err = d.conn.PgConn().CopyFrom(ctx, strings.NewReader(in), sql)
	} else {
		var out bytes.Buffer
		_, r.Err = d.conn.PgConn().CopyTo(ctx, &out, sql)
		r.Copied = out.String()
	}
	return r
}

// Undo ends the transaction, so that it holds no lock.
func (d *Direct) Undo(ctx context.Context) {
	_ = d.conn.PgConn().Exec(ctx, "rollback").Close() // a broken connection fails the next attempt
}

// alive says whether the connection can be used at all: an attack that no longer reaches Postgres proves nothing.
func (d *Direct) alive() error {
	if d.conn.IsClosed() {
		return errors.New("below: the connection is lost")
	}
	return nil
}

// literal writes a text as SQL.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// name writes an identifier as SQL.
func name(identifier string) string { return pgx.Identifier{identifier}.Sanitize() }

func names(identifiers []string) string {
	quoted := make([]string, len(identifiers))
	for i, n := range identifiers {
		quoted[i] = name(n)
	}
	return strings.Join(quoted, ", ")
}
