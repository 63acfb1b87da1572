package below

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
	"openhouse.example/tests/isolation/tries"
	"openhouse.example/tests/isolation/world"
)

// Fuzzer runs statements of the stores and shapes of our own under random scopes, with random arguments, in every way
// through the pool, while callbacks panic, callers give up, leave a mess behind and lose their connections.
type Fuzzer struct {
	env        *Env
	statements []prepared
	ways       map[string][]Way // by role
	report     *tries.Report

	mu      sync.Mutex
	reached map[string]int // rows or effects that statements had, so that one which never does anything is seen
}

type prepared struct {
	Statement
	types   []uint32
	columns []string // what a parameter is compared with or written to, where that can be seen
	tables  []string // that are named
}

var (
	compared = regexp.MustCompile(`\b([a-z_]+)\s*=\s*(?:any\s*)?\(?\$(\d+)`)
	written  = regexp.MustCompile(`(?is)insert\s+into\s+\w+\s*\(([^)]*)\)\s*values\s*\((.*?)\)`)
	word     = regexp.MustCompile(`\w+`)
)

// prepare finds out what the parameters of a statement are about.
func (e *Env) prepare(st Statement, types []uint32) prepared {
	p := prepared{Statement: st, types: types, columns: make([]string, len(types))}
	note := func(parameter, column string) {
		if n, err := strconv.Atoi(parameter); err == nil && n >= 1 && n <= len(types) && p.columns[n-1] == "" {
			p.columns[n-1] = column
		}
	}
	for _, m := range compared.FindAllStringSubmatch(st.SQL, -1) {
		note(m[2], m[1])
	}
	if m := written.FindStringSubmatch(st.SQL); m != nil {
		values := strings.Split(m[2], ",")
		for i, column := range strings.Split(m[1], ",") {
			if i < len(values) {
				note(strings.TrimPrefix(strings.TrimSpace(values[i]), "$"), strings.TrimSpace(column))
			}
		}
	}
	for _, w := range word.FindAllString(st.SQL, -1) {
		if e.World.Tables[w] != nil && !slices.Contains(p.tables, w) {
			p.tables = append(p.tables, w)
		}
	}
	return p
}

// NewFuzzer prepares the statements over a superuser's connection.
func NewFuzzer(ctx context.Context, e *Env, conn *pgx.Conn, ways map[string][]Way, r *tries.Report) (*Fuzzer, error) {
	all, err := Statements()
	if err != nil {
		return nil, err
	}
	f := &Fuzzer{env: e, ways: ways, report: r, reached: map[string]int{}}
	for _, st := range all {
		if slices.ContainsFunc(e.Doors, func(d *Door) bool { return strings.Contains(st.SQL, d.Name+"(") }) {
			continue // answers to whoever has the secret, in whichever company: a class of its own
		}
		d, err := conn.PgConn().Prepare(ctx, "", st.SQL, nil)
		if err != nil {
			return nil, fmt.Errorf("%s begins like SQL and isn't: %w", st.Where, err)
		}
		f.statements = append(f.statements, e.prepare(st, d.ParamOIDs))
	}
	return f, nil
}

// keepers may commit what they do: what isn't theirs is compared afterwards.
var keepers = []string{"a limited", "a anna in home-1"}

// Run goes on until ctx ends, in several workers, each with a seed of its own.
func (f *Fuzzer) Run(ctx context.Context, workers int, seed uint64) {
	var all sync.WaitGroup
	for n := range workers {
		all.Go(func() {
			d := NewDraw(f.env.World, seed+uint64(n)) //nolint:gosec // a small number
			for ctx.Err() == nil {
				f.once(d)
			}
		})
	}
	all.Wait()
}

// trouble is what goes wrong with an attempt.
type trouble int

const (
	none trouble = iota
	panics
	givesUp
	leavesMess
	stopsReading
)

func (f *Fuzzer) once(d *Draw) {
	s := pick(d.rand, pick(d.rand, [][]*Scope{f.env.Scopes, f.env.Others}))
	way := pick(d.rand, f.ways[s.Role])
	keep := slices.Contains(keepers, s.Name) && d.rand.IntN(4) == 0
	what, sql, args, sh := f.choose(d, s, keep)
	t := none
	if dice := d.rand.IntN(100); dice < 20 {
		t = trouble(1 + dice%4)
	}
	f.report.Tried(classStatement, 1)
	err := f.attempt(d.rand, s, way, keep, t, sql, args, sh)
	if code(err) == crossingState {
		f.report.Crossed(classStatement, "%s, %s: %s %v: %s", s.Name, way.Name, what, args, told(err))
	} else if err != nil {
		if why := f.env.Judge.Text(s, err.Error()+told(err), given(args)+sh.given); why != "" {
			f.report.Crossed(classStatement, "%s, %s: %s %v: the error tells of %s", s.Name, way.Name, what, args, why)
		}
	}
	if t != none || d.rand.IntN(10) == 0 {
		f.lookBehind(way, what)
	}
}

