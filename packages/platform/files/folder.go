package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	tenants  = "tenant"   // tenant/<company>/<first two digits>/<SHA-256>
	halfway  = "incoming" // what is being put
	doomed   = ".going"   // behind the name of a file that is being deleted
	ownOnly  = 0o700
	oldAtOne = 500 // files in one call of Old's visit
)

// Folder is a Storage in a folder, which may be shared by machines.
type Folder struct{ root string }

// NewFolder returns the storage in a folder, which is made when something is put.
func NewFolder(root string) *Folder { return &Folder{root: root} }

// Check stores something small and takes it away again, so that a folder that takes nothing is noticed at the start.
func (f *Folder) Check() error {
	half, err := f.begin()
	if err != nil {
		return err
	}
	_, err = half.WriteString("x")
	if err := errors.Join(err, half.Sync(), half.Close(), os.Remove(half.Name())); err != nil {
		return unwritable(err)
	}
	return nil
}

func (f *Folder) begin() (*os.File, error) {
	dir := filepath.Join(f.root, halfway)
	if err := os.MkdirAll(dir, ownOnly); err != nil {
		return nil, unwritable(err)
	}
	half, err := os.CreateTemp(dir, "put-*")
	if err != nil {
		return nil, unwritable(err)
	}
	return half, nil
}

// Put writes beside the files, and gives its file its name when the disk has it.
func (f *Folder) Put(ctx context.Context, tenantID uuid.UUID, content io.Reader, most int64) (s Stored, err error) {
	half, err := f.begin()
	if err != nil {
		return Stored{}, err
	}
	defer func() {
		_ = half.Close() // twice on the way that succeeds
		if err != nil {
			_ = os.Remove(half.Name()) // else the sweep does it
		}
	}()
	hash := sha256.New()
	if s.Size, err = copyTo(ctx, io.MultiWriter(half, hash), content, most); err != nil {
		return Stored{}, err
	}
	if s.Size == 0 {
		return Stored{}, ErrEmpty
	}
	if err := errors.Join(half.Sync(), half.Close()); err != nil {
		return Stored{}, unwritable(err)
	}
	s.Hash = Hash(hash.Sum(nil))
	// In place of what is there: the content is the same, and it is young again, which keeps the sweep away.
	path := f.path(tenantID, s.Hash)
	if err := os.MkdirAll(filepath.Dir(path), ownOnly); err != nil {
		return Stored{}, unwritable(err)
	}
	if err := os.Rename(half.Name(), path); err != nil {
		return Stored{}, unwritable(err)
	}
	if err := syncDirs(filepath.Dir(path), f.root); err != nil {
		return Stored{}, unwritable(err)
	}
	return s, nil
}

// copyTo is io.Copy that tells whose error it is, stops at most bytes and when ctx ends.
func copyTo(ctx context.Context, to io.Writer, from io.Reader, most int64) (n int64, err error) {
	buffer := make([]byte, 64<<10)
	for {
		if err := ctx.Err(); err != nil {
			return n, context.Cause(ctx)
		}
		got, err := from.Read(buffer)
		if n += int64(got); n > most {
			return n, ErrTooLarge
		}
		if got > 0 {
			if _, err := to.Write(buffer[:got]); err != nil {
				return n, unwritable(err)
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return n, nil
		case err != nil:
			return n, err
		}
	}
}

// syncDirs has the disk keep the names in a folder and in those above it, up to root.
func syncDirs(dir, root string) error {
	for ; len(dir) >= len(root); dir = filepath.Dir(dir) {
		d, err := os.Open(dir)
		if err != nil {
			return err
		}
		err = d.Sync()
		if err := errors.Join(err, d.Close()); err != nil {
			return err
		}
	}
	return nil
}

func unwritable(err error) error { return fmt.Errorf("%w: %w", ErrUnwritable, err) }

func (f *Folder) path(tenantID uuid.UUID, h Hash) string {
	name := h.String()
	return filepath.Join(f.root, tenants, tenantID.String(), name[:2], name)
}

type openFile struct {
	*os.File
	size int64
}

func (o openFile) Size() int64 { return o.size }

// Open opens a file.
func (f *Folder) Open(_ context.Context, tenantID uuid.UUID, h Hash) (File, error) {
	file, err := os.Open(f.path(tenantID, h))
	if err != nil {
		return nil, missing(err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return openFile{file, info.Size()}, nil
}

// Exists says whether a file is there.
func (f *Folder) Exists(_ context.Context, tenantID uuid.UUID, h Hash) (bool, error) {
	_, err := os.Stat(f.path(tenantID, h))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}

// Delete gives a file another name first. Then whoever puts the same content makes a new file; and one that turns out to
// have been put just before gets its name back.
func (f *Folder) Delete(_ context.Context, tenantID uuid.UUID, h Hash, before time.Time) error {
	path := f.path(tenantID, h)
	if err := os.Rename(path, path+doomed); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return unwritable(err)
	}
	info, err := os.Stat(path + doomed)
	if err != nil {
		return err
	}
	if !info.ModTime().Before(before) {
		return os.Rename(path+doomed, path)
	}
	return os.Remove(path + doomed)
}

// Old lists the files that were put before a time. What a Put, or a Delete, that ended in the middle has left goes.
func (f *Folder) Old(ctx context.Context, before time.Time, visit func(tenantID uuid.UUID, list []Hash) error) error {
	if err := f.tidy(filepath.Join(f.root, halfway), before); err != nil {
		return err
	}
	companies, err := entries(filepath.Join(f.root, tenants))
	if err != nil {
		return err
	}
	for _, company := range companies {
		tenantID, err := uuid.Parse(company.Name())
		if err != nil {
			continue // not ours
		}
		if err := f.oldOf(ctx, tenantID, before, visit); err != nil {
			return err
		}
	}
	return nil
}

func (f *Folder) oldOf(ctx context.Context, tenantID uuid.UUID, before time.Time, visit func(uuid.UUID, []Hash) error) error {
	var list []Hash
	flush := func() error {
		if len(list) == 0 {
			return nil
		}
		err := visit(tenantID, list)
		list = nil
		return err
	}
	dirs, err := entries(filepath.Join(f.root, tenants, tenantID.String()))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		at := filepath.Join(f.root, tenants, tenantID.String(), dir.Name())
		inside, err := entries(at)
		if err != nil {
			return err
		}
		for _, e := range inside {
			info, err := e.Info()
			if err != nil || !info.ModTime().Before(before) {
				continue // gone since, or young
			}
			if whole, left := strings.CutSuffix(e.Name(), doomed); left { // it had been decided, or the name was on its way back
				if err := os.Link(filepath.Join(at, e.Name()), filepath.Join(at, whole)); err == nil || errors.Is(err, fs.ErrExist) {
					_ = os.Remove(filepath.Join(at, e.Name())) // else the next sweep does it
				}
				continue
			}
			raw, err := hex.DecodeString(e.Name())
			if h, wrong := HashOf(raw); err == nil && wrong == nil {
				list = append(list, h)
			}
			if len(list) == oldAtOne {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// tidy takes the files in a folder away that are older than before.
func (f *Folder) tidy(dir string, before time.Time) error {
	list, err := entries(dir)
	for _, e := range list {
		if info, err := e.Info(); err == nil && info.ModTime().Before(before) {
			_ = os.Remove(filepath.Join(dir, e.Name())) // else the next sweep does it
		}
	}
	return err
}

// entries lists a folder; one that isn't there is empty.
func entries(dir string) ([]fs.DirEntry, error) {
	list, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return list, err
}
