package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev"
)

// PoolerIni is where the configuration that the project ships stands, from the
// root of the checkout.
const PoolerIni = "deploy/pgbouncer/pgbouncer.ini"

// Pooler is a PgBouncer in front of a test's database.
type Pooler struct {
	*pgdev.Bouncer
	db *DB
}

// NewPooler starts a PgBouncer before the server of db, with the configuration
// that the project ships, and removes it when the test ends. settings win over
// that configuration, such as {"default_pool_size": "2"}. Beside the portals'
// logins and the superuser it lets in the logins in also, which must exist. The
// test fails where there is no PgBouncer and none can be fetched.
func NewPooler(t testing.TB, db *DB, settings map[string]string, also ...string) *Pooler {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	config, err := db.host.poolerConfig(ctx, also)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	config.Settings = settings
	bouncer, err := pgdev.StartBouncer(ctx, config, func(line string) { fmt.Fprintln(os.Stderr, "pgdev: "+line) })
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("pgtest: PgBouncer said last%s", bouncer.LogTail(20))
		}
		if err := bouncer.Stop(); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return &Pooler{Bouncer: bouncer, db: db}
}

func (h *host) poolerConfig(ctx context.Context, also []string) (pgdev.BouncerConfig, error) {
	root, err := pgdev.Checkout()
	if err != nil {
		return pgdev.BouncerConfig{}, err
	}
	ini, err := os.ReadFile(filepath.Join(root, PoolerIni))
	if err != nil {
		return pgdev.BouncerConfig{}, err
	}
	port, err := strconv.Atoi(h.admin.Port())
	if err != nil {
		port = 5432
	}
	users, err := h.userlist(ctx, also)
	return pgdev.BouncerConfig{Ini: string(ini), Host: h.admin.Hostname(), Port: port, Userlist: users}, err
}

// userlist is made the way deploy/pgbouncer/README.md says: with the secrets
// that Postgres keeps, not with passwords.
func (h *host) userlist(ctx context.Context, also []string) (string, error) {
	conn, err := h.connect(ctx, h.maintenanceDB())
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	names := append([]string{h.admin.User.Username()}, also...)
	for _, l := range logins {
		names = append(names, l.name)
	}
	rows, _ := conn.Query(ctx, // CollectRows reports its error
		`select format('"%s" "%s"', rolname, rolpassword) from pg_authid where rolname = any($1) and rolpassword is not null`, names)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return strings.Join(lines, "\n"), err
}

// URL is an address of db's, such as its StaffURL, that leads through PgBouncer.
func (p *Pooler) URL(direct string) string {
	u, err := url.Parse(direct)
	if err != nil {
		p.db.t.Fatal("pgtest: Pooler.URL needs one of the database's own addresses") // the error would repeat its password
	}
	u.Host = p.Addr()
	return u.String()
}

// StaffURL is the address of the developer portal's login through PgBouncer.
func (p *Pooler) StaffURL() string { return p.URL(p.db.StaffURL()) }

// ResidentURL is the address of the tenant portal's login through PgBouncer.
func (p *Pooler) ResidentURL() string { return p.URL(p.db.ResidentURL()) }

// Command gives PgBouncer's console a command, such as "pause" or "show pools",
// and answers its rows. The test fails if PgBouncer refuses it.
func (p *Pooler) Command(command string) []map[string]string {
	p.db.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), stepLimit)
	defer cancel()
	rows, err := p.Console(ctx, command)
	if err != nil {
		p.db.t.Fatalf("pgtest: %v", err)
	}
	return rows
}
