package isolation

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Class is one kind of attack with its counts. A crossing is an attempt that reached what it must not.
type Class struct {
	Name      string  `json:"class"`
	Attempts  int     `json:"attempts"`
	Crossings int     `json:"crossings"`
	Seconds   float64 `json:"seconds"`
}

// Report counts attempts and crossings by class. It is safe for concurrent use.
type Report struct {
	mu      sync.Mutex
	classes []*Class
	details []string // the first crossings of each class
	figures []string // what was measured
}

// mostDetails is how many crossings of a class are told: a hole lets hundreds through.
const mostDetails = 8

func (r *Report) class(name string) *Class {
	for _, c := range r.classes {
		if c.Name == name {
			return c
		}
	}
	c := &Class{Name: name}
	r.classes = append(r.classes, c)
	return c
}

// tried counts attempts of a class.
func (r *Report) tried(class string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.class(class).Attempts += n
}

// crossed counts a crossing and keeps its words.
func (r *Report) crossed(class, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.class(class)
	if c.Crossings++; c.Crossings <= mostDetails {
		r.details = append(r.details, class+": "+fmt.Sprintf(format, args...))
	}
}

// took adds the time since start to a class.
func (r *Report) took(class string, start time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.class(class).Seconds += time.Since(start).Seconds()
}

// measured keeps a figure for the end of the report.
func (r *Report) measured(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.figures = append(r.figures, fmt.Sprintf(format, args...))
}

// Crossings is their number over all classes.
func (r *Report) Crossings() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.classes {
		n += c.Crossings
	}
	return n
}

// Attempts is their number over all classes.
func (r *Report) Attempts() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.classes {
		n += c.Attempts
	}
	return n
}

// Found names the classes with crossings.
func (r *Report) Found() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, c := range r.classes {
		if c.Crossings > 0 {
			names = append(names, c.Name)
		}
	}
	return names
}

// String is the report as a table, with the first crossings below it.
func (r *Report) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	line := func(name string, attempts, crossings any, seconds string) {
		fmt.Fprintf(&b, "%-34s %10v %10v %9s\n", name, attempts, crossings, seconds)
	}
	line("class", "attempts", "crossings", "seconds")
	var all Class
	for _, c := range r.classes {
		line(c.Name, c.Attempts, c.Crossings, fmt.Sprintf("%.1f", c.Seconds))
		all.Attempts, all.Crossings, all.Seconds = all.Attempts+c.Attempts, all.Crossings+c.Crossings, all.Seconds+c.Seconds
	}
	line("all", all.Attempts, all.Crossings, fmt.Sprintf("%.1f", all.Seconds))
	for _, text := range slices.Concat(r.figures, r.details) {
		b.WriteString(text + "\n")
	}
	return b.String()
}

// Write stores the report as JSON.
func (r *Report) Write(path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, err := json.MarshalIndent(struct {
		Classes []*Class `json:"classes"`
		Figures []string `json:"figures"`
		Details []string `json:"details"`
	}{r.classes, r.figures, r.details}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}
