package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"openhouse.example/packages/web/auth"
)

// keyFile is where a development portal keeps the key that it made for itself, below the directory it runs in.
var keyFile = filepath.Join(".local", "developer-portal-key.pem")

// signingKeys are those of the configuration; in development, without any, the portal makes one once.
func signingKeys(c Config) ([]auth.Key, error) {
	if c.Key != "" {
		keys, err := auth.ParseKeys([]byte(c.Key.Reveal()))
		if err != nil {
			return nil, fmt.Errorf("DEVELOPER_JWT_KEY: %w", err)
		}
		return keys, nil
	}
	text, err := os.ReadFile(keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = makeKey(keyFile)
	}
	if err != nil {
		return nil, err
	}
	keys, err := auth.ParseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w, or remove the file", keyFile, err)
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
