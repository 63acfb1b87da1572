package pgdev

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Files in a PgBouncer's home, beside those of every throw-away server.
const (
	bouncerShipped  = "shipped.ini"
	bouncerIni      = "pgbouncer.ini"
	bouncerUserlist = "userlist.txt"
	bouncerPid      = "pgbouncer.pid"
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
	bin      bouncerProgram
	account  account
	home     string
	password string // of bouncerAdmin
	config   BouncerConfig
	lock     *os.File

	turn sync.Mutex // of Start, Kill and Stop
	mu   sync.Mutex
	port int
	proc *process
}

// StartBouncer starts a PgBouncer that keeps nothing. ctx limits the start, which
// may have to fetch the program first, not the life. The caller must call Stop;
// if the caller is killed instead, PgBouncer ends with it (on Linux), and the
// next start of a server of ours removes what is left. It never runs as root.
func StartBouncer(ctx context.Context, c BouncerConfig, say func(line string)) (*Bouncer, error) {
	acct, err := serverAccount()
	if err != nil {
		return nil, err
	}
	bin, err := thisMachine(acct, say).findBouncer(ctx)
	if err != nil {
		return nil, err
	}
	throwaway{say: say}.sweep()
	home, lock, err := throwawayHome(acct, throwawayBases())
	if err != nil {
		return nil, err
	}
	b := &Bouncer{bin: bin, account: acct, home: home, password: rand.Text(), config: c, lock: lock}
	if err := b.furnish(); err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	for range portTries {
		if b.port, err = freePort(); err != nil {
			break
		}
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
		marker{ID: rand.Text(), Kind: kindThrowaway, Created: time.Now().UTC()}.write(b.home),
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
	if b.PID() != 0 {
		return nil
	}
	ini := filepath.Join(b.home, bouncerIni)
	if err := writeWhole(ini, b.ini(), 0o644); err != nil {
		return err
	}
	log, before, err := openLog(b.home)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(b.bin.path, ini)
	cmd.Dir = "/"
	cmd.Env = append(childEnv(os.Environ()), b.bin.environ()...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes(b.account, false, syscall.SIGKILL)
	p, err := spawn(cmd)
	if err != nil {
		return fmt.Errorf("start pgbouncer as %s: %w", b.account.name, err)
	}
	b.mu.Lock()
	b.proc = p
	b.mu.Unlock()
	err = writeWhole(filepath.Join(b.home, bouncerPid), strconv.Itoa(p.pid())+"\n", 0o644)
	if err == nil {
		err = b.awaitReady(ctx, p)
	}
	if err != nil {
		p.end(syscall.SIGKILL, stopPatience)
		said, _ := io.ReadAll(io.NewSectionReader(log, before, 1<<20))
		if strings.Contains(string(said), "already in use") {
			return errPortBusy
		}
		return fmt.Errorf("PgBouncer did not start: %w%s", err, lastLines(string(said), 20))
	}
	return nil
}

// awaitReady polls until the console lets us in, which nobody else's would.
func (b *Bouncer) awaitReady(ctx context.Context, p *process) error {
	for {
		_, err := b.Console(ctx, "show version")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-p.done:
			return errors.Join(errors.New("the process ended"), p.err)
		case <-time.After(10 * time.Millisecond):
		}
	}
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

// Kill ends PgBouncer at once, as a crash would: every connection through it is
// cut on both sides.
func (b *Bouncer) Kill() {
	b.turn.Lock()
	defer b.turn.Unlock()
	b.kill()
}

func (b *Bouncer) kill() {
	b.mu.Lock()
	p := b.proc
	b.mu.Unlock()
	if p != nil {
		p.end(syscall.SIGKILL, stopPatience) // its politer signals mean other things in each version
	}
}

// Stop ends PgBouncer and leaves nothing behind. It may be called twice.
func (b *Bouncer) Stop() error {
	b.turn.Lock()
	defer b.turn.Unlock()
	if b.lock == nil {
		return nil
	}
	b.kill()
	err := errors.Join(removeHome(b.home), b.lock.Close())
	b.lock = nil
	return err
}

// Addr is where PgBouncer listens, "127.0.0.1:16432".
func (b *Bouncer) Addr() string { return net.JoinHostPort(loopback, strconv.Itoa(b.Port())) }

// Port is the TCP port on the loopback address.
func (b *Bouncer) Port() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.port
}

// PID is the number of PgBouncer's process, 0 while none runs.
func (b *Bouncer) PID() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.proc == nil || b.proc.exited() {
		return 0
	}
	return b.proc.pid()
}

// Version is PgBouncer's version, such as "1.18.0".
func (b *Bouncer) Version() string { return b.bin.version }

// LogTail is the end of what PgBouncer printed, at most n lines.
func (b *Bouncer) LogTail(n int) string {
	text, err := os.ReadFile(filepath.Join(b.home, logFile))
	if err != nil {
		return ""
	}
	return lastLines(string(text), n)
}

// stopOrphanBouncer ends the PgBouncer that a dead launcher has left in home,
// where the system has no signal for that.
func stopOrphanBouncer(home string) {
	text, err := os.ReadFile(filepath.Join(home, bouncerPid))
	if err != nil {
		return
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err == nil && pid > 0 && alive(pid) && strings.Contains(commandLine(pid), filepath.Join(home, bouncerIni)) {
		_ = signalProcess(pid, syscall.SIGKILL) // it may have ended meanwhile
	}
}
