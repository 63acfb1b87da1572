package pgdev

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// initdbPatience is how long making a cluster may take on a very slow machine.
const initdbPatience = 2 * time.Minute

// initdb makes the cluster below home. The locale is C.UTF-8, not none: without
// one lower('Ó') stays 'Ó' and names with fadas are not found.
func initdb(ctx context.Context, bin Binaries, acct account, home, password string) error {
	data := filepath.Join(home, dataDir)
	if err := errors.Join(os.Mkdir(data, 0o700), acct.give(data)); err != nil {
		return err
	}
	// A file that the account can read; the launcher keeps its own copy.
	pwfile := filepath.Join(home, "initial-password")
	defer os.Remove(pwfile)
	if err := errors.Join(os.WriteFile(pwfile, []byte(password+"\n"), 0o600), acct.give(pwfile)); err != nil {
		return err
	}
	common := []string{
		"-D", data, "-U", superuser, "-A", "scram-sha-256", "--pwfile=" + pwfile,
		"-E", "UTF8", "--no-sync", "--no-instructions",
	}
	err := runInitdb(ctx, bin, acct, append(common, "--locale=C.UTF-8"))
	if err != nil && bin.Major >= 17 && strings.Contains(err.Error(), "locale") {
		// The system does not have that locale; the server has its own since 17.
		err = runInitdb(ctx, bin, acct, append(common,
			"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"))
	}
	return err
}

func runInitdb(ctx context.Context, bin Binaries, acct account, args []string) error {
	cmd := exec.Command(bin.program("initdb"), args...)
	cmd.Dir = "/" // the account may not be allowed into ours
	cmd.Env = childEnv(os.Environ())
	cmd.SysProcAttr = attributes(acct, false, syscall.SIGKILL)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	p, err := spawn(cmd)
	if err != nil {
		return fmt.Errorf("initdb as %s: %w", acct.name, err)
	}
	// Not cut short by ctx: it takes a second, and the servers that it runs to
	// fill the cluster leave a shared memory segment behind when they are killed.
	select {
	case <-p.done:
	case <-time.After(initdbPatience):
		_ = signalProcess(-p.pid(), syscall.SIGKILL)
		<-p.done
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if p.err != nil {
		return fmt.Errorf("initdb as %s: %w%s", acct.name, p.err, lastLines(out.String(), 10))
	}
	return nil
}

// childEnv leaves out what would change the server's or initdb's behaviour from
// one developer's shell to the next.
func childEnv(environ []string) []string {
	env := make([]string, 0, len(environ)+1)
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "PG") || strings.HasPrefix(name, "LC_") ||
			strings.HasPrefix(name, "LANG") || name == "TZ" {
			continue
		}
		env = append(env, pair)
	}
	return append(env, "TZ=UTC")
}

// setting is one line of a server's configuration, given on its command line.
type setting struct{ name, value string }

// serverArgs are the arguments of a server: what every server of ours gets, then
// what this one asks for.
func serverArgs(home, kind, id string, port int, extra []setting) []string {
	all := append([]setting{
		{"listen_addresses", loopback},
		{"port", fmt.Sprint(port)},
		// The default socket directory is not writable for every account, and a
		// path of ours may be longer than a socket's may be.
		{"unix_socket_directories", ""},
		{"cluster_name", kind},
		{serverIDSetting, id},
		{"logging_collector", "off"},
		{"log_destination", "stderr"},
		{"timezone", "UTC"},
		{"max_connections", "300"},
	}, extra...)
	args := []string{"-D", filepath.Join(home, dataDir)}
	for _, s := range all {
		args = append(args, "-c", s.name+"="+s.value)
	}
	return args
}

// throwawaySettings trade every promise about a crash of the machine for speed.
// synchronous_commit stays on: with fsync off it costs next to nothing, and
// without it a halted server forgets commits that it had confirmed, which no
// fault test could tell from a fault.
// Shared memory segments go below the data, so that none is left elsewhere.
var throwawaySettings = []setting{
	{"fsync", "off"},
	{"full_page_writes", "off"},
	{"wal_level", "minimal"},
	{"max_wal_senders", "0"},
	{"autovacuum", "off"},
	{"dynamic_shared_memory_type", "mmap"},
}