// choose answers a statement of the source, or now and then a shape of our own.
func (f *Fuzzer) choose(d *Draw, s *Scope, keep bool) (what, sql string, args []any, sh shape) {
	if !keep && d.rand.IntN(5) == 0 {
		if list := f.env.Shapes(s, pick(d.rand, f.env.World.Sorted())); len(list) > 0 {
			sh = pick(d.rand, list)
			return clip(sh.sql), sh.sql, nil, shape{given: sh.given}
		}
	}
	for {
		st := pick(d.rand, f.statements)
		if slices.Contains(st.Roles, s.Role) {
			return st.Where, st.SQL, d.arguments(s, f.env.Judge, st, keep), shape{}
		}
	}
}

func (f *Fuzzer) attempt(r *rand.Rand, s *Scope, way Way, keep bool, t trouble, sql string, args []any, sh shape) (err error) {
	ctx := context.Background()
	if t == givesUp {
		limited, cancel := context.WithTimeout(ctx, time.Duration(r.Int64N(int64(4*time.Millisecond))))
		defer cancel()
		ctx = limited
	}
	defer func() {
		if p := recover(); p != nil && p != errPanic { //nolint:errorlint // the very value that was thrown
			panic(p)
		}
	}()
	seen := given(args) + sh.given
	return way.run(ctx, way.Pool, s.scope(), keep, func(ctx context.Context, q db.Querier) error {
		if c, ok := q.(*db.ClientTx); ok && t == leavesMess {
			return f.leaveMess(ctx, s, c)
		}
		rows, err := q.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		n := 0
		for rows.Next() {
			n++
			if why := f.env.Judge.Row(s, rows.FieldDescriptions(), rows.RawValues(), seen); why != "" {
				f.report.Crossed(classStatement, "%s, %s: %s %v: %s", s.Name, way.Name, clip(sql), args, why)
			}
			if t == panics {
				panic(errPanic)
			}
			if t == stopsReading {
				return errUndone // with rows unread
			}
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return err
		}
		if n > 0 || rows.CommandTag().RowsAffected() > 0 {
			f.mu.Lock()
			f.reached[sql]++
			f.mu.Unlock()
		}
		return nil
	})
}

var errPanic = errors.New("a callback panics")

// leaveMess leaves on a session what one can leave there.
func (f *Fuzzer) leaveMess(ctx context.Context, s *Scope, c *db.ClientTx) error {
	other := world.ID("a", "tenant")
	if other == s.Tenant {
		other = world.ID("b", "tenant")
	}
	for _, sql := range []string{
		"select set_config('app.tenant_id', '" + other.String() + "', false)",
		"select set_config('role', '" + s.Role + "', false)",
		"create temp table left_behind (n integer)",
		"prepare left_behind as select 1 as left_behind",
		"declare left_behind cursor with hold for select 1",
		"listen left_behind",
		"select pg_advisory_lock(4711)",
	} {
		if _, err := c.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return c.Commit(ctx)
}

// lookBehind is whoever comes next.
func (f *Fuzzer) lookBehind(way Way, after string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	f.report.Tried(classResidue, 1)
	left, err := way.Residue(ctx)
	if err == nil && left != "" {
		f.report.Crossed(classResidue, "%s, after %s: %s", way.Name, after, left)
	}
}

// Kill ends connections of the database's clients, now and then, until ctx ends.
func Kill(ctx context.Context, conn *pgx.Conn) (killed int) {
	for {
		select {
		case <-ctx.Done():
			return killed
		case <-time.After(60 * time.Millisecond):
		}
		var n int
		if err := conn.QueryRow(context.WithoutCancel(ctx), `select count(pg_terminate_backend(pid)) from (
			select pid from pg_stat_activity where datname = current_database() and usename like 'openhouse%'
			order by random() limit 1) x`).Scan(&n); err == nil {
			killed += n
		}
	}
}

// Kept compares the rows with those of before: what is none of the keepers' must be as it was.
func (f *Fuzzer) Kept(ctx context.Context, conn *pgx.Conn) error {
	now, err := world.Read(ctx, conn)
	if err != nil {
		return err
	}
	text := map[string]string{}
	for _, r := range now.Rows {
		text[r.String()] = fmt.Sprint(r.Values)
	}
	for _, r := range f.env.World.Rows {
		if slices.ContainsFunc(f.env.Scopes, func(s *Scope) bool { return slices.Contains(keepers, s.Name) && s.Refuses(f.env.World, r) == "" }) {
			continue
		}
		f.report.Tried(classKept, 1)
		if is := text[r.String()]; is != fmt.Sprint(r.Values) {
			f.report.Crossed(classKept, "%s was %v and is %s", r, r.Values, is)
		}
	}
	return nil
}

// Idle lists the statements that never found or changed a row.
func (f *Fuzzer) Idle() (idle []string, all int) {
	for _, st := range f.statements {
		if f.reached[st.SQL] == 0 {
			idle = append(idle, st.Where)
		}
	}
	return idle, len(f.statements)
}
