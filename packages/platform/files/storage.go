package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/google/uuid"
)

var (
	// ErrNotFound says that there is no such file; it is fs.ErrNotExist, too.
	ErrNotFound error = notFound{}
	// ErrTooLarge says that there was more content than may be stored.
	ErrTooLarge = errors.New("the file is larger than may be stored")
	// ErrEmpty says that there was no content.
	ErrEmpty = errors.New("the file is empty")
	// ErrUnwritable says that the place where files are kept takes none: it is full, gone or not ours to write.
	ErrUnwritable = errors.New("files can't be stored")
)

type notFound struct{}

func (notFound) Error() string { return "the file is not there" }

func (notFound) Is(target error) bool { return target == fs.ErrNotExist }

// Hash is the SHA-256 of a file's content, which is its name.
type Hash [sha256.Size]byte

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// HashOf reads a hash as the database has it.
func HashOf(b []byte) (h Hash, err error) {
	if len(b) != len(h) {
		return h, ErrNotFound
	}
	return Hash(b), nil
}

// Stored says what Put has stored.
type Stored struct {
	Hash Hash
	Size int64 // bytes
}

// File is an open file; it can be read at several places at once. Close it.
type File interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Storage keeps the files of all companies. It is safe for concurrent use, also by several processes.
type Storage interface {
	// Put stores at most most bytes of content: ErrTooLarge for more, ErrEmpty for none, ErrUnwritable where nothing can be
	// stored; an error of content is returned as it is.
	Put(ctx context.Context, tenantID uuid.UUID, content io.Reader, most int64) (Stored, error)
	// Open opens a file, ErrNotFound if there is none.
	Open(ctx context.Context, tenantID uuid.UUID, h Hash) (File, error)
	Exists(ctx context.Context, tenantID uuid.UUID, h Hash) (bool, error)
	// Delete takes a file away unless it was put since before, also while this works. One that isn't there is no error.
	Delete(ctx context.Context, tenantID uuid.UUID, h Hash, before time.Time) error
	// Old lists the files that were put before a time, company by company, at most some hundreds in one call of visit.
	Old(ctx context.Context, before time.Time, visit func(tenantID uuid.UUID, list []Hash) error) error
}

// Sweep takes away the files that were put before a time and that named doesn't know; it returns how many. named gets the
// files of one company and returns those that the database still names.
func Sweep(ctx context.Context, s Storage, before time.Time, named func(ctx context.Context, tenantID uuid.UUID, list []Hash) (map[Hash]bool, error)) (int, error) {
	gone := 0
	err := s.Old(ctx, before, func(tenantID uuid.UUID, list []Hash) error {
		keep, err := named(ctx, tenantID, list)
		if err != nil {
			return err
		}
		for _, h := range list {
			if keep[h] {
				continue
			}
			if err := s.Delete(ctx, tenantID, h, before); err != nil {
				return err
			}
			gone++
		}
		return nil
	})
	return gone, err
}
