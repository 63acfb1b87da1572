package web

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// File says how a file is sent to a person. Whoever made or uploaded it is not
// trusted with anything: not with its name, and not with its type.
type File struct {
	Name string // for whoever saves it
	Type string // media type, as it is stored
	Size int64  // bytes; 0 = not known beforehand
	// Inline shows the file in the browser, if it is what can't do harm there: a
	// picture made of dots, or a PDF. Everything else is saved all the same.
	Inline bool
	// Keep is how long the reader's own browser may keep it; nobody else may.
	// 0 = not at all.
	Keep time.Duration
}

// What a browser is told of a file: it runs nothing, loads nothing, stands in no
// frame and belongs to no origin, even if somebody finds a way to open it as a page.
const filePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"

// shown are the types that a browser may show, with how such a file must begin: a
// page that only says it is a picture isn't shown as one.
var shown = map[string][]string{
	"image/png":       {"\x89PNG\r\n\x1a\n"},
	"image/jpeg":      {"\xff\xd8\xff"},
	"image/gif":       {"GIF87a", "GIF89a"},
	"image/webp":      {"RIFF"},
	"application/pdf": {"%PDF-"},
}

// saved are the types that keep their name when they are saved: programs on the
// reader's machine open them. Others are octets.
var saved = map[string]string{
	"application/pdf":  "application/pdf",
	"application/zip":  "application/zip",
	"application/json": "application/json",
	"text/csv":         "text/csv; charset=utf-8",
	"image/png":        "image/png",
	"image/jpeg":       "image/jpeg",
	"image/gif":        "image/gif",
	"image/webp":       "image/webp",
}

// FileHeader sets what a browser must know about a file before its first byte.
// start is how the file begins; without it nothing is shown in the browser.
func FileHeader(h http.Header, f File, start []byte) {
	kind, _, err := mime.ParseMediaType(f.Type)
	if err != nil {
		kind = ""
	}
	disposition := "attachment"
	if f.Inline && begins(start, kind) {
		disposition = "inline"
	}
	mediaType := saved[kind]
	if mediaType == "" {
		mediaType = "application/octet-stream"
	}
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", disposition+fileNames(f.Name))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Cache-Control", "no-store")
	if f.Keep > 0 {
		h.Set("Cache-Control", fmt.Sprintf("private, max-age=%d", int(f.Keep.Seconds())))
	}
	if f.Size > 0 {
		h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	}
}

func begins(start []byte, kind string) bool {
	if kind == "image/webp" && (len(start) < 12 || string(start[8:12]) != "WEBP") {
		return false
	}
	for _, signature := range shown[kind] {
		if bytes.HasPrefix(start, []byte(signature)) {
			return true
		}
	}
	return false
}

// SendFile sends a file whose Size is known, piece by piece: part(0) is asked for
// before anything is sent, so that its error still becomes an answer; a later
// error cuts the connection, so that nobody takes half a file for a whole one.
func SendFile(w http.ResponseWriter, r *http.Request, f File, part func(n int) ([]byte, error)) error {
	content, err := part(0)
	if err != nil {
		return err
	}
	FileHeader(w.Header(), f, content)
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	left := f.Size
	for n := 1; ; n++ {
		if _, err := w.Write(content); err != nil {
			return nil //nolint:nilerr // the client is gone; there is nobody else to tell
		}
		if left -= int64(len(content)); left <= 0 {
			return nil
		}
		if content, err = part(n); err != nil {
			return fmt.Errorf("%w: the file ends early: %w", io.ErrUnexpectedEOF, err)
		}
	}
}

// SendWhole sends a file that is in memory, and was made for this reader.
func SendWhole(w http.ResponseWriter, r *http.Request, f File, content []byte) error {
	f.Size = int64(len(content))
	return SendFile(w, r, f, func(int) ([]byte, error) { return content, nil })
}

// longestName is the length of a file's name in characters; disks take 255 bytes.
const longestName = 60

// fileNames writes a name twice where it needs that, as RFC 6266 asks: in ASCII for
// old programs, and as RFC 8187 spells it.
func fileNames(name string) string {
	name = fileName(name)
	ascii := strings.Map(func(c rune) rune {
		if c > '~' || c == '%' { // some undo percent signs in the plain name
			return '_'
		}
		return c
	}, name)
	both := `; filename="` + ascii + `"`
	if ascii != name {
		both += "; filename*=UTF-8''" + extValue(name)
	}
	return both
}

// fileName takes from a name what leads to another folder, what deceives the eye,
// and what some disk doesn't take. Its end stays: it says what the file is.
func fileName(name string) string {
	name = strings.Map(func(c rune) rune {
		switch {
		case c == unicode.ReplacementChar, unicode.IsControl(c), unicode.Is(unicode.Cf, c), unicode.Is(unicode.Zl, c), unicode.Is(unicode.Zp, c):
			return -1
		case strings.ContainsRune(`/\:*?"<>|;`, c):
			return '-'
		}
		return c
	}, strings.ToValidUTF8(name, ""))
	name = strings.Trim(strings.Join(strings.Fields(name), " "), ". ")
	if long := []rune(name); len(long) > longestName {
		end := 0
		if dot := strings.LastIndexByte(name, '.'); dot >= 0 && len([]rune(name[dot:])) <= 10 {
			end = len([]rune(name[dot:]))
		}
		name = string(long[:longestName-end]) + string(long[len(long)-end:])
	}
	if name == "" {
		return "file"
	}
	return name
}

// extValue spells a name in percent signs but for the few characters that RFC 8187
// leaves alone.
func extValue(name string) string {
	const plain = "!#$&+-.^_`|~"
	var b strings.Builder
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte(plain, c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
