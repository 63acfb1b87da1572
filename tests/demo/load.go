package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/platform"
	"openhouse.example/packages/platform/files"
)

// Options say where the demo takes from and leaves things.
type Options struct {
	Samples   fs.FS         // the folder tests/testdata/samples
	Passwords string        // file for the staff's passwords
	Files     files.Storage // where documents are kept; nil = no documents
	Today     time.Time     // handovers are counted from it; zero = now
}

// Account is one way to sign in.
type Account struct {
	Company, Name, Email, Password string
	Role                           string // viewer, developer, admin
	Limited                        bool   // sees one development only
}

// Summary is what a person needs to look around.
type Summary struct {
	Accounts []Account
	Resident string // e-mail address of somebody who can ask for a link
	Home     string // where that person lives
	Added    int    // companies that were not there before
}

// loader is one run of Load.
type loader struct {
	tx        pgx.Tx
	samples   fs.FS
	files     files.Storage
	today     time.Time
	passwords passwords
	renewed   map[string]bool // accounts whose password is new
	hasher    *platform.Passwords
	added     int
}

// Load brings the demo data into the migrated database at adminURL, a superuser's address on this machine. What is
// there already is left alone; a database with a company that is not demo is refused. It works in one transaction.
func Load(ctx context.Context, adminURL string, o Options) (Summary, error) {
	conn, err := connect(ctx, adminURL)
	if err != nil {
		return Summary{}, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	l := &loader{samples: o.Samples, files: o.Files, today: o.Today, hasher: platform.NewPasswords(0)}
	if l.today.IsZero() {
		l.today = time.Now()
	}
	if l.passwords, err = readPasswords(o.Passwords); err != nil {
		return Summary{}, fmt.Errorf("demo data: passwords: %w", err)
	}
	l.renewed = l.passwords.missing()
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		l.tx = tx
		return l.run(ctx)
	})
	if err != nil {
		return Summary{}, err
	}
	// After the commit: whatever is lost on the way here is made anew by the next run.
	if len(l.renewed) > 0 {
		if err := l.passwords.write(o.Passwords); err != nil {
			return Summary{}, fmt.Errorf("demo data: passwords: %w", err)
		}
	}
	return l.summary(), nil
}

func (l *loader) run(ctx context.Context) error {
	// Two at once: the second waits, and finds everything there.
	if _, err := l.tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('openhouse:demo', 0))`); err != nil {
		return err
	}
	if err := onlyDemo(ctx, l.tx); err != nil {
		return err
	}
	for _, c := range companies {
		if err := l.company(ctx, c); err != nil {
			return fmt.Errorf("demo data: %s: %w", c.name, err)
		}
	}
	return nil
}

// company adds a company with all that belongs to it, or, where it is, the passwords that are new.
func (l *loader) company(ctx context.Context, c company) error {
	var id uuid.UUID
	err := l.tx.QueryRow(ctx, `select id from tenants where slug = $1`, c.slug).Scan(&id)
	if err == nil {
		return l.renewPasswords(ctx, id, c.staff)
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if id, err = uuid.NewV7(); err != nil {
		return err
	}
	l.added++
	if _, err := l.tx.Exec(ctx, `insert into tenants (id, name, slug, demo) values ($1, $2, $3, true)`, id, c.name, c.slug); err != nil {
		return err
	}
	bySlug := map[string]uuid.UUID{}
	for _, d := range c.developments {
		if bySlug[d.slug], err = l.development(ctx, id, d); err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
	}
	for _, a := range c.staff {
		if err := l.account(ctx, id, a, bySlug); err != nil {
			return fmt.Errorf("%s: %w", a.email, err)
		}
	}
	if err := l.notices(ctx, id, c.notices, bySlug); err != nil {
		return err
	}
	return l.documents(ctx, id, c.documents, bySlug)
}

func (l *loader) account(ctx context.Context, company uuid.UUID, a account, developments map[string]uuid.UUID) error {
	hash, err := l.hasher.Hash(ctx, l.passwords[a.email])
	if err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	_, err = l.tx.Exec(ctx, `insert into staff (tenant_id, id, email, full_name, role, limited, password_hash, password_changed_at)
		values ($1, $2, $3, $4, $5, $6, $7, now())`, company, id, a.email, a.name, a.role, a.limitedTo != "", hash)
	if err != nil || a.limitedTo == "" {
		return err
	}
	_, err = l.tx.Exec(ctx, `insert into staff_developments (tenant_id, staff_id, development_id) values ($1, $2, $3)`,
		company, id, developments[a.limitedTo])
	return err
}

// renewPasswords gives accounts whose password is lost a new one.
func (l *loader) renewPasswords(ctx context.Context, company uuid.UUID, staff []account) error {
	for _, a := range staff {
		if !l.renewed[a.email] {
			continue
		}
		hash, err := l.hasher.Hash(ctx, l.passwords[a.email])
		if err != nil {
			return err
		}
		_, err = l.tx.Exec(ctx, `update staff set password_hash = $3, password_changed_at = now(), updated_at = now()
			where tenant_id = $1 and email = $2`, company, a.email, hash)
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) summary() Summary {
	s := Summary{Resident: resident, Home: residentHome, Added: l.added}
	for _, c := range companies {
		for _, a := range c.staff {
			s.Accounts = append(s.Accounts, Account{
				Company: c.name, Name: a.name, Email: a.email, Password: l.passwords[a.email], Role: a.role, Limited: a.limitedTo != "",
			})
		}
	}
	return s
}
