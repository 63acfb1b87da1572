package selfcheck

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// Class is one kind of attempt with its counts. A crossing is an attempt that reached what it must not.
type Class struct {
	Name      string `json:"class"`
	Attempts  int    `json:"attempts"`
	Crossings int    `json:"crossings"`
}

// Finding is one crossing, in words.
type Finding struct {
	Class string `json:"class"`
	Says  string `json:"says"`
}

// mostTold is how many findings of a class are kept: a hole lets hundreds through.
const mostTold = 60

// Report is what a check has found. Its methods that write may be called at once; who reads it comes afterwards.
type Report struct {
	At       time.Time `json:"at"`
	Seconds  float64   `json:"seconds"`
	Database string    `json:"database"` // host and name, without login
	Postgres string    `json:"postgres"`
	Schema   int64     `json:"schema"` // number of the newest migration
	Portals  []string  `json:"portals,omitempty"`
	Logins   []string  `json:"logins"` // by name
	Tables   int       `json:"tables"`
	// Companies is on behalf of how many real companies was looked, of how many there are at least.
	Companies int       `json:"companies"`
	Planted   bool      `json:"planted"`
	Classes   []*Class  `json:"classes"`
	Findings  []Finding `json:"findings"`
	Left      []string  `json:"leftOut"` // what was not looked at, and which setting would change that

	mu sync.Mutex // of classes and findings: answers of portals are waited for at once
}

func (r *Report) class(name string) *Class {
	for _, c := range r.Classes {
		if c.Name == name {
			return c
		}
	}
	c := &Class{Name: name}
	r.Classes = append(r.Classes, c)
	return c
}

func (r *Report) tried(class string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.class(class).Attempts += n
}

// crossed counts a crossing and keeps its words, each once.
func (r *Report) crossed(class, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.class(class)
	c.Crossings++
	f := Finding{class, fmt.Sprintf(format, args...)}
	if c.Crossings <= mostTold && !slices.Contains(r.Findings, f) {
		r.Findings = append(r.Findings, f)
	}
}

func (r *Report) leftOut(format string, args ...any) {
	r.Left = append(r.Left, fmt.Sprintf(format, args...))
}

// Attempts and Crossings are their numbers over all classes.
func (r *Report) Attempts() (n int) {
	for _, c := range r.Classes {
		n += c.Attempts
	}
	return n
}

// Crossings is beside Attempts.
func (r *Report) Crossings() (n int) {
	for _, c := range r.Classes {
		n += c.Crossings
	}
	return n
}
