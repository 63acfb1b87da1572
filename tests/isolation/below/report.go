package below

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Report counts attempts and crossings by class. It is safe for concurrent use.
type Report struct {
	mu      sync.Mutex
	counts  map[string]*Count
	details []string
	first   bool // one crossing is enough
}

// enough says whether a search is over.
func (r *Report) enough() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first && len(r.details) > 0
}

// Count is one class of attack. A crossing is an attempt that reached what it must not.
type Count struct {
	Class     string `json:"class"`
	Attempts  int    `json:"attempts"`
	Crossings int    `json:"crossings"`
}

// mostDetails is how many crossings are told of each class: a hole lets hundreds through.
const mostDetails = 8

func (r *Report) count(class string) *Count {
	if r.counts == nil {
		r.counts = map[string]*Count{}
	}
	if r.counts[class] == nil {
		r.counts[class] = &Count{Class: class}
	}
	return r.counts[class]
}

func (r *Report) tried(class string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(class).Attempts++
}

func (r *Report) crossed(class, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.count(class)
	if c.Crossings++; c.Crossings <= mostDetails {
		r.details = append(r.details, class+": "+fmt.Sprintf(format, args...))
	}
}

// Counts are the classes by name.
func (r *Report) Counts() []Count {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []Count
	for _, c := range r.counts {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Count) int { return strings.Compare(a.Class, b.Class) })
	return list
}

// Found names the classes with crossings, and tells the first.
func (r *Report) Found() (classes []string, first string) {
	for _, c := range r.Counts() {
		if c.Crossings > 0 {
			classes = append(classes, c.Class)
		}
	}
	if len(r.details) > 0 {
		first = r.details[0]
	}
	return classes, first
}

// Details tell the first crossings of each class.
func (r *Report) Details() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.details)
}

func (r *Report) String() string {
	var b strings.Builder
	all := Count{Class: "all"}
	line := func(c Count) { fmt.Fprintf(&b, "%-34s %10d %10d\n", c.Class, c.Attempts, c.Crossings) }
	fmt.Fprintf(&b, "%-34s %10s %10s\n", "class", "attempts", "crossings")
	for _, c := range r.Counts() {
		line(c)
		all.Attempts, all.Crossings = all.Attempts+c.Attempts, all.Crossings+c.Crossings
	}
	line(all)
	return b.String()
}

// Write keeps the report as JSON, together with what else the run has found out.
func (r *Report) Write(path string, more map[string]any) error {
	whole := map[string]any{"classes": r.Counts(), "details": r.Details()}
	for name, value := range more {
		whole[name] = value
	}
	text, err := json.MarshalIndent(whole, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
