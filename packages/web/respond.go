package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/a-h/templ"
)

// JSON answers with v. It is encoded before anything is sent, so that an error
// can still become an answer of its own.
func JSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)+1))
	noStore(h)
	w.WriteHeader(status)
	send(w, append(body, '\n'))
	return nil
}

// Render answers with a page. It is rendered before anything is sent, so that an
// error in a component can still become an error page, and compressed for
// whoever takes that.
func Render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	if err := page.Render(r.Context(), buf); err != nil {
		return fmt.Errorf("render the page: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Add("Vary", "Accept-Encoding")
	noStore(h)
	if buf.Len() >= worthCompressing && acceptsGzip(r) {
		return writeCompressed(w, status, buf.Bytes())
	}
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	w.WriteHeader(status)
	send(w, buf.Bytes())
	return nil
}

// noStore keeps answers, nearly all of which are personal, out of every cache.
// A handler that knows better has set the field before.
func noStore(h http.Header) {
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	h.Add("Vary", "Accept")
}

// send writes a body whose header is out. If it fails the client has gone, and
// there is nobody left to tell.
func send(w http.ResponseWriter, body []byte) { _, _ = w.Write(body) }

const worthCompressing = 1 << 10

var (
	buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	zippers = sync.Pool{New: func() any {
		z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		if err != nil {
			panic(err) // the level is a constant
		}
		return z
	}}
)

func writeCompressed(w http.ResponseWriter, status int, page []byte) error {
	small := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(small)
	small.Reset()
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(small)
	if _, err := z.Write(page); err != nil {
		return fmt.Errorf("compress the page: %w", err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("compress the page: %w", err)
	}
	h := w.Header()
	h.Set("Content-Encoding", "gzip")
	h.Set("Content-Length", strconv.Itoa(small.Len()))
	w.WriteHeader(status)
	send(w, small.Bytes())
	return nil
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return quality(params) > 0
		}
	}
	return false
}
