package selfcheck

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/google/uuid"

	"openhouse.example/migrations"
	"openhouse.example/migrations/catalogue"
	"openhouse.example/migrations/probe"
	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/startup"
)

// The classes at the database.
const (
	classSchema   = "rules of the schema"
	classLogins   = "logins"
	classUnscoped = "go without a scope"
	classRead     = "read a table"
	classRight    = "use a right not given"
	classRole     = "leave the role"
	classDoor     = "call another's door"
)

// Login is how one process reaches the database.
type Login struct {
	Setting string // names it when it can't be used
	Role    string // that it may switch to
	Config  db.Config
}

// opened is a login with its pool.
type opened struct {
	Login
	pool *db.Pool
}

// ErrSchema says that the database is at another version than this program, which so can't judge it.
var ErrSchema = errors.New("the database's schema is at another version than this program's")

// name of the login in the database.
func (l Login) name() string {
	if name := startup.Login(l.Config.URL); name != "" {
		return name
	}
	return l.Setting
}

// open opens all logins. One that a portal would refuse to serve with is a crossing; what can be tried with it all the
// same is tried.
func open(ctx context.Context, logins []Login, r *Report) (list []*opened, err error) {
	for _, l := range logins {
		r.Logins = append(r.Logins, l.name())
		r.tried(classLogins, 1)
		pool, err := l.pool(ctx, db.WithRole(l.Role), db.WithSchemaVersion(migrations.Latest()))
		if refusal := refusal(err); refusal != "" {
			r.crossed(classLogins, "a portal refuses to serve with the login in %s: %s", l.Setting, refusal)
			pool, err = l.pool(ctx) // which looks at less
		}
		if refusal(err) != "" {
			r.leftOut("what can be tried with the login in %s, until it is no administrator", l.Setting)
			continue
		}
		if err != nil {
			return list, fmt.Errorf("%s can't be used: %w", l.Setting, err)
		}
		list = append(list, &opened{l, pool})
		if _, err := door(ctx, pool, probe.About); err != nil {
			return list, fmt.Errorf("%s can't be used: %w", l.Setting, err)
		}
	}
	return list, nil
}

func (l Login) pool(ctx context.Context, options ...db.Option) (*db.Pool, error) {
	cfg := l.Config
	cfg.Max, cfg.Min, cfg.AppName = 2, 0, "selfcheck"
	return db.Open(ctx, cfg, append(options, db.WithLogger(slog.New(slog.DiscardHandler)))...)
}

// refusal is why a pool says that a login is not safe, "" if it says something else.
func refusal(err error) string {
	var unsafe *db.Error
	if errors.Is(err, db.ErrUnsafe) && errors.As(err, &unsafe) {
		return unsafe.Cause.Error()
	}
	return ""
}

// door asks without a scope.
func door[T any](ctx context.Context, p *db.Pool, fn func(context.Context, probe.Querier) (T, error)) (T, error) {
	return db.Door(ctx, p, func(ctx context.Context, q db.Querier) (T, error) { return fn(ctx, q) })
}

// judgeSchema holds roles, policies, rights, functions and logins against the rules and against what the migrations make.
func judgeSchema(ctx context.Context, q catalogue.Querier, r *Report) error {
	r.tried(classSchema, catalogue.Rules())
	broken, err := catalogue.Check(ctx, q)
	if err != nil {
		return err
	}
	differing, compared, err := migrations.Compare(ctx, q)
	if err != nil {
		return err
	}
	r.tried(classSchema, compared)
	for _, f := range slices.Concat(broken, differing) {
		r.crossed(classSchema, "%s", f)
	}
	logins, err := catalogue.Logins(ctx, q)
	for _, f := range logins {
		r.crossed(classLogins, "%s", f)
	}
	return err
}

// attack tries, as a login, what it must be refused whoever's data are there.
func (l *opened) attack(ctx context.Context, relations []probe.Relation, r *Report) error {
	_, err := door(ctx, l.pool, func(ctx context.Context, q probe.Querier) (struct{}, error) {
		return struct{}{}, errors.Join(l.unscoped(ctx, q, relations, r), l.others(ctx, q, r), l.doors(ctx, q, r))
	})
	if err != nil {
		return fmt.Errorf("%s: %w", l.Setting, err)
	}
	nobody := db.Scope{Role: l.Role, TenantID: uuid.New(), Settings: settings(uuid.NewString(), uuid.NewString(), uuid.NewString())}
	if err := l.look(ctx, nobody, relations, "a company that doesn't exist", true, r); err != nil {
		return err
	}
	if l.Role == platform.RoleResident {
		return l.staffTables(ctx, nobody, relations, r)
	}
	return nil
}

// noSetting are the SQLSTATEs of a policy that misses a setting.
var noSetting = []string{"42704", "22P02"}

