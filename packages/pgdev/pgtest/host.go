package pgtest

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"openhouse.example/migrations"
	"openhouse.example/packages/pgdev"
)

const (
	testURL = "TEST_DATABASE_URL"
	// startLimit bounds a server's start: the first on a bare machine may have to
	// download it.
	startLimit = 5 * time.Minute
	// stepLimit bounds the making or dropping of one database.
	stepLimit = time.Minute
)

// The login roles that the portals and the worker have in development and tests,
// and the one role that each is a member of.
const (
	staffLogin    = "openhouse_developer_portal"
	residentLogin = "openhouse_tenant_portal"
	workerLogin   = "openhouse_worker_login"
)

var logins = []struct{ name, role string }{
	{staffLogin, migrations.RoleStaff},
	{residentLogin, migrations.RoleResident},
	{workerLogin, migrations.RoleWorker},
}

// host is a server that test databases are made on.
type host struct {
	admin *url.URL // the superuser's address
	// slots bounds how many databases are made or dropped at once: each copies
	// files and holds an administrator's connection.
	slots chan struct{}

	templateOnce sync.Once
	templateName string
	templateErr  error
}

func newHost(adminURL string) (*host, error) {
	u, err := url.Parse(adminURL)
	if err != nil || u.Host == "" || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		// The parse error would repeat the address, password and all.
		return nil, errors.New("not an address of the form postgres://user:password@host:port/database")
	}
	return &host{admin: u, slots: make(chan struct{}, 8)}, nil
}

// sharedHost is the host of this test process, made when the first test asks.
type sharedHost struct {
	mu     sync.Mutex
	host   *host
	err    error
	server *pgdev.Server // nil when the server was given to us
}

var shared sharedHost

func (s *sharedHost) get() (*host, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.host == nil && s.err == nil {
		s.host, s.server, s.err = openHost(os.Getenv(testURL))
	}
	return s.host, s.err
}

func openHost(given string) (*host, *pgdev.Server, error) {
	if given != "" {
		h, err := newHost(given)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", testURL, err)
		}
		return h, nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	server, err := pgdev.StartThrowaway(ctx)
	if err != nil {
		return nil, nil, err
	}
	h, err := newHost(server.URL("postgres"))
	return h, server, err
}

func (s *sharedHost) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.host, s.err = nil, errors.New("the tests of this package have ended")
	if s.server == nil {
		return nil
	}
	err := s.server.Stop()
	s.server = nil
	return err
}

// connect opens an administrator's connection to one of the host's databases.
func (h *host) connect(ctx context.Context, db string) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, h.adminURL(db))
	if err != nil {
		return nil, fmt.Errorf("connect as administrator (is %s right?): %w", testURL, err)
	}
	return conn, nil
}

func (h *host) maintenanceDB() string {
	if name := strings.TrimPrefix(h.admin.Path, "/"); name != "" {
		return name
	}
	return "postgres"
}

// template answers the name of the migrated template of this server, made now if
// need be.
func (h *host) template() (string, error) {
	h.templateOnce.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		defer cancel()
		h.templateName, h.templateErr = h.makeTemplate(ctx)
	})
	return h.templateName, h.templateErr
}

// makeTemplate works under a lock that all test processes of the server share,
// so that one migrates and the others wait and find it done.
func (h *host) makeTemplate(ctx context.Context) (string, error) {
	conn, err := h.connect(ctx, h.maintenanceDB())
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // which also ends the lock
	if _, err := conn.Exec(ctx, "select pg_advisory_lock(hashtextextended('openhouse:pgtest', 0))"); err != nil {
		return "", fmt.Errorf("wait for the template: %w", err)
	}
	if err := h.ensureLogins(ctx, conn); err != nil {
		return "", err
	}
	name := templateName(migrations.Hash())
	var ready bool
	err = conn.QueryRow(ctx, "select coalesce((select datistemplate from pg_database where datname = $1), false)", name).Scan(&ready)
	if err != nil || ready {
		return name, err
	}
	// What exists without the mark was left half-made by a process that died.
	quoted := quote(name)
	for _, sql := range []string{
		"drop database if exists " + quoted + " with (force)",
		"create database " + quoted + " template template0",
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return "", fmt.Errorf("make the template: %w", err)
		}
	}
	if err := migrations.Up(ctx, h.adminURL(name), nil); err != nil {
		return "", fmt.Errorf("migrate the template: %w", err)
	}
	if _, err := conn.Exec(ctx, "alter database "+quoted+" is_template true allow_connections false"); err != nil {
		return "", fmt.Errorf("seal the template: %w", err)
	}
	return name, nil
}

func (h *host) ensureLogins(ctx context.Context, conn *pgx.Conn) error {
	if err := migrations.EnsureRoles(ctx, conn); err != nil {
		return err
	}
	for _, l := range logins {
		err := migrations.EnsureLogin(ctx, conn, migrations.Login{Name: l.name, Password: h.loginPassword(l.name), Role: l.role})
		if err != nil {
			return err
		}
	}
	return nil
}

// templateName fits the migrations' hash into what Postgres takes as a name.
func templateName(hash string) string {
	if len(hash) > 40 {
		hash = hash[:40]
	}
	return "tpl_" + strings.ToLower(hash)
}

// clone copies a template into a new database and answers its name. Copying
// files is three times faster than the default way through the log.
func (h *host) clone(ctx context.Context, template string) (string, error) {
	h.slots <- struct{}{}
	defer func() { <-h.slots }()
	conn, err := h.connect(ctx, h.maintenanceDB())
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	name := "t_" + strings.ToLower(rand.Text())
	_, err = conn.Exec(ctx, "create database "+quote(name)+" template "+quote(template)+" strategy file_copy")
	return name, err
}

func (h *host) drop(ctx context.Context, name string) error {
	h.slots <- struct{}{}
	defer func() { <-h.slots }()
	conn, err := h.connect(ctx, h.maintenanceDB())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, "drop database if exists "+quote(name)+" with (force)")
	return err
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// loginPassword is the same in every test process that uses this server, and
// unknown to whoever does not know the superuser's.
func (h *host) loginPassword(login string) string {
	secret, _ := h.admin.User.Password()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("openhouse:pgtest:" + login))
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil))
}
