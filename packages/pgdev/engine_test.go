package pgdev

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fakeEngine stands in for docker compose: `up` starts a real server with what
// the compose file says, `stop` halts it.
type fakeEngine struct {
	t      *testing.T
	mu     sync.Mutex
	server *Server
	calls  []string
	broken bool
}

// composeText is what the fake reads of the file: what compose would read.
type composeText struct {
	Name     string
	Services struct {
		DB struct {
			Image       string
			Command     []string
			Environment map[string]string
			Ports       []string
			Volumes     []string
		} `json:"db"`
	}
}

func (f *fakeEngine) run(ctx context.Context, _, program string, args ...string) (string, error) {
	if filepath.Base(program) != "docker" {
		return runProgram(ctx, "/", program, args...)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, strings.Join(args, " "))
	switch {
	case slices.Contains(args, "up"):
		if f.broken {
			return "", os.ErrDeadlineExceeded
		}
		text, err := os.ReadFile(args[slices.Index(args, "-f")+1])
		if err != nil {
			return "", err
		}
		return "", f.up(ctx, text)
	case slices.Contains(args, "stop"):
		return "", f.server.Halt(Fast)
	}
	return "", nil
}

func (f *fakeEngine) up(ctx context.Context, text []byte) error {
	if f.server != nil {
		return f.server.Resume(ctx)
	}
	var file composeText
	if err := json.Unmarshal(text, &file); err != nil {
		return err
	}
	db := file.Services.DB
	var id string
	for _, arg := range db.Command {
		if v, ok := strings.CutPrefix(arg, serverIDSetting+"="); ok {
			id = v
		}
	}
	port, err := composePort(filepath.Join(f.t.TempDir(), "none"))
	if err == nil {
		f.t.Error("a missing compose file has a port")
	}
	parts := strings.Split(db.Ports[0], ":")
	if parts[0] != loopback || parts[2] != "5432" {
		f.t.Errorf("port mapping %q is not on the loopback address", db.Ports[0])
	}
	if err := json.Unmarshal([]byte(parts[1]), &port); err != nil {
		return err
	}
	acct, err := serverAccount()
	if err != nil {
		return err
	}
	bin, err := thisMachine(acct, func(string) {}).findLocal(ctx)
	if err != nil {
		return err
	}
	home, lock, err := makeHome(acct, openDir(f.t))
	if err != nil {
		return err
	}
	f.server = &Server{
		bin: bin, account: acct, home: home, kind: kindThrowaway, id: id,
		password: db.Environment["POSTGRES_PASSWORD"], settings: throwawaySettings, lock: lock,
	}
	f.t.Cleanup(func() { _ = f.server.Stop() })
	if err := initdb(ctx, bin, acct, home, f.server.password); err != nil {
		return err
	}
	return f.server.launch(ctx, port)
}

func engineMachine(t *testing.T, f *fakeEngine, local bool) *machine {
	t.Helper()
	acct, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	m := thisMachine(acct, func(line string) { t.Log(line) })
	m.run = f.run
	glob, look := m.glob, m.look
	first := true
	m.glob = func(pattern string) []string {
		if local && !first {
			return glob(pattern)
		}
		return nil
	}
	m.look = func(program string) (string, error) {
		switch program {
		case "docker":
			first = false // from here on the local server may be found
			return "/usr/bin/docker", nil
		case "initdb":
			return look(program)
		}
		return "", os.ErrNotExist
	}
	return m
}

func TestEngineServer(t *testing.T) {
	t.Parallel()
	f := &fakeEngine{t: t}
	o := options(t)
	s, err := o.start(t.Context(), engineMachine(t, f, false))
	if err != nil {
		t.Fatal(err)
	}
	if s.Port() != o.Port || query(t, s.URL("postgres"), "select 'here'") != "here" {
		t.Errorf("port %d, want %d", s.Port(), o.Port)
	}
	where, err := findPlace(account{}, o.Checkout)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(where.engineHome(), "compose.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("compose file with the password: %v, %v", info, err)
	}
	if homes := where.homes(); !slices.Equal(homes, []string{where.engineHome()}) {
		t.Errorf("homes = %v", homes)
	}
	if err := s.Restart(t.Context(), Fast); err != nil {
		t.Error(err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if f.server.PID() != 0 {
		t.Error("Stop left the container running")
	}
	want := []string{"info", "compose version", "up -d --wait db", "stop db", "up -d --wait db", "stop db"}
	for i, call := range f.calls {
		if i >= len(want) || !strings.HasSuffix(call, want[i]) {
			t.Errorf("calls = %q, want them to end in %q", f.calls, want)
			break
		}
	}
}

func TestEngineThatFailsIsPassedOver(t *testing.T) {
	t.Parallel()
	f := &fakeEngine{t: t, broken: true}
	s, err := options(t).start(t.Context(), engineMachine(t, f, true))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	if s.engine != nil || query(t, s.URL("postgres"), "select 'here'") != "here" {
		t.Error("no local server instead")
	}
}
