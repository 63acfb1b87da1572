package web

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"

	"openhouse.example/packages/ui/text"
)

// streamRoom is what the fields of a form with streamed files may take.
const streamRoom = 64 << 10

// FileStream reads a form with files as it comes in: nothing of a file is kept in
// memory or on the disk, and the fields must stand before the first file.
type FileStream struct {
	parts  *multipart.Reader
	r      *http.Request
	values url.Values
	room   int64
}

// ReadFiles begins to read such a form. Intent knows its fields as soon as the
// first Next has returned.
func ReadFiles(r *http.Request) (*FileStream, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, BadRequest("bad_form", text.M("answer.bad-form"), err)
	}
	return &FileStream{parts: parts, r: r, values: url.Values{}, room: streamRoom}, nil
}

// Next returns the next file and what its sender calls it, which is good until
// the next call; io.EOF behind the last. A field for files in which none was
// chosen is passed over.
func (s *FileStream) Next() (name string, content io.Reader, err error) {
	for {
		part, err := s.parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			s.r.PostForm = s.values
			return "", nil, io.EOF
		case err != nil && isReading(err):
			return "", nil, err
		case err != nil:
			return "", nil, BadRequest("bad_form", text.M("answer.bad-form"), err)
		}
		if name := part.FileName(); name != "" {
			s.r.PostForm = s.values
			return name, part, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, s.room+1))
		if err != nil {
			return "", nil, err
		}
		if s.room -= int64(len(value) + len(part.FormName())); s.room < 0 {
			return "", nil, TooLarge(streamRoom)
		}
		if part.Header.Get("Content-Type") == "" || len(value) > 0 {
			s.values.Add(part.FormName(), string(value))
		}
	}
}

// Form is the fields that have been read so far.
func (s *FileStream) Form() *Form {
	return &Form{values: s.values, wrong: map[string]text.Message{}}
}

// Stored is a file where it is kept. It can be read at several places at once.
type Stored interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// askAgain is how long an answer about a reader's rights holds while a file is sent.
const askAgain = time.Second

// SendStored sends the file that open finds, in pieces, to somebody who may have
// it. still is asked every second or so whether that is still so; its error ends
// the answer. A file that open says is not there (fs.ErrNotExist) is gone (410)
// and in the log: whoever keeps the files has lost it.
func (a *App) SendStored(w http.ResponseWriter, r *http.Request, f File, open func() (Stored, error), still func() error) error {
	content, err := open()
	if errors.Is(err, fs.ErrNotExist) {
		a.Log.LogAttrs(r.Context(), slog.LevelError, "a stored file is missing", slog.String("error", err.Error()))
		return &Error{Status: http.StatusGone, Code: "file_missing", Public: text.M("answer.file-missing"), Cause: err}
	}
	if err != nil {
		return err
	}
	defer content.Close()
	const piece = 256 << 10
	f.Size = content.Size()
	buffer := make([]byte, min(piece, f.Size))
	asked := time.Now()
	return SendFile(w, r, f, func(n int) ([]byte, error) {
		if time.Since(asked) >= askAgain {
			if err := still(); err != nil {
				return nil, err
			}
			asked = time.Now()
		}
		got, err := content.ReadAt(buffer, int64(n)*piece)
		if got > 0 && (err == nil || errors.Is(err, io.EOF)) {
			return buffer[:got], nil
		}
		return nil, err
	})
}
