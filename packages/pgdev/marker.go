package pgdev

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A server's home is the directory that holds its data and what belongs to it:
//
//	openhouse-server.json   the marker: this is a server of ours, and which
//	password                the superuser's, readable by the launcher only
//	lock                    locked for as long as somebody uses the server
//	log                     what the server prints
//	data/                   the cluster, owned by the server's account
const (
	markerFile   = "openhouse-server.json"
	passwordFile = "password"
	lockFile     = "lock"
	logFile      = "log"
	dataDir      = "data"
)

// The two kinds of server, which are also the names they carry in their own
// cluster_name setting.
const (
	kindDev       = "openhouse-dev"
	kindThrowaway = "openhouse-throwaway"
)

// marker is the proof of origin beside the data. The running server carries the
// same ID in a setting that only its command line can give it.
type marker struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Created time.Time `json:"created"`
}

// serverIDSetting is the name of that setting.
const serverIDSetting = "openhouse.server_id"

func (m marker) write(home string) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(home, markerFile), string(b)+"\n", 0o644)
}

// readMarker answers an error for a home without a marker of ours.
func readMarker(home string) (marker, error) {
	b, err := os.ReadFile(filepath.Join(home, markerFile))
	if err != nil {
		return marker{}, err
	}
	var m marker
	if err := json.Unmarshal(b, &m); err != nil {
		return marker{}, fmt.Errorf("%s: %w", filepath.Join(home, markerFile), err)
	}
	if m.ID == "" || (m.Kind != kindDev && m.Kind != kindThrowaway) {
		return marker{}, fmt.Errorf("%s is not a marker of this project", filepath.Join(home, markerFile))
	}
	return m, nil
}

func readPassword(home string) (string, error) {
	b, err := os.ReadFile(filepath.Join(home, passwordFile))
	if err != nil {
		return "", err
	}
	password := strings.TrimSpace(string(b))
	if password == "" {
		return "", fmt.Errorf("%s is empty", filepath.Join(home, passwordFile))
	}
	return password, nil
}

// writeWhole replaces a file so that no reader sees half of it.
func writeWhole(path, text string, perm os.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(text)
	if err := errors.Join(err, tmp.Chmod(perm), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// hold says how a home is locked: shared by all who use a development server,
// alone by whoever owns a throw-away server or removes a home.
type hold bool

const (
	shared hold = false
	alone  hold = true
)

// holdLock takes the lock of a home. It answers nil, without an error, when
// another process stands in the way. The lock ends with the process.
func holdLock(home string, how hold) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(home, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	got, err := tryLock(f, how)
	if err != nil || !got {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
