package startup

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"openhouse.example/packages/config"
	"openhouse.example/packages/web/auth"
)

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

// A key that a development portal made for itself says so, in a line of its PEM block that nobody else has.
const madeFor, development = "Made-For", "development"

// madeHere reports whether one of the keys in text is such a key.
func madeHere(text string) bool {
	rest := []byte(text)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return false
		}
		if block.Headers[madeFor] == development {
			return true
		}
	}
}

// makeKey writes a new key that only this user may read. It appears whole: of two portals that start at the same
// moment both use the file that was there first.
func makeKey(path string) ([]byte, error) {
	_, text, err := auth.GenerateKey()
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	block.Headers[madeFor] = development
	text = pem.EncodeToMemory(block)
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
