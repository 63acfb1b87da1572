package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed static
var staticFiles embed.FS

// contentTypes are said here, not asked of the machine, whose tables differ.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8",
}

// asset is one file as it is sent.
type asset struct {
	mime         string
	plain, small []byte // small is gzip, nil when it saves nothing
}

// bundle is everything under /static/, prepared once.
type bundle struct {
	prefix string // "/static/<hash>/"
	files  map[string]asset
}

// assets reads, joins, compresses and hashes the embedded files. One hash
// covers the whole tree, so a reference between files can stay relative.
var assets = sync.OnceValue(func() bundle {
	b := bundle{files: map[string]asset{}}
	sum := sha256.New()
	add := func(name string, content []byte) {
		fmt.Fprintf(sum, "%s %d\n", name, len(content))
		sum.Write(content)
		b.files[name] = asset{mime: contentTypes[path.Ext(name)], plain: content, small: compress(content)}
	}
	var css bytes.Buffer
	err := fs.WalkDir(staticFiles, "static", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := staticFiles.ReadFile(file)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(file, "static/")
		if strings.HasPrefix(name, "css/") {
			if name == tokensFile {
				content = withFallback(content)
			}
			css.Write(shrinkCSS(content))
			return nil
		}
		add(name, content)
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("ui: embedded files can't be read: %v", err)) // impossible: they are in the binary
	}
	add("app.css", css.Bytes())
	b.prefix = "/static/" + hex.EncodeToString(sum.Sum(nil))[:12] + "/"
	return b
})

func compress(content []byte) []byte {
	var out bytes.Buffer
	zw, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := zw.Write(content); err != nil || zw.Close() != nil || out.Len() >= len(content) {
		return nil
	}
	return out.Bytes()
}

// Asset is the address of an embedded file, such as Asset("app.css"). It
// changes whenever any embedded file does.
func Asset(name string) string { return assets().prefix + name }

// Static serves the embedded files under /static/. An address with the current
// hash may be kept for ever; one with another hash (a page of an older or newer
// release) gets today's file and must not be kept. There are no listings.
func Static() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		b := assets()
		_, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/static/"), "/")
		file, ok := b.files[name]
		if !ok {
			http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
			return
		}
		h := w.Header()
		h.Set("Content-Type", file.mime)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Vary", "Accept-Encoding")
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		if !strings.HasPrefix(r.URL.Path, b.prefix) {
			h.Set("Cache-Control", "no-store")
		}
		content := file.plain
		if file.small != nil && acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			content = file.small
		}
		h.Set("Content-Length", strconv.Itoa(len(content)))
		if r.Method == http.MethodGet {
			// A failed write means that the reader has gone.
			_, _ = w.Write(content)
		}
	})
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding != "gzip" {
			continue
		}
		weight, weighted := strings.CutPrefix(strings.TrimSpace(params), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return !weighted || err == nil && q > 0
	}
	return false
}
