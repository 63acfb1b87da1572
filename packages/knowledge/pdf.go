package knowledge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime/debug"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// sandboxPages is the memory that a PDF may have while it is read, in pages of 64 KiB: 56 MiB. What needs more is
// ended there.
const sandboxPages = 896

// pdfReader reads PDFs with PDFium, compiled to WebAssembly. Each file gets a sandbox of its own: no file system, no
// clock to wait for, memory up to sandboxPages, and an end when its context ends, also in the middle of a loop. A fault
// in it is an error here. Nothing stays behind but the compiled program.
type pdfReader struct{ cache wazero.CompilationCache }

// allot gives a sandbox all its memory at once. It is not touched before it is used, and growing by copying, as is
// usual, would need it twice over.
func allot(_, most uint64) experimental.LinearMemory {
	return memory(make([]byte, min(most, sandboxPages<<16)))
}

type memory []byte

func (m memory) Reallocate(size uint64) []byte {
	if size > uint64(len(m)) {
		return nil
	}
	return m[:size]
}

func (m memory) Free() {}

// open starts a sandbox. Its pool must be closed.
func (r *pdfReader) open(ctx context.Context) (pdfium.Pool, pdfium.Pdfium, error) {
	pool, err := webassembly.Init(webassembly.Config{
		Context: experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(allot)), MinIdle: 0, MaxIdle: 0, MaxTotal: 1,
		FSConfig: wazero.NewFSConfig(), Stdout: io.Discard, Stderr: io.Discard,
		RuntimeConfig: wazero.NewRuntimeConfig().
			WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
			WithMemoryLimitPages(sandboxPages).WithCloseOnContextDone(true).WithCompilationCache(r.cache),
	})
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errNoReader, err)
	}
	instance, err := pool.GetInstanceWithContext(ctx)
	if err != nil {
		_ = pool.Close() // it never ran
		return nil, nil, fmt.Errorf("%w: %w", errNoReader, err)
	}
	return pool, instance, nil
}

// read is the text of a PDF.
func (r *pdfReader) read(ctx context.Context, f io.ReaderAt, size int64) (Document, error) {
	if !hasEnd(f, size) {
		return Document{Reason: Damaged}, nil
	}
	pool, instance, err := r.open(ctx)
	if err != nil {
		return Document{}, err
	}
	defer debug.FreeOSMemory()          // the next file gets a sandbox of its own: this one's memory must not stand beside it
	defer func() { _ = pool.Close() }() // a sandbox that was ended can't be closed in order
	opened, err := instance.OpenDocument(&requests.OpenDocument{FileReader: io.NewSectionReader(f, 0, size), FileReaderSize: size})
	switch {
	case errors.Is(err, pdfiumerrors.ErrPassword), errors.Is(err, pdfiumerrors.ErrSecurity):
		return Document{Reason: Encrypted}, nil
	case err != nil:
		return Document{}, err
	}
	count, err := instance.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: opened.Document})
	if err != nil {
		return Document{}, err
	}
	doc := Document{Pages: count.PageCount}
	if doc.Pages > MaxPages {
		doc.Reason = TooLong
		return doc, nil
	}
	pages := make([][]line, doc.Pages)
	total := 0
	for i := range pages {
		if err := ctx.Err(); err != nil {
			return Document{}, err
		}
		if pages[i], err = readPage(instance, opened.Document, i); err != nil {
			return Document{}, fmt.Errorf("page %d: %w", i+1, err)
		}
		for _, l := range pages[i] {
			total += len(l.text) + blockCost
		}
		if total > MaxText {
			doc.Reason = TooLong
			return doc, nil
		}
	}
	doc.blocks = layOut(pages)
	if len(doc.blocks) == 0 {
		doc.Reason = Scanned
	}
	return doc, nil
}

// hasEnd looks for the mark that a whole PDF ends with. PDFium mends one that was cut off, silently and without its
// last pages.
func hasEnd(f io.ReaderAt, size int64) bool {
	tail := make([]byte, min(size, 4096))
	n, err := f.ReadAt(tail, size-int64(len(tail)))
	return (err == nil || errors.Is(err, io.EOF)) && bytes.Contains(tail[:n], []byte("%%EOF"))
}

// maxPageChars is what is read of one page: a page of print has some 3,000.
const maxPageChars = 200_000

// readPage is the lines of a page, in the order in which they are drawn.
func readPage(instance pdfium.Pdfium, doc references.FPDF_DOCUMENT, index int) ([]line, error) {
	page, err := instance.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: doc, Index: index})
	if err != nil {
		return nil, err
	}
	defer func() { _, _ = instance.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: page.Page}) }() // the sandbox goes anyway
	chars, err := instance.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: requests.Page{ByReference: &page.Page}})
	if err != nil {
		return nil, err
	}
	defer func() { _, _ = instance.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: chars.TextPage}) }()
	count, err := instance.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: chars.TextPage})
	if err != nil || count.Count <= 0 {
		return nil, err
	}
	all, err := instance.FPDFText_GetText(&requests.FPDFText_GetText{TextPage: chars.TextPage, StartIndex: 0, Count: min(count.Count, maxPageChars)})
	if err != nil {
		return nil, err
	}
	var lines []line
	at := 0 // index of the line's first character, in UTF-16 as PDFium counts
	for raw := range strings.SplitSeq(all.Text, "\n") {
		begin := at
		at += len(utf16.Encode([]rune(raw))) + 1
		text := tidy(raw)
		if text == "" {
			continue
		}
		lines = append(lines, measure(instance, chars.TextPage, begin+firstVisible(raw), text))
	}
	return lines, nil
}

// measure adds where a line stands and how it is set, by its first character and, for its end, its last.
func measure(instance pdfium.Pdfium, page references.FPDF_TEXTPAGE, at int, text string) line {
	l := line{text: text}
	if box, err := instance.FPDFText_GetCharBox(&requests.FPDFText_GetCharBox{TextPage: page, Index: at}); err == nil {
		l.left, l.bottom = box.Left, box.Bottom
	}
	if box, err := instance.FPDFText_GetCharBox(&requests.FPDFText_GetCharBox{TextPage: page, Index: at + utf8.RuneCountInString(text) - 1}); err == nil {
		l.right = box.Right
	}
	if size, err := instance.FPDFText_GetFontSize(&requests.FPDFText_GetFontSize{TextPage: page, Index: at}); err == nil && !math.IsNaN(size.FontSize) {
		l.size = math.Round(size.FontSize*2) / 2
	}
	if weight, err := instance.FPDFText_GetFontWeight(&requests.FPDFText_GetFontWeight{TextPage: page, Index: at}); err == nil {
		l.bold = weight.FontWeight >= 600
	}
	return l
}

// firstVisible is how many UTF-16 units stand before the first character that is seen.
func firstVisible(raw string) int {
	n := 0
	for _, r := range raw {
		if tidy(string(r)) != "" {
			return n
		}
		n += max(1, utf16.RuneLen(r))
	}
	return 0
}
