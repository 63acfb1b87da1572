package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"openhouse.example/packages/knowledge"
	"openhouse.example/packages/knowledge/papertest"
)

// mostMemory is what a process may need that reads any file: MiB, with the program itself.
const mostMemory = 150

// readFolder reads every file of a folder, one after the other, and says how much memory that took.
func readFolder(folder, cache string) error {
	e, err := knowledge.NewExtractor(cache)
	if err != nil {
		return err
	}
	if err := e.Warm(context.Background()); err != nil {
		return err
	}
	fmt.Printf("warm %d MiB\n", peak())
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return err
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		size, err := f.Seek(0, io.SeekEnd)
		if err != nil {
			return err
		}
		doc, err := e.Extract(context.Background(), f, size)
		if err != nil {
			return err
		}
		fmt.Printf("%s %q %d MiB\n", filepath.Base(name), doc.Reason, peak())
		_ = f.Close() // only read
	}
	fmt.Println(peak())
	return nil
}

func TestNoFileNeedsMoreMemory(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("asks Linux how much memory a process has had")
	}
	cache := cacheDir(t)
	warm, err := knowledge.NewExtractor(cache)
	if err == nil {
		err = warm.Warm(t.Context()) // it is compiled now, and kept
	}
	if err == nil {
		err = warm.Close(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	noise := bytes.Repeat([]byte("%PDF-1.7\n1 0 obj\n<< /Length 9 >>\nstream\nnothing..\nendstream\nendobj\n"), knowledge.MaxBytes/66)
	for name, raw := range map[string][]byte{
		"1-pdf-bomb":        papertest.BombPDF(t, 150<<20),
		"2-pdf-of-pages":    papertest.PDFOfPages(t, 5000),
		"3-pdf-of-25-mb":    append(noise[:knowledge.MaxBytes-100:knowledge.MaxBytes-100], "%%EOF"...),
		"4-docx-attributes": papertest.ZIP(t, map[string]func(func(string)){"word/document.xml": func(write func(string)) { write("<w "); repeat(write, strings.Repeat(`a="" `, 1<<14), 600) }}),
		"5-docx-elements":   papertest.ZIP(t, map[string]func(func(string)){"word/document.xml": func(write func(string)) { write("<w>"); repeat(write, strings.Repeat(`<p/>`, 1<<14), 2000) }}),
		"6-docx-text": papertest.ZIP(t, map[string]func(func(string)){"word/document.xml": func(write func(string)) {
			write("<w>")
			repeat(write, strings.Repeat(`<p><t>word </t></p>`, 1<<12), 500)
		}}),
		"7-text":          bytes.Repeat([]byte("word. "), knowledge.MaxText/6-100),
		"8-text-of-lines": bytes.Repeat([]byte("a\n\n"), knowledge.MaxText/3),
		"9-text-of-pages": bytes.Repeat([]byte("\f"), knowledge.MaxText),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childFolder+"="+dir, childCache+"="+cache)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("\n%s", out)
	fields := strings.Fields(string(out))
	var most int
	if _, err := fmt.Sscan(fields[len(fields)-1], &most); err != nil || most <= 0 || most > mostMemory {
		t.Errorf("%d MiB, at most %d are promised (%v)", most, mostMemory, err)
	}
}

func repeat(write func(string), s string, n int) {
	for range n {
		write(s)
	}
}

// peak is the most memory that this process has had, in MiB. Not that of getrusage, which a child inherits.
func peak() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return -1
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				return -1
			}
			return kib / 1024
		}
	}
	return -1
}
