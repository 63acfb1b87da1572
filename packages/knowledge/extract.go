package knowledge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
)

// What is read at most.
const (
	MaxBytes = 25 << 20 // of a file
	MaxPages = 2000
	MaxText  = 8 << 20          // bytes of text
	Limit    = 60 * time.Second // to read a file, once it is its turn
)

// Extractor reads files. It may be used by many at once, but reads one after the other, so that the memory stays
// bounded: below 150 MiB for a process that does nothing else, once the PDF reader is compiled.
type Extractor struct {
	pdf   pdfReader
	limit time.Duration
	turn  chan struct{} // holds one
}

func newExtractor(cache wazero.CompilationCache, limit time.Duration) *Extractor {
	return &Extractor{pdf: pdfReader{cache: cache}, limit: limit, turn: make(chan struct{}, 1)}
}

// NewExtractor makes an Extractor. The first PDF has its reader compiled, which takes some seconds of a processor; in
// cacheDir, unless it is "", the result is kept for the next process. Nobody else may be able to write there: it is
// machine code.
func NewExtractor(cacheDir string) (*Extractor, error) {
	cache := wazero.NewCompilationCache()
	if cacheDir != "" {
		if err := os.MkdirAll(cacheDir, 0o700); err != nil {
			return nil, fmt.Errorf("the PDF reader's folder: %w", err)
		}
		var err error
		if cache, err = wazero.NewCompilationCacheWithDir(cacheDir); err != nil {
			return nil, fmt.Errorf("the PDF reader's folder: %w", err)
		}
	}
	return newExtractor(cache, Limit), nil
}

// Warm compiles the PDF reader, or loads what an earlier process compiled: some seconds and about 320 MiB for a moment, or
// a tenth of a second. Else the first PDF does it.
func (e *Extractor) Warm(ctx context.Context) error {
	defer debug.FreeOSMemory()
	pool, _, err := e.pdf.open(ctx)
	if err != nil {
		return err
	}
	return pool.Close()
}

// Close frees the compiled reader.
func (e *Extractor) Close(ctx context.Context) error { return e.pdf.cache.Close(ctx) }

// Extract is the text of a file. A file without any, or one that can't be read, is no error but a Document with a
// Reason. The error is for what another try may mend: ctx has ended, or the file can't be reached.
func (e *Extractor) Extract(ctx context.Context, f io.ReaderAt, size int64) (Document, error) {
	if size > MaxBytes {
		return Document{Reason: TooLarge}, nil
	}
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return Document{}, context.Cause(ctx)
	}
	head := make([]byte, min(size, 4096))
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return Document{}, fmt.Errorf("read a file: %w", err)
	}
	doc, err := e.read(ctx, sniff(head), f, size)
	if err != nil {
		return Document{}, err
	}
	if doc.Reason == "" {
		doc.Language = languageOf(doc.blocks)
	}
	return doc, nil
}

const (
	mimePDF  = "application/pdf"
	mimeDOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	mimeOLE  = "application/x-ole-storage"
	mimeText = "text/plain"
)

// sniff is the kind of a file by how it begins; "" if it is none that is read.
func sniff(head []byte) string {
	// A PDF may have some bytes of another program before its own beginning.
	if i := bytes.Index(head[:min(len(head), 1024)], []byte("%PDF-")); i >= 0 {
		return mimePDF
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return mimeDOCX
	case bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return mimeOLE
	}
	mime, _, _ := strings.Cut(http.DetectContentType(head), ";")
	switch mime {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return mime
	case "text/html", "text/xml":
		return ""
	}
	if strings.HasPrefix(mime, "text/") || !hasControls(head) {
		if start := bytes.ToLower(bytes.TrimSpace(head)); bytes.HasPrefix(start, []byte("<svg")) || bytes.HasPrefix(start, []byte("{\\rtf")) {
			return ""
		}
		return mimeText
	}
	return ""
}

func (e *Extractor) read(ctx context.Context, mime string, f io.ReaderAt, size int64) (Document, error) {
	switch mime {
	case mimePDF:
		return e.contained(ctx, mime, func(ctx context.Context) (Document, error) { return e.pdf.read(ctx, f, size) })
	case mimeDOCX:
		return e.contained(ctx, mime, func(context.Context) (Document, error) { return readDOCX(f, size) })
	case mimeOLE:
		return readOLE(f, size)
	case mimeText:
		if size > MaxText {
			return Document{MIME: mime, Pages: 1, Reason: TooLong}, nil
		}
		raw := make([]byte, size)
		if _, err := f.ReadAt(raw, 0); err != nil && !errors.Is(err, io.EOF) {
			return Document{}, fmt.Errorf("read a file: %w", err)
		}
		text, ok := decode(raw)
		if !ok {
			return Document{MIME: "application/octet-stream", Reason: Unsupported}, nil
		}
		return readText(text), nil
	case "":
		return Document{MIME: "application/octet-stream", Reason: Unsupported}, nil
	}
	return Document{MIME: mime, Reason: Picture}, nil
}

// contained runs a reader on a file that may be hostile: within the limit of time, and whatever goes wrong in it is
// the file's fault. The program that reads PDFs ends with the context, and what reads DOCX is bounded by its input.
func (e *Extractor) contained(ctx context.Context, mime string, read func(context.Context) (Document, error)) (doc Document, err error) {
	limited, cancel := context.WithTimeout(ctx, e.limit)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			doc, err = Document{}, fmt.Errorf("the reader panicked: %v\n%s", r, debug.Stack())
		}
		doc.MIME = mime
		switch {
		case err == nil:
		case ctx.Err() != nil:
			doc, err = Document{}, context.Cause(ctx)
		case limited.Err() != nil:
			doc, err = Document{MIME: mime, Reason: TooSlow}, nil
		case errors.Is(err, errBomb):
			doc, err = Document{MIME: mime, Reason: Bomb}, nil
		case errors.Is(err, errNoReader): // not the file's fault
			doc = Document{}
		default:
			doc, err = Document{MIME: mime, Reason: Damaged}, nil
		}
	}()
	return read(limited)
}

// errNoReader is that of a PDF reader that doesn't start.
var errNoReader = errors.New("the PDF reader doesn't start")

// readOLE tells a locked DOCX, which is wrapped in an older kind of file, from an older Word file.
func readOLE(f io.ReaderAt, size int64) (Document, error) {
	const most = 4 << 20 // the directory stands near the beginning or the end
	name := []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")
	for _, at := range []int64{0, max(0, size-most)} {
		part := make([]byte, min(size, most))
		n, err := f.ReadAt(part, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return Document{}, fmt.Errorf("read a file: %w", err)
		}
		if bytes.Contains(part[:n], name) {
			return Document{MIME: mimeOLE, Reason: Encrypted}, nil
		}
	}
	return Document{MIME: mimeOLE, Reason: Unsupported}, nil
}
