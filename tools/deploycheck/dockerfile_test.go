package deploycheck

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

const dockerfile = "deploy/docker/Dockerfile"

// noRegistry answers an image without any settings, so that the linter asks
// nobody.
type noRegistry struct{}

func (noRegistry) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	return ref, digest.FromString(ref), []byte("{}"), nil
}

func (noRegistry) ResolveSourceMetadata(_ context.Context, op *pb.SourceOp, _ sourceresolver.Opt) (*sourceresolver.MetaResponse, error) {
	return &sourceresolver.MetaResponse{Op: op, Image: &sourceresolver.ResolveImageResponse{Config: []byte("{}")}}, nil
}

func lint(t *testing.T, text string) []string {
	t.Helper()
	source := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", []byte(text))
	source.Definition = &llb.Definition{} // the linter would read a missing one
	results, err := dockerfile2llb.DockerfileLint(t.Context(), []byte(text), dockerfile2llb.ConvertOpt{SourceMap: source, MetaResolver: noRegistry{}})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	if results.Error != nil {
		said = append(said, results.Error.Message)
	}
	for _, w := range results.Warnings {
		said = append(said, w.RuleName+": "+w.Detail)
	}
	return said
}

func TestDockerfileHasNoWarnings(t *testing.T) {
	t.Parallel()
	for _, said := range lint(t, read(t, dockerfile)) {
		t.Error(said)
	}
}

func TestTheLinterFindsMistakes(t *testing.T) {
	t.Parallel()
	said := strings.Join(lint(t, "FROM golang:1.26.8 as build\nCMD serve\nFROM nosuchstage\nCOPY --from=biuld /a /b\n"), "\n")
	for _, rule := range []string{"FromAsCasing", "JSONArgsRecommended"} {
		if !strings.Contains(said, rule) {
			t.Errorf("%s was not found in %q", rule, said)
		}
	}
}

// The build stage is repeated in an empty folder: a module that the Dockerfile
// doesn't copy, or copies too late for the download, stops it. The portal that
// comes out must start with the settings that docker-compose.yml gives it.
func TestTheImagesBuildAndStart(t *testing.T) {
	t.Parallel()
	stage, compose := buildStage(t), project(t)
	for _, app := range []string{"developer-portal", "tenant-portal"} {
		t.Run(app, func(t *testing.T) {
			t.Parallel()
			portal := repeat(t, stage, app)
			service, err := compose.GetService(app)
			if err != nil {
				t.Fatal(err)
			}
			start(t, portal, service.Environment)
			if app == "developer-portal" {
				worker, err := compose.GetService("worker")
				if err != nil {
					t.Fatal(err)
				}
				start(t, portal, worker.Environment, worker.Command...)
			}
		})
	}
}

// repeat carries out COPY and RUN of the build stage and answers the program.
func repeat(t *testing.T, stage instructions.Stage, app string) string {
	t.Helper()
	src, out := t.TempDir(), filepath.Join(t.TempDir(), "portal")
	variables := func(text string) string {
		word, _, err := shell.NewLex('\\').ProcessWord(text, shell.EnvsFromSlice([]string{"APP=" + app}))
		if err != nil {
			t.Fatal(err)
		}
		return word
	}
	for _, command := range stage.Commands {
		switch c := command.(type) {
		case *instructions.CopyCommand:
			for _, from := range c.SourcePaths {
				copyInto(t, src, variables(from), variables(c.DestPath))
			}
		case *instructions.RunCommand:
			line := strings.ReplaceAll(strings.Join(c.CmdLine, " "), "/out/portal", out)
			run := exec.Command("sh", "-c", line)
			run.Dir = src
			run.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "APP="+app)
			if said, err := run.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", line, err, said)
			}
		}
	}
	return out
}

// start runs a portal as its container does, or the command of it that the words say. There is no database: it must be
// alive all the same, say so to -check, and end when it is asked to.
func start(t *testing.T, portal string, given types.MappingWithEquals, words ...string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	_ = listener.Close() // the portal takes the port
	env := []string{"PORT=" + port, "WORKER_LISTEN_ADDR=127.0.0.1:" + port, "DB_POOL_CONN_TIMEOUT_MS=500", "DRAIN_DELAY_MS=0"}
	for name, value := range given {
		switch {
		case strings.HasSuffix(name, "_JWT_KEY_FILE"):
			env = append(env, name+"="+newKey(t))
		case value != nil && *value != "":
			env = append(env, name+"="+*value)
		}
	}
	var said bytes.Buffer
	serving := exec.Command(portal, words...)
	serving.Env, serving.Stderr, serving.WaitDelay = env, &said, time.Second
	if err := serving.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serving.Wait() }()
	for patience := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		check := exec.Command(portal, append(slices.Clone(words), "-check")...)
		check.Env = env
		if check.Run() == nil {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("it ended: %v\n%s", err, said.String())
		default:
		}
		if time.Now().After(patience) {
			_ = serving.Process.Kill()
			<-ended
			t.Fatalf("-check never said that it is alive:\n%s", said.String())
		}
	}
	if err := serving.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("it did not end in order: %v\n%s", err, said.String())
	}
}

// newKey writes a key as openssl would.
func newKey(t *testing.T) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func buildStage(t *testing.T) instructions.Stage {
	t.Helper()
	parsed, err := parser.Parse(strings.NewReader(read(t, dockerfile)))
	if err != nil {
		t.Fatal(err)
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stages {
		if s.Name == "build" {
			return s
		}
	}
	t.Fatal("no stage named build")
	return instructions.Stage{}
}

// copyInto copies a file or folder of the checkout as COPY does, without what
// Dockerfile.dockerignore leaves out.
func copyInto(t *testing.T, dst, from, to string) {
	t.Helper()
	source := filepath.Join(top, from)
	info, err := os.Stat(source)
	if err != nil {
		t.Fatal(err)
	}
	if !info.IsDir() {
		copyFile(t, source, filepath.Join(dst, to, filepath.Base(from)))
		return
	}
	embedded := embeddedTestdata(t)
	err = filepath.WalkDir(source, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() || strings.HasSuffix(path, "_test.go"):
			return nil
		case strings.Contains(path, "/testdata/") && !slices.ContainsFunc(embedded, func(pattern string) bool {
			fits, err := filepath.Match(filepath.Join(top, pattern), path)
			return err == nil && fits
		}):
			return nil
		}
		rel, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		copyFile(t, path, filepath.Join(dst, to, rel))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// embeddedTestdata are the patterns of files below testdata that Dockerfile.dockerignore lets in, since a program embeds
// them.
func embeddedTestdata(t *testing.T) (patterns []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, "deploy/docker/Dockerfile.dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if pattern, found := strings.CutPrefix(strings.TrimSpace(line), "!"); found && strings.Contains(pattern, "/testdata/") {
			patterns = append(patterns, pattern)
		}
	}
	return patterns
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, text, 0o644))
	}
	if err != nil {
		t.Fatal(fmt.Errorf("copy %s: %w", from, err))
	}
}
