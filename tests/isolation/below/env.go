package below

import (
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/tests/isolation/tries"
	"openhouse.example/tests/isolation/world"
)

// Env is what attacks need to know: the rows, whose they are, and what is allowed.
type Env struct {
	World  *world.World
	Judge  *Judge
	Rights Rights
	Doors  []*Door
	Scopes []*Scope // of the first company, which attacks
	Others []*Scope // of the second

	// Part, if set, leaves out about half of what differs from the rest by company, person and table only: the same
	// half for the same numbers.
	Part *rand.Rand

	mu       sync.Mutex
	learning bool              // until Learn has ended
	sound    map[string]string // outcomes on the sound database
}

// NewEnv fills a database with both companies and arms it.
func NewEnv(ctx context.Context, db *pgtest.DB) (*Env, error) {
	w, err := world.Fill(ctx, db.AdminURL())
	if err != nil {
		return nil, err
	}
	e := &Env{World: w, Scopes: Scopes("a"), Others: Scopes("b"), learning: true, sound: map[string]string{}}
	if e.Rights, err = ReadRights(); err != nil {
		return nil, err
	}
	if e.Doors, err = ReadDoors(); err != nil {
		return nil, err
	}
	all := slices.Concat(e.Scopes, e.Others)
	e.Judge = NewJudge(w, all)
	conn, err := pgx.Connect(ctx, db.AdminURL())
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := Armed(ctx, conn, w, all); err != nil {
		return nil, err
	}
	if _, err := conn.PgConn().Exec(ctx, crowdSQL).ReadAll(); err != nil {
		return nil, fmt.Errorf("crowd: %w", err)
	}
	for _, r := range w.Rows {
		if r.Table.Name == "tenants" {
			r.Values["demo"] = r.Company == world.ID("b", "tenant")
		}
	}
	return e, nil
}

//go:embed crowd.sql
var crowdSQL string

// Logins are direct connections to one database, by role.
type Logins map[string]*Direct

// DialAll opens one for each role.
func DialAll(ctx context.Context, db *pgtest.DB) (Logins, error) {
	l := Logins{}
	for role, url := range map[string]string{platform.RoleStaff: db.StaffURL(), platform.RoleResident: db.ResidentURL(), platform.RoleWorker: db.WorkerURL()} {
		d, err := Dial(ctx, url)
		if err != nil {
			l.Close()
			return nil, err
		}
		l[role] = d
	}
	return l, nil
}

// Close ends them all.
func (l Logins) Close() {
	for _, d := range l {
		d.Close()
	}
}

// Tables attacks some tables, or all, in every shape under every scope.
func (e *Env) Tables(ctx context.Context, l Logins, scopes []*Scope, tables []*world.Table, r *tries.Report) error {
	asked := map[string]bool{}
	for _, s := range scopes {
		d := l[s.Role]
		first := !asked[s.Role] // rights are the role's: one of its scopes is enough
		asked[s.Role] = true
		for _, t := range tables {
			if !first && e.leavesOut() {
				continue
			}
			for _, sh := range e.Shapes(s, t) {
				if sh.class == classRight && !first {
					continue
				}
				e.judge(r, s, sh, d.Run(ctx, s, sh.sql))
				if r.Enough() {
					return errEnough
				}
			}
			e.copies(ctx, d, s, t, r)
			if err := d.alive(); err != nil {
				return fmt.Errorf("%s attacks %s: %w", s.Name, t.Name, err)
			}
		}
		d.Undo(ctx)
	}
	return nil
}

func (e *Env) leavesOut() bool { return e.Part != nil && e.Part.IntN(5) < 3 }

// copies are the shapes that another part of the protocol carries.
func (e *Env) copies(ctx context.Context, d *Direct, s *Scope, t *world.Table, r *tries.Report) {
	if columns := e.Rights.Of(s.Role, t, "select"); columns != nil {
		sh := shape{class: classRead, sql: fmt.Sprintf("copy (select %s from %s) to stdout", names(columns), name(t.Name))}
		e.judge(r, s, sh, d.Copy(ctx, s, sh.sql, ""))
	}
	if columns := e.Rights.Of(s.Role, t, "insert"); columns != nil {
		for _, h := range ends(e.Judge.Hidden(s, t.Name)) {
			line := ""
			for i, c := range columns {
				if i > 0 {
					line += "\t"
				}
				line += h.Text(c)
			}
			sh := shape{class: classWrite, sql: fmt.Sprintf("copy %s (%s) from stdin", name(t.Name), names(columns)), given: line}
			e.judge(r, s, sh, d.Copy(ctx, s, sh.sql, line+"\n"))
		}
	}
}

// judge counts an attempt and says what crossed.
func (e *Env) judge(r *tries.Report, s *Scope, sh shape, got Result) {
	r.Tried(sh.class, 1)
	cross := func(why string) { r.Crossed(sh.class, "%s: %s: %s", s.Name, clip(sh.sql), why) }
	if code(got.Err) == crossingState {
		cross(told(got.Err))
		return
	}
	if blind(got.Err) {
		cross("the witness is broken: " + told(got.Err))
		return
	}
	if sh.want != nil {
		if why := sh.want(got); why != "" {
			cross(why)
			return
		}
	}
	if got.Err != nil {
		if why := e.Judge.Text(s, told(got.Err), sh.given); why != "" {
			cross("the error tells of " + why)
			return
		}
	}
	if why := e.Judge.Text(s, got.Copied, sh.given); why != "" {
		cross(why)
		return
	}
	for _, row := range got.Rows {
		if why := e.Judge.Row(s, got.Fields, row, sh.given); why != "" {
			cross(why)
			return
		}
	}
}

// blind says whether the witness itself has failed: nothing would be proved by that.
func blind(err error) bool {
	return err != nil && code(err) != crossingState && strings.Contains(told(err), "function isolation.")
}

// clip keeps a statement readable in a report.
func clip(sql string) string {
	if len(sql) > 160 {
		return sql[:160] + "…"
	}
	return sql
}
