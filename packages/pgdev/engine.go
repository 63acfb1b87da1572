package pgdev

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// engineImage is the server that a container engine runs, the same as in the
// project's docker-compose.yml.
const engineImage = "postgres:17.7-bookworm"

// engineAnswer is how long a container engine may take to say that it is there.
const engineAnswer = 2 * time.Second

// engine is a development server in a container, run by a compose file that is
// generated beside its marker: not the project's docker-compose.yml, whose
// database may hold somebody's data and knows nothing of our ID.
type engine struct {
	docker string
	file   string
	run    func(ctx context.Context, dir, program string, args ...string) (string, error)
	ready  func(ctx context.Context) error
}

// findEngine is satisfied by an engine that answers and has the compose plugin.
// The mere presence of the program proves neither.
func (m *machine) findEngine(ctx context.Context) (Binaries, error) {
	docker, err := m.look("docker")
	if err != nil {
		return Binaries{}, errors.New("no docker here")
	}
	ctx, cancel := context.WithTimeout(ctx, engineAnswer)
	defer cancel()
	if _, err := m.run(ctx, "/", docker, "info"); err != nil {
		return Binaries{}, errors.New("docker does not answer")
	}
	if _, err := m.run(ctx, "/", docker, "compose", "version"); err != nil {
		return Binaries{}, errors.New("docker has no compose plugin")
	}
	return Binaries{Source: sourceEngine}, nil
}

func (o Options) startEngine(ctx context.Context, m *machine, where place) (*Server, error) {
	home := where.engineHome()
	if _, err := readMarker(home); err != nil {
		if err := os.Mkdir(home, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, err
		}
		if _, err := newIdentity(home); err != nil {
			return nil, err
		}
	}
	s, err := openHome(home)
	if err != nil {
		return nil, err
	}
	docker, err := m.look("docker")
	if err != nil {
		return nil, err
	}
	s.detach, s.say = o.Detach, m.say
	s.engine = &engine{docker: docker, file: filepath.Join(home, "compose.json"), run: m.run}
	if s.port = o.preferredPort(); !portFree(s.port) {
		if s.port, err = freePort(); err != nil {
			return nil, err
		}
	}
	s.engine.attach(s)
	if err := writeWhole(s.engine.file, composeFile(s), 0o600); err != nil {
		return nil, err
	}
	m.say("starting Postgres in a container (docker compose, image " + engineImage + ")")
	if err := s.engine.up(ctx); err != nil {
		return nil, err
	}
	if s.bin.Version, err = serverSetting(ctx, serverURL(s.port, s.password, superuser), "server_version"); err != nil {
		return nil, err
	}
	m.say(fmt.Sprintf("Postgres %s runs on port %d, its data in a volume of the container engine", s.bin.Version, s.port))
	return s, nil
}

func (e *engine) attach(s *Server) {
	address := serverURL(s.port, s.password, superuser)
	e.ready = func(ctx context.Context) error { return identify(ctx, address, s.id) }
}

// openEngine answers the running server of an engine's home, or nil.
func openEngine(ctx context.Context, s *Server) (*Server, error) {
	file := filepath.Join(s.home, "compose.json")
	port, err := composePort(file)
	if err != nil {
		return nil, nil // the marker was written, but no start got as far as the file
	}
	s.port = port
	if err := identify(ctx, serverURL(port, s.password, superuser), s.id); err != nil {
		return nil, nil
	}
	docker, err := lookResolved("docker")
	if err != nil {
		return nil, err
	}
	s.engine = &engine{docker: docker, file: file, run: runProgram}
	s.engine.attach(s)
	s.bin.Version, err = serverSetting(ctx, serverURL(port, s.password, superuser), "server_version")
	return s, err
}

func (e *engine) compose(ctx context.Context, args ...string) error {
	_, err := e.run(ctx, filepath.Dir(e.file), e.docker, append([]string{"compose", "-f", e.file}, args...)...)
	return err
}

func (e *engine) up(ctx context.Context) error {
	if err := e.compose(ctx, "up", "-d", "--wait", "db"); err != nil {
		return err
	}
	return e.ready(ctx)
}

func (e *engine) stop(ctx context.Context) error { return e.compose(ctx, "stop", "db") }

// removeEngineData removes the container and its volume.
func removeEngineData(ctx context.Context, home string) error {
	file := filepath.Join(home, "compose.json")
	if _, err := os.Stat(file); err != nil {
		return nil
	}
	docker, err := lookResolved("docker")
	if err != nil {
		return fmt.Errorf("the server's data is in a container: %w", err)
	}
	e := &engine{docker: docker, file: file, run: runProgram}
	return e.compose(ctx, "down", "--volumes")
}

// composeFile is JSON, which compose reads as well: nothing in it needs quoting
// by hand.
func composeFile(s *Server) string {
	type object = map[string]any
	command := []string{
		"postgres", "-c", "cluster_name=" + s.kind, "-c", serverIDSetting + "=" + s.id,
		"-c", "timezone=UTC", "-c", "max_connections=300",
	}
	file := object{
		// With the ID in its name the volume's password is always the marker's.
		"name": kindDev + "-" + strings.ToLower(s.id),
		"services": object{"db": object{
			"image":       engineImage,
			"command":     command,
			"stop_signal": "SIGINT",
			"environment": object{
				"POSTGRES_PASSWORD":         s.password,
				"POSTGRES_INITDB_ARGS":      "--auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8",
				"POSTGRES_HOST_AUTH_METHOD": "scram-sha-256",
			},
			"ports":   []string{loopback + ":" + strconv.Itoa(s.port) + ":5432"},
			"volumes": []string{"data:/var/lib/postgresql/data"},
			"healthcheck": object{
				// Over TCP: while the image makes the cluster it only has a socket.
				"test":     []string{"CMD", "pg_isready", "-h", loopback, "-U", superuser},
				"interval": "1s", "timeout": "2s", "retries": 60,
			},
		}},
		"volumes": object{"data": object{}},
	}
	text, _ := json.MarshalIndent(file, "", "  ") // strings and numbers only: cannot fail
	return string(text) + "\n"
}

func composePort(file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	var f struct {
		Services struct {
			DB struct{ Ports []string } `json:"db"`
		}
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return 0, err
	}
	for _, mapping := range f.Services.DB.Ports {
		if parts := strings.Split(mapping, ":"); len(parts) == 3 {
			return strconv.Atoi(parts[1])
		}
	}
	return 0, fmt.Errorf("%s publishes no port", file)
}
