package selfcheck

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"openhouse.example/migrations"
	"openhouse.example/migrations/probe"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/auth"
)

// The classes with planted companies, beside those of the database.
const (
	classTheirs  = "what is theirs still works"
	classAnother = "another's id"
	classClaimed = "who one says one is"
	classWrite   = "write a table"
	classKept    = "rows of others afterwards"
)

// plantedTime is how long may be tried; then there is time left to sweep.
const plantedTime = migrations.PlantedLife - time.Minute

// sweepLimit is what sweeping may take, also after the check was stopped.
const sweepLimit = 30 * time.Second

// ErrPlanting says that two companies can't be planted now.
var ErrPlanting = errors.New("can't plant companies")

// planted is a company of ours, and what is known of it.
type planted struct {
	migrations.Planted
	name     string // "the first", for the report
	password string
	link     string // secret of the one-time link

	rows   map[string][]string // by table, as JSON
	ids    map[string]bool     // all that stand in its rows
	people []*identity
}

// identity is somebody who has signed in.
type identity struct {
	name   string
	role   auth.Role
	portal *site
	token  string
	of     *planted
}

// plantAndTry plants two companies, tries to get from each to the other, and sweeps them away.
func plantAndTry(ctx context.Context, o Options, logins []*opened, relations []probe.Relation, r *Report) error {
	return o.Owner(ctx, func(ctx context.Context, held pgx.Tx) (err error) {
		free, err := migrations.HoldPlanting(ctx, held)
		if err != nil {
			return err
		}
		if !free {
			return fmt.Errorf("%w: another self-check has planted some; wait until it ends", ErrPlanting)
		}
		if err := sweep(ctx, o); err != nil { // what one that was killed has left
			return err
		}
		defer func() { err = errors.Join(err, sweep(ctx, o)) }()
		limited, cancel := context.WithTimeout(ctx, plantedTime)
		defer cancel()
		companies, err := plantTwo(limited, o, relations)
		if err != nil {
			return err
		}
		r.Planted = true
		return tryAll(limited, o, logins, relations, companies, r)
	})
}

func sweep(ctx context.Context, o Options) error {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), sweepLimit)
	defer cancel()
	return o.Owner(limited, func(ctx context.Context, tx pgx.Tx) error {
		_, err := migrations.SweepPlanted(ctx, tx)
		return err
	})
}

// plantTwo makes two companies that differ in nothing but a random word.
func plantTwo(ctx context.Context, o Options, relations []probe.Relation) ([]*planted, error) {
	passwords := platform.NewPasswords(1)
	companies := make([]*planted, 2)
	for i, name := range []string{"the first planted company", "the second planted company"} {
		p := &planted{name: name, password: rand.Text()}
		hash, err := passwords.Hash(ctx, p.password)
		if err != nil {
			return nil, err
		}
		p.Token, p.PasswordHash = strings.ToLower(rand.Text()[:16]), hash
		p.link, p.LinkHash = platform.NewToken()
		companies[i] = p
	}
	err := o.Owner(ctx, func(ctx context.Context, tx pgx.Tx) error {
		for _, p := range companies {
			if err := migrations.Plant(ctx, tx, p.Planted); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, p := range companies {
		if err := p.read(ctx, o, relations); err != nil {
			return nil, err
		}
		p.ids = map[string]bool{}
		for _, rows := range p.rows {
			for _, row := range rows {
				for _, id := range ids.FindAllString(row, -1) {
					p.ids[id] = true
				}
			}
		}
	}
	return companies, nil
}

// read gathers the company's rows as they are now.
func (p *planted) read(ctx context.Context, o Options, relations []probe.Relation) error {
	p.rows = map[string][]string{}
	return o.Owner(ctx, func(ctx context.Context, tx pgx.Tx) error {
		for _, table := range relations {
			if table.Company == "" || table.View {
				continue
			}
			rows, err := table.RowsOf(ctx, tx, p.ID("tenant"))
			if err != nil {
				return err
			}
			p.rows[table.Name] = rows
		}
		return nil
	})
}

// marksIn are what of a company's stands in a text, but for ids that were asked for.
func (p *planted) marksIn(text string, asked ...string) (marks []string) {
	if strings.Contains(strings.ToLower(text), p.Token) {
		marks = append(marks, "its words")
	}
	for _, id := range ids.FindAllString(text, -1) {
		if p.ids[id] && !slices.ContainsFunc(asked, func(a string) bool { return strings.Contains(a, id) }) {
			marks = append(marks, "an id of its rows")
			break
		}
	}
	return marks
}

// tryAll has everybody of each company try to reach the other. The one that is attacked is at rest meanwhile, so that
// each change of its rows is a crossing.
func tryAll(ctx context.Context, o Options, logins []*opened, relations []probe.Relation, companies []*planted, r *Report) error {
	var sites []*site
	for _, p := range o.Portals {
		s := p.open(r)
		defer s.client.CloseIdleConnections()
		sites = append(sites, s)
	}
	for _, p := range companies {
		if err := p.signIn(ctx, sites); err != nil {
			return err
		}
	}
	for i, mine := range companies {
		other := companies[1-i]
		if err := other.read(ctx, o, relations); err != nil {
			return err
		}
		before := other.rows
		for _, who := range mine.people {
			if err := who.attack(ctx, sites, other, r); err != nil {
				return err
			}
		}
		for _, l := range logins {
			company := probe.Company{ID: mine.ID("tenant"), Staff: mine.ID("admin"), Resident: mine.ID("anna"), Home: mine.ID("home-1")}
			if err := l.lookAs(ctx, company, mine.name, relations, r); err != nil {
				return err
			}
			if err := l.writeAs(ctx, mine, other, relations, r); err != nil {
				return err
			}
		}
		if err := other.read(ctx, o, relations); err != nil {
			return err
		}
		for table, rows := range other.rows {
			r.tried(classKept, 1)
			if !slices.Equal(rows, before[table]) {
				r.crossed(classKept, "after all attempts on behalf of %s, rows of %s in %s have changed", mine.name, other.name, table)
			}
		}
	}
	return nil
}
