package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"openhouse.example/packages/db"
)

const (
	keyHeader  = "Idempotency-Key"
	keyField   = "idempotency_key" // the hidden field of a form, which can't send headers
	maxKeySize = 128
)

// Intent describes a write: who asks, from where, for what, and under which
// idempotency key. Call it when the body has been read (ReadForm, DecodeJSON).
//
// What is asked for is the address and the content: the fields of a form in any
// order, without the key, and the content of its files; else the bytes of the
// body.
func (a *App) Intent(r *http.Request) db.Intent {
	q := requestOf(r)
	in := db.Intent{
		Key:       idempotencyKey(r),
		Route:     r.Method + " " + routePattern(r),
		From:      q.clientIP,
		RequestID: q.id,
	}
	if p, ok := PrincipalFrom(r.Context()); ok {
		in.Subject = p.Subject
	}
	if in.Key != "" {
		in.BodyHash = bodyHash(r, q)
	}
	return in
}

// idempotencyKey returns the key as it may stand in a table. A client may make
// one of anything; what is long or odd is stored by its hash.
func idempotencyKey(r *http.Request) string {
	key := r.Header.Get(keyHeader)
	if key == "" {
		key = r.PostForm.Get(keyField)
	}
	plain := !strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' })
	if len(key) <= maxKeySize && plain {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func bodyHash(r *http.Request, q *request) []byte {
	h := sha256.New()
	fmt.Fprintln(h, r.URL.RequestURI())
	switch {
	case q.digest != nil && isJSON(r): // also where a handler has made fields of it, and filled in others
		h.Write(q.digest.sum())
	case r.MultipartForm != nil:
		hashValues(h, r.PostForm)
		hashFiles(h, r.MultipartForm.File)
	case len(r.PostForm) > 0:
		hashValues(h, r.PostForm)
	case q.digest != nil:
		h.Write(q.digest.sum())
	}
	return h.Sum(nil)
}

func isJSON(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == "application/json"
}

func hashValues(h hash.Hash, values url.Values) {
	fields := maps.Clone(values)
	delete(fields, keyField)
	fmt.Fprint(h, fields.Encode()) // sorted by name
}

func hashFiles(h hash.Hash, files map[string][]*multipart.FileHeader) {
	for _, field := range slices.Sorted(maps.Keys(files)) {
		for _, file := range files[field] {
			fmt.Fprintf(h, "\n%s=%s\n", url.QueryEscape(field), url.QueryEscape(file.Filename))
			content, err := file.Open()
			if err != nil {
				continue // the handler, which needs the content, meets the same error
			}
			_, _ = io.Copy(h, content)
			_ = content.Close()
		}
	}
}

// digestBody hashes a body while it is read.
type digestBody struct {
	io.ReadCloser
	hash hash.Hash
}

func newDigestBody(body io.ReadCloser) *digestBody {
	return &digestBody{ReadCloser: body, hash: sha256.New()}
}

func (d *digestBody) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	d.hash.Write(p[:n])
	return n, err
}

// sum is the hash of the whole body: what a handler left unread is read now.
func (d *digestBody) sum() []byte {
	_, _ = io.Copy(io.Discard, d) // a body that breaks off has a hash of its own
	return d.hash.Sum(nil)
}
