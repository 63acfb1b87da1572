package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
)

// screen is where everything is printed, a whole line at a time.
type screen struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *screen) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintln(s.w, text)
}

// say reports one step.
func (s *screen) say(line string) { s.print("· " + line) }

// log shows a portal's line under the portal's name.
func (s *screen) log(name, line string) { s.print(fmt.Sprintf("%-9s │ %s", name, line)) }

// problem shows what went wrong, and nothing else.
func (s *screen) problem(err error) {
	s.print("\n✗ " + strings.ReplaceAll(err.Error(), "\n", "\n  ") + "\n")
}

// box frames the lines.
func (s *screen) box(lines []string) {
	var b strings.Builder
	b.WriteString("\n┌" + strings.Repeat("─", 78) + "\n")
	for _, line := range lines {
		b.WriteString(strings.TrimRight("│ "+line, " ") + "\n")
	}
	b.WriteString("└" + strings.Repeat("─", 78) + "\n")
	s.print(b.String())
}

var (
	logLine = regexp.MustCompile(`^time=\d+-\d+-\d+T(\d\d:\d\d:\d\d)\S* level=(\w+) msg=("(?:[^"\\]|\\.)*"|\S+) portal=\S+(.*)$`)
	logIDs  = regexp.MustCompile(` (request_id|tenant_id)=\S+`)
)

// readable shortens a log line of a portal: the time of day, the level unless it is the usual one, the rest. Of what
// went well the ids are left out; requests for styles and pictures are not shown at all ("").
func readable(line string) string {
	m := logLine.FindStringSubmatch(line)
	switch {
	case m == nil:
		return line
	case m[2] == "INFO" && strings.Contains(m[4], " route=/static/*"):
		return ""
	case m[2] == "INFO":
		return m[1] + " " + strings.Trim(m[3], `"`) + logIDs.ReplaceAllString(m[4], "")
	}
	return m[1] + " " + m[2] + " " + strings.Trim(m[3], `"`) + m[4]
}