// unscoped reads every table as the bare login, and as its role without settings.
func (l *opened) unscoped(ctx context.Context, q probe.Querier, relations []probe.Relation, r *Report) error {
	for _, table := range relations {
		r.tried(classUnscoped, 2)
		err := table.Read(ctx, q)
		switch {
		case err == nil:
			r.crossed(classUnscoped, "%s reads %s without a scope", l.name(), table.Name)
		case slices.Contains(noSetting, probe.Code(err)):
			r.crossed(classUnscoped, "%s may read %s without a scope; only the policies, which miss their settings, stop it", l.name(), table.Name)
		case probe.Code(err) != probe.Forbidden:
			return fmt.Errorf("read %s without a scope: %w", table.Name, err)
		}
		n, err := table.ReadUnset(ctx, q, l.Role)
		switch {
		case n > 0:
			r.crossed(classUnscoped, "%s as %s reads %s although no company is set", l.name(), l.Role, table.Name)
		case err != nil && probe.Code(err) != probe.Forbidden && !slices.Contains(noSetting, probe.Code(err)):
			return fmt.Errorf("read %s without settings: %w", table.Name, err)
		}
	}
	return nil
}

// others tries to become every role but the one.
func (l *opened) others(ctx context.Context, q probe.Querier, r *Report) error {
	powers, err := probe.Powers(ctx, q)
	if err != nil {
		return err
	}
	for _, role := range slices.Concat(migrations.Roles(), powers) {
		if role == l.Role {
			continue
		}
		r.tried(classRole, 1)
		switch err := probe.Become(ctx, q, role); {
		case err == nil:
			r.crossed(classRole, "%s can become %s", l.name(), role)
		case probe.Code(err) != probe.Forbidden:
			return fmt.Errorf("become %s: %w", role, err)
		}
	}
	return nil
}

// doors asks which functions the login may call: those of its role and no other.
func (l *opened) doors(ctx context.Context, q probe.Querier, r *Report) error {
	mine, err := probe.Callable(ctx, q)
	if err != nil {
		return err
	}
	granted, err := probe.Granted(ctx, q, l.Role)
	if err != nil {
		return err
	}
	r.tried(classDoor, len(mine))
	for _, name := range mine {
		if !slices.Contains(granted, name) {
			r.crossed(classDoor, "%s may call %s, which %s may not", l.name(), name, l.Role)
		}
	}
	return nil
}

// staffTables names the tables of staff in a resident's scope.
func (l *opened) staffTables(ctx context.Context, scope db.Scope, relations []probe.Relation, r *Report) error {
	for _, table := range relations {
		if !slices.Contains(catalogue.StaffOnly(), table.Name) {
			continue
		}
		r.tried(classRight, 1)
		_, err := db.Read(ctx, l.pool, scope, func(ctx context.Context, q db.Querier) (struct{}, error) {
			return struct{}{}, table.Read(ctx, q)
		})
		switch {
		case err == nil:
			r.crossed(classRight, "%s, as a resident, can read %s, which is for staff", l.name(), table.Name)
		case probe.Code(err) != probe.Forbidden:
			return fmt.Errorf("%s: read %s as a resident: %w", l.Setting, table.Name, err)
		}
	}
	return nil
}

// look reads every table in a scope: no row may be another company's, and for a company that doesn't exist none may be
// there at all.
func (l *opened) look(ctx context.Context, scope db.Scope, relations []probe.Relation, whose string, none bool, r *Report) error {
	for _, table := range relations {
		if table.Company == "" {
			continue
		}
		type counts struct{ all, foreign int64 }
		count := func(table probe.Relation) (counts, error) {
			return db.Read(ctx, l.pool, scope, func(ctx context.Context, q db.Querier) (c counts, err error) {
				c.all, c.foreign, err = table.Count(ctx, q, scope.TenantID.String())
				return c, err
			})
		}
		r.tried(classRead, 1)
		c, err := count(table)
		if probe.Code(err) == probe.Forbidden { // it may not know the company's column: then by number alone
			table.Company = ""
			c, err = count(table)
		}
		switch {
		case probe.Code(err) == probe.Forbidden:
		case errors.Is(err, db.ErrQueryTimeout):
			r.leftOut("rows of %s on behalf of %s: counting them takes longer than the login may", table.Name, whose)
		case err != nil:
			return fmt.Errorf("%s: count %s: %w", l.Setting, table.Name, err)
		case c.foreign > 0:
			r.crossed(classRead, "%s, on behalf of %s, sees %d rows of other companies in %s", l.name(), whose, c.foreign, table.Name)
		case none && c.all > 0:
			r.crossed(classRead, "%s, on behalf of %s, sees %d rows in %s", l.name(), whose, c.all, table.Name)
		}
	}
	return nil
}

// lookAs looks on behalf of a real company. The report has numbers only.
func (l *opened) lookAs(ctx context.Context, company probe.Company, whose string, relations []probe.Relation, r *Report) error {
	id, err := uuid.Parse(company.ID)
	if err != nil {
		return err
	}
	or := func(id string) string {
		if id == "" {
			return uuid.NewString()
		}
		return id
	}
	scope := db.Scope{Role: l.Role, TenantID: id, Settings: settings(or(company.Staff), or(company.Resident), or(company.Home))}
	return l.look(ctx, scope, relations, whose, false, r)
}

func settings(staff, resident, home string) []db.Setting {
	return []db.Setting{{Name: "app.staff_id", Value: staff}, {Name: "app.resident_id", Value: resident}, {Name: "app.unit_id", Value: home}}
}
