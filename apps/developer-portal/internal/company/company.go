// Package company is what an operator does about companies: makes one with its first administrator, lists them, sends
// that administrator the link again, and exports or erases what is stored about a person. An operator sets no password and is no member of any company: whoever reads
// the administrator's mail gets in, nobody else.
//
// Its functions run in a transaction of openhouse_owner (migrations.Operate), which sees all companies; a portal never
// calls them. It refuses to know the command line.
package company

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/ui/mail"
)

var (
	// ErrTaken says that there is a company with the short name.
	ErrTaken = errors.New("there is a company with this short name")
	// ErrNoCompany says that there is none with it.
	ErrNoCompany = errors.New("there is no company with this short name")
	// ErrNoAdmin says that the company has no administrator, who isn't disabled, by the address.
	ErrNoAdmin = errors.New("the company has no active administrator with this address")
	// ErrHasPassword says that the administrator has chosen a password.
	ErrHasPassword = errors.New("the administrator has chosen a password already")
)

const (
	insertCompany = `insert into tenants (id, name, slug, demo) values ($1, $2, $3, $4) on conflict (slug) do nothing`

	insertAdmin = `insert into staff (tenant_id, id, email, full_name, role) values ($1, $2, $3, $4, 'admin')`

	insertLink = `insert into email_tokens (tenant_id, id, purpose, token_hash, email, staff_id, expires_at)
		values ($1, $2, 'staff_invite', $3, $4, $5, now() + make_interval(secs => $6))`

	insertEvent = `insert into audit_log (tenant_id, id, actor_kind, action, object, object_id, detail) values ($1, $2, 'operator', $3, $4, $5, $6)`

	findCompany = `select id, name from tenants where slug = $1`

	findAdmin = `select id, has_password from staff
		where tenant_id = $1 and email = $2 and role = 'admin' and disabled_at is null for update`

	listCompanies = `select t.slug, t.name, t.created_at, t.demo, t.suspended_at is not null as suspended,
		(select count(*) from staff s where s.tenant_id = t.id and s.disabled_at is null) as staff,
		(select count(*) from staff s where s.tenant_id = t.id and s.disabled_at is null and s.role = 'admin' and s.has_password) as admins
		from tenants t where t.planted_until is null order by t.slug`
)

// New is a company to be made.
type New struct {
	Name, Slug            string // Slug: its short name, unique over the installation
	Demo                  bool   // of a developer's own machine: the outbox page shows its mail
	AdminEmail, AdminName string
}

// Link is a one-time link that was mailed.
type Link struct {
	Company string
	Email   string
	Address string // secret: whoever has it becomes the administrator
	Life    time.Duration
}

// Create makes a company and its first administrator, who has no password yet, and queues the mail with the link to
// choose one; address makes a whole address of the link's secret. ErrTaken: then nothing is changed.
func Create(ctx context.Context, tx pgx.Tx, n New, address func(secret string) string) (Link, error) {
	ids, err := newIDs(2)
	if err != nil {
		return Link{}, err
	}
	company, admin := ids[0], ids[1]
	made, err := tx.Exec(ctx, insertCompany, company, n.Name, n.Slug, n.Demo)
	switch {
	case err != nil:
		return Link{}, fmt.Errorf("make the company: %w", err)
	case made.RowsAffected() == 0:
		return Link{}, ErrTaken
	}
	if _, err := tx.Exec(ctx, insertAdmin, company, admin, n.AdminEmail, n.AdminName); err != nil {
		return Link{}, fmt.Errorf("make its administrator: %w", err)
	}
	if err := note(ctx, tx, company, db.Event{Action: "company.create", Object: "tenant", ObjectID: company}); err != nil {
		return Link{}, err
	}
	event := db.Event{Action: "staff.invite", Object: "staff", ObjectID: admin}
	return invite(ctx, tx, company, event, Link{Company: n.Name, Email: n.AdminEmail}, address)
}

// Resend queues another link to an administrator who has not chosen a password yet. ErrNoCompany, ErrNoAdmin,
// ErrHasPassword: then nothing is changed.
func Resend(ctx context.Context, tx pgx.Tx, slug, email string, address func(secret string) string) (Link, error) {
	var company, admin uuid.UUID
	var name string
	var hasPassword bool
	switch err := tx.QueryRow(ctx, findCompany, slug).Scan(&company, &name); {
	case errors.Is(err, pgx.ErrNoRows):
		return Link{}, ErrNoCompany
	case err != nil:
		return Link{}, fmt.Errorf("find the company: %w", err)
	}
	switch err := tx.QueryRow(ctx, findAdmin, company, email).Scan(&admin, &hasPassword); {
	case errors.Is(err, pgx.ErrNoRows):
		return Link{}, ErrNoAdmin
	case err != nil:
		return Link{}, fmt.Errorf("find the administrator: %w", err)
	case hasPassword:
		return Link{}, ErrHasPassword
	}
	event := db.Event{Action: "staff.invite_again", Object: "staff", ObjectID: admin}
	return invite(ctx, tx, company, event, Link{Company: name, Email: email}, address)
}

// invite writes a link for the member of staff whom the event is about, its mail, and the event.
func invite(ctx context.Context, tx pgx.Tx, company uuid.UUID, event db.Event, l Link, address func(string) string) (Link, error) {
	ids, err := newIDs(1)
	if err != nil {
		return Link{}, err
	}
	secret, hash := platform.NewToken()
	l.Address, l.Life = address(secret), platform.InviteLife
	if _, err := tx.Exec(ctx, insertLink, company, ids[0], hash, l.Email, event.ObjectID, l.Life.Seconds()); err != nil {
		return Link{}, fmt.Errorf("store the link: %w", err)
	}
	subject, body := mail.StaffInvite{Company: l.Company, Email: l.Email, Address: l.Address, Life: l.Life}.Text(ctx)
	message := platform.Mail{TenantID: company, Kind: "staff_invite", To: l.Email, Subject: subject, Body: body}
	if _, err := platform.Enqueue(ctx, tx, message); err != nil {
		return Link{}, err
	}
	return l, note(ctx, tx, company, event)
}

// note writes what the operator has done into the company's audit log.
func note(ctx context.Context, tx pgx.Tx, company uuid.UUID, e db.Event) error {
	ids, err := newIDs(1)
	if err != nil {
		return err
	}
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	if e.Detail == nil {
		detail = []byte("{}")
	}
	var objectID *uuid.UUID // null where the event is about nothing that has an id
	if e.ObjectID != uuid.Nil {
		objectID = &e.ObjectID
	}
	if _, err := tx.Exec(ctx, insertEvent, company, ids[0], e.Action, e.Object, objectID, string(detail)); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

// Line is a company in the list.
type Line struct {
	Slug, Name      string
	CreatedAt       time.Time
	Demo, Suspended bool
	Staff, Admins   int64 // who is not disabled; administrators only if they can sign in
}

// List lists every company of the installation by short name, without what a self-check has planted.
func List(ctx context.Context, tx pgx.Tx) ([]Line, error) {
	rows, err := tx.Query(ctx, listCompanies)
	if err != nil {
		return nil, fmt.Errorf("list the companies: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Line])
	if err != nil {
		return nil, fmt.Errorf("list the companies: %w", err)
	}
	return list, nil
}

func newIDs(n int) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, n)
	for i := range ids {
		var err error
		if ids[i], err = uuid.NewV7(); err != nil {
			return nil, fmt.Errorf("make an id: %w", err)
		}
	}
	return ids, nil
}
