package pgdev

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Files in a PgBouncer's home, beside those of every throw-away server.
const (
	bouncerShipped  = "shipped.ini"
	bouncerIni      = "pgbouncer.ini"
	bouncerUserlist = "userlist.txt"
)

// bouncerAdmin may give commands to a PgBouncer of ours, and nothing else.
const bouncerAdmin = "pgdev_admin"

// BouncerConfig says what a PgBouncer stands before and how it behaves.
type BouncerConfig struct {
	// Ini is the configuration under test, as it is; its last section must be
	// [pgbouncer]. Only addresses and names of files are replaced: a database that
	// it does not name is looked for at Host and Port.
	Ini  string
	Host string
	Port int
	// Userlist is the text of PgBouncer's auth_file: who may log in.
	Userlist string
	// Settings are set last and win over Ini, such as pool_mode.
	Settings map[string]string
}

// Bouncer is a running PgBouncer of the caller's own. It listens on a free port
// of the loopback address, and keeps that port when it is started again. Its
// methods may be called from several goroutines.
type Bouncer struct {
	*station
	password string // of bouncerAdmin
	config   BouncerConfig
	port     int // belongs to mu
}

// StartBouncer starts a PgBouncer that keeps nothing. ctx limits the start, which
// may have to fetch the program first, not the life. The caller must call Stop;
// if the caller is killed instead, PgBouncer ends with it (on Linux), and the
// next start of a server of ours removes what is left. It never runs as root.
func StartBouncer(ctx context.Context, c BouncerConfig, say func(line string)) (*Bouncer, error) {
	s, err := furnishStation(ctx, pgBouncer, say)
	if err != nil {
		return nil, err
	}
	b := &Bouncer{station: s, password: rand.Text(), config: c}
	if err := b.furnish(); err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	for range portTries {
		var port int
		if port, err = freePort(); err != nil {
			break
		}
		b.mu.Lock()
		b.port = port
		b.mu.Unlock()
		if err = b.Start(ctx); !errors.Is(err, errPortBusy) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	return b, nil
}

// furnish writes what stays the same however often PgBouncer is started.
func (b *Bouncer) furnish() error {
	users := filepath.Join(b.home, bouncerUserlist)
	return errors.Join(
		writeWhole(filepath.Join(b.home, bouncerShipped), b.config.Ini+"\n", 0o644),
		writeWhole(users, fmt.Sprintf("%s\n%q %q\n", b.config.Userlist, bouncerAdmin, b.password), 0o600),
		b.account.give(users),
	)
}

// ini is the configuration that PgBouncer reads: the one under test, and behind
// it what depends on this machine. The lines go on in its last section, which
// must be [pgbouncer]: a header of its own would set all of it back to PgBouncer's
// defaults.
func (b *Bouncer) ini() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%%include %s\n", filepath.Join(b.home, bouncerShipped))
	fmt.Fprintf(&text, "listen_addr = %s\nlisten_port = %d\nunix_socket_dir =\nauth_file = %s\nadmin_users = %s\n",
		loopback, b.Port(), filepath.Join(b.home, bouncerUserlist), bouncerAdmin)
	names := make([]string, 0, len(b.config.Settings))
	for name := range b.config.Settings {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&text, "%s = %s\n", name, b.config.Settings[name])
	}
	fmt.Fprintf(&text, "\n[databases]\n* = host=%s port=%d\n", b.config.Host, b.config.Port)
	return text.String()
}

// Start starts PgBouncer again after Kill, on the same port, and returns once it
// answers. It does nothing while one runs.
func (b *Bouncer) Start(ctx context.Context) error {
	b.turn.Lock()
	defer b.turn.Unlock()
	ini := filepath.Join(b.home, bouncerIni)
	if err := writeWhole(ini, b.ini(), 0o644); err != nil {
		return err
	}
	// The console would let us into nobody else's PgBouncer.
	return b.start(ctx, func(ctx context.Context) error {
		_, err := b.Console(ctx, "show version")
		return err
	}, ini)
}

// Console gives PgBouncer a command, such as "pause", "resume", "reconnect" or
// "show pools", and answers its rows, each by name of column.
func (b *Bouncer) Console(ctx context.Context, command string) ([]map[string]string, error) {
	config, err := pgconn.ParseConfig(fmt.Sprintf("postgres://%s:%s@%s/pgbouncer?sslmode=disable&connect_timeout=5",
		bouncerAdmin, b.password, b.Addr()))
	if err != nil {
		return nil, err
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	results, err := conn.Exec(ctx, command).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("pgbouncer: %s: %w", command, err)
	}
	var rows []map[string]string
	for _, result := range results {
		for _, values := range result.Rows {
			row := make(map[string]string, len(values))
			for i, column := range result.FieldDescriptions {
				row[column.Name] = string(values[i])
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// Addr is where PgBouncer listens, "127.0.0.1:16432".
func (b *Bouncer) Addr() string { return net.JoinHostPort(loopback, strconv.Itoa(b.Port())) }

// Port is the TCP port on the loopback address.
func (b *Bouncer) Port() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.port
}
