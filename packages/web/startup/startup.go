// Package startup is what both portals do between reading their settings and serving: find the signing keys, make
// a logger, check that the portals don't share a login. It refuses to know any portal's routes, roles or tables.
package startup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"openhouse.example/packages/config"
	"openhouse.example/packages/web/auth"
)

// Standing returns lookup with the variable named standIn in place of DATABASE_URL where it is set, so that both
// portals can share one environment. hint is what to add to an error of loading, or nil.
func Standing(lookup func(string) (string, bool), standIn string) (standing func(string) (string, bool), hint error) {
	own, _ := lookup(standIn)
	own = strings.TrimSpace(own)
	if own == "" {
		return lookup, nil
	}
	return func(name string) (string, bool) {
		if name == "DATABASE_URL" {
			return own, true
		}
		return lookup(name)
	}, fmt.Errorf("(%s is set: it is what DATABASE_URL means here)", standIn)
}

// SharedLogin reports whether two database addresses have the same login: two portals with one would be one wall
// less (docs/architecture.md, "The scope").
func SharedLogin(one, other config.Secret) (name string, shared bool) {
	a, err := url.Parse(one.Reveal())
	if err != nil {
		return "", false
	}
	b, err := url.Parse(other.Reveal())
	if err != nil {
		return "", false
	}
	name = a.User.Username()
	return name, name != "" && name == b.User.Username()
}

// Localhost is the address of a portal that listens on listen, for a browser on the same machine.
func Localhost(listen string) string {
	return "http://localhost" + listen[strings.LastIndexByte(listen, ':'):]
}

// KeyFile is where a development portal keeps the key that it made for itself, below the directory it runs in.
func KeyFile(portal string) string { return filepath.Join(".local", portal+"-key.pem") }

// SigningKeys are those of the setting called variable; in development, without any, the portal makes one once and
// keeps it in KeyFile.
func SigningKeys(portal, variable string, setting config.Secret) ([]auth.Key, error) {
	if setting != "" {
		keys, err := auth.ParseKeys([]byte(setting.Reveal()))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", variable, err)
		}
		return keys, nil
	}
	path := KeyFile(portal)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = makeKey(path)
	}
	if err != nil {
		return nil, err
	}
	keys, err := auth.ParseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w, or remove the file", path, err)
	}
	return keys, nil
}

// makeKey writes a new key that only this user may read. It appears whole: of two portals that start at the same
// moment both use the file that was there first.
func makeKey(path string) ([]byte, error) {
	_, text, err := auth.GenerateKey()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	half, err := os.CreateTemp(filepath.Dir(path), ".key-*") // 0600 from the start
	if err != nil {
		return nil, err
	}
	defer os.Remove(half.Name())
	_, err = half.Write(text)
	if err := errors.Join(err, half.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(half.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

// Logger writes lines for people in development and JSON in production, each with the portal's name.
func Logger(to io.Writer, production bool, portal string) *slog.Logger {
	var handler slog.Handler = slog.NewTextHandler(to, nil)
	if production {
		handler = slog.NewJSONHandler(to, nil)
	}
	return slog.New(handler).With("portal", portal)
}

// Within gives end, which closes something, so long to do it.
func Within(limit time.Duration, end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return end(ctx)
}
