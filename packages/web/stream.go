package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"

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

// SendStored sends a file from where it is kept, whose Size is known, in pieces.
// still is asked before the first byte and then every second or so whether the
// reader may have the file; its error ends the answer.
func SendStored(w http.ResponseWriter, r *http.Request, f File, content io.ReaderAt, still func() error) error {
	const piece = 256 << 10
	buffer := make([]byte, min(piece, f.Size))
	asked := newEvery(askAgain)
	return SendFile(w, r, f, func(n int) ([]byte, error) {
		if asked.due() {
			if err := still(); err != nil {
				return nil, err
			}
		}
		got, err := content.ReadAt(buffer, int64(n)*piece)
		if got > 0 && (err == nil || errors.Is(err, io.EOF)) {
			return buffer[:got], nil
		}
		return nil, err
	})
}
