// Package tries counts what the proofs of isolation try, by class of attack, and what got through. It refuses to know
// what is tried.
package tries

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
	Seconds   float64 `json:"seconds,omitempty"` // where they were counted
}

// Report counts attempts and crossings by class. It is safe for concurrent use.
type Report struct {
	First bool // one crossing is enough

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

// Tried counts attempts of a class.
func (r *Report) Tried(class string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.class(class).Attempts += n
}

// Crossed counts a crossing and keeps its words.
func (r *Report) Crossed(class, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.class(class)
	if c.Crossings++; c.Crossings <= mostDetails {
		r.details = append(r.details, class+": "+fmt.Sprintf(format, args...))
	}
}

// Enough says whether a search for the first crossing is over.
func (r *Report) Enough() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.First && len(r.details) > 0
}

// Took adds the time since start to a class.
func (r *Report) Took(class string, start time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.class(class).Seconds += time.Since(start).Seconds()
}

// Measured keeps a figure for the end of the report.
func (r *Report) Measured(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.figures = append(r.figures, fmt.Sprintf(format, args...))
}

// Classes are all that were tried, in the order in which they came.
func (r *Report) Classes() []Class {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]Class, len(r.classes))
	for i, c := range r.classes {
		list[i] = *c
	}
	return list
}

// Total is the sum over all classes.
func (r *Report) Total() Class {
	all := Class{Name: "all"}
	for _, c := range r.Classes() {
		all.Attempts, all.Crossings, all.Seconds = all.Attempts+c.Attempts, all.Crossings+c.Crossings, all.Seconds+c.Seconds
	}
	return all
}

// Crossings is their number over all classes.
func (r *Report) Crossings() int { return r.Total().Crossings }

// Found names the classes with crossings.
func (r *Report) Found() []string {
	var names []string
	for _, c := range r.Classes() {
		if c.Crossings > 0 {
			names = append(names, c.Name)
		}
	}
	return names
}

// Details tell the first crossings of each class.
func (r *Report) Details() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.details)
}

// String is the report as a table, with figures and the first crossings below it.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-34s %10s %10s %9s\n", "class", "attempts", "crossings", "seconds")
	for _, c := range append(r.Classes(), r.Total()) {
		fmt.Fprintf(&b, "%-34s %10d %10d %9.1f\n", c.Name, c.Attempts, c.Crossings, c.Seconds)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, text := range slices.Concat(r.figures, r.details) {
		b.WriteString(text + "\n")
	}
	return b.String()
}

// Write stores the report as JSON.
func (r *Report) Write(path string) error {
	classes := r.Classes()
	r.mu.Lock()
	defer r.mu.Unlock()
	text, err := json.MarshalIndent(struct {
		Classes []Class  `json:"classes"`
		Figures []string `json:"figures"`
		Details []string `json:"details"`
	}{classes, r.figures, r.details}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}
