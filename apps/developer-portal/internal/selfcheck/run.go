package selfcheck

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"openhouse.example/migrations"
	"openhouse.example/migrations/probe"
)

// Options are what is looked at.
type Options struct {
	Logins []Login
	// Owner runs fn in a transaction of the tables' owner; nil leaves out what needs one: the companies that are there.
	Owner func(ctx context.Context, fn func(ctx context.Context, tx pgx.Tx) error) error
	// Plant makes two companies for the time of the check and tries to get from one to the other. It needs Owner, all
	// logins and both portals.
	Plant   bool
	Portals []Portal // one without an address is left out
	Left    []string // what else is left out, for the report
}

// MostCompanies is on behalf of how many real companies is looked.
const MostCompanies = 8

const closeLimit = 5 * time.Second

// Run looks at everything. The error says that it could not; the report is then not complete.
func Run(ctx context.Context, o Options) (r *Report, err error) {
	r = &Report{At: time.Now().UTC().Truncate(time.Second), Findings: []Finding{}, Left: append([]string{}, o.Left...)}
	if err := o.check(); err != nil {
		return r, err
	}
	defer func(start time.Time) { r.Seconds = time.Since(start).Round(100 * time.Millisecond).Seconds() }(time.Now())
	logins, err := open(ctx, o.Logins, r)
	defer func() { err = errors.Join(err, closeAll(ctx, logins)) }()
	if err != nil {
		return r, err
	}
	relations, err := checkDatabase(ctx, o, logins, r)
	if err != nil {
		return r, err
	}
	for i, p := range o.Portals {
		if p.URL == "" {
			r.leftOut("the %s over HTTP: its address isn't known (%s)", p.Name, p.Setting)
			continue
		}
		if err := p.check(ctx, slices.Concat(o.Portals[:i], o.Portals[i+1:]), r); err != nil {
			return r, err
		}
	}
	if o.Plant {
		err = plantAndTry(ctx, o, logins, relations, r)
	}
	return r, err
}

// check refuses to begin what can't be done to its end.
func (o Options) check() error {
	if o.Plant && (o.Owner == nil || len(o.Portals) < 2 || slices.ContainsFunc(o.Portals, func(p Portal) bool { return p.URL == "" })) {
		return fmt.Errorf("%w: DATABASE_MIGRATE_URL, DEVELOPER_PUBLIC_URL and TENANT_PUBLIC_URL must be set", ErrPlanting)
	}
	return nil
}

// checkDatabase looks at everything that needs no company of our own, and answers the tables that there are.
func checkDatabase(ctx context.Context, o Options, logins []*opened, r *Report) ([]probe.Relation, error) {
	if len(o.Logins) > 0 {
		r.Database = place(o.Logins[0].Config.URL.Reveal())
	}
	if len(logins) == 0 {
		r.leftOut("the database: none of its logins can be used")
		return nil, nil
	}
	first := logins[0]
	relations, err := door(ctx, first.pool, func(ctx context.Context, q probe.Querier) ([]probe.Relation, error) {
		server, err := probe.About(ctx, q)
		if err != nil {
			return nil, err
		}
		r.Postgres, r.Schema = server.Version, server.Schema
		if server.Schema != migrations.Latest() {
			return nil, fmt.Errorf("%w: it is at %d, this program knows %d; run the self-check of the release that migrated it", ErrSchema, server.Schema, migrations.Latest())
		}
		if err := judgeSchema(ctx, q, r); err != nil {
			return nil, err
		}
		return probe.Relations(ctx, q)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", first.Setting, err)
	}
	r.Tables = len(relations)
	companies, err := o.companies(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, l := range logins {
		if err := l.attack(ctx, relations, r); err != nil {
			return nil, err
		}
		for i, c := range companies {
			if err := l.lookAs(ctx, c, fmt.Sprintf("company %d", i+1), relations, r); err != nil {
				return nil, err
			}
		}
	}
	return relations, nil
}

// companies are real ones.
func (o Options) companies(ctx context.Context, r *Report) (list []probe.Company, err error) {
	if o.Owner == nil {
		r.leftOut("rows of the companies that are there: only the administrator of the database can list companies (DATABASE_MIGRATE_URL)")
		return nil, nil
	}
	err = o.Owner(ctx, func(ctx context.Context, tx pgx.Tx) error {
		list, err = probe.Companies(ctx, tx, MostCompanies)
		return err
	})
	r.Companies = len(list)
	return list, err
}

func closeAll(ctx context.Context, logins []*opened) error {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
	defer cancel()
	var errs []error
	for _, l := range logins {
		errs = append(errs, l.pool.ClosePool(limited))
	}
	return errors.Join(errs...)
}

// place is the host and the name of a database, without who comes with which password.
func place(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host + u.Path
}
