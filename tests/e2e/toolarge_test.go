package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"openhouse.example/tests/stack"
)

// memoryPeak is the most memory that the process has ever had, in bytes; 0 where the system doesn't tell.
func memoryPeak(t testing.TB, p *stack.Portal) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		return 0
	}
	kb, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

// pour sends a request with size bytes of content over a connection of its own, as a browser would that doesn't wait
// to hear whether it is wanted, and returns the answer.
func pour(t testing.TB, p *stack.Portal, head, before, after string, size int64, chunked bool) (status int, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(60 * time.Second)); err != nil {
		t.Fatal(err)
	}
	length := fmt.Sprintf("Content-Length: %d\r\n", int64(len(before)+len(after))+size)
	if chunked {
		length = "Transfer-Encoding: chunked\r\n"
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		w := bufio.NewWriterSize(conn, 64<<10)
		write := func(b []byte) bool {
			if chunked {
				fmt.Fprintf(w, "%x\r\n", len(b))
			}
			_, err := w.Write(b)
			if chunked {
				io.WriteString(w, "\r\n")
			}
			return err == nil
		}
		io.WriteString(w, head+length+"\r\n")
		line := bytes.Repeat([]byte("1,1 Mill Road,B,3,a@example.org,2027-01-02\n"), 1500) // 64,500 bytes
		ok := write([]byte(before))
		for left := size; ok && left > 0; left -= int64(len(line)) {
			ok = write(line[:min(left, int64(len(line)))])
		}
		if ok && write([]byte(after)) {
			if chunked {
				io.WriteString(w, "0\r\n\r\n")
			}
			_ = w.Flush()
		}
	}()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	<-sent
	return response.StatusCode, string(answer)
}

// TestHundredMegabytes: a file that is far too large is refused, with a page or a code, and never held in memory.
func TestHundredMegabytes(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	v := signIn(t, s, company.Email)
	development := createDevelopment(t, v, "Longview Park")
	before := memoryPeak(t, s.Developer)
	const (
		boundary = "0123456789abcdef"
		open     = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"big.csv\"\r\nContent-Type: text/csv\r\n\r\n"
		end      = "\r\n--" + boundary + "--\r\n"
		size     = 100 << 20
	)
	for name, c := range map[string]struct {
		path, accept string
		chunked      bool
		says         string
	}{
		"a browser":                  {development + "/import", "text/html", false, "10 MB"},
		"a program":                  {"/api" + development + "/import", "application/json", false, `"too_large"`},
		"a program, length not said": {"/api" + development + "/import", "application/json", true, `"too_large"`},
		"a browser, elsewhere":       {"/developments", "text/html", false, "too large"},
		"elsewhere, length not said": {"/api/developments", "application/json", true, `"too_large"`},
		"signing in with 100 MB":     {"/sign-in", "text/html", false, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			head := "POST " + c.path + " HTTP/1.1\r\nHost: " + strings.TrimPrefix(s.Developer.URL, "http://") + "\r\nAccept: " + c.accept +
				"\r\nAuthorization: Bearer " + s.Token(t, company) + "\r\nContent-Type: multipart/form-data; boundary=" + boundary + "\r\nConnection: close\r\n"
			status, body := pour(t, s.Developer, head, open, end, size, c.chunked)
			if status != http.StatusRequestEntityTooLarge || !strings.Contains(body, c.says) {
				t.Errorf("it is answered %d, and does not say %q:\n%.600s", status, c.says, body)
			}
		})
	}
	if after := memoryPeak(t, s.Developer); after-before > 48<<20 {
		t.Errorf("the portal had at most %d MB before and %d MB after: it has held the files", before>>20, after>>20)
	}
	if n := lookUp[int](t, s.DB, "select count(*) from imports"); n != 0 {
		t.Errorf("%d imports were begun", n)
	}
}
