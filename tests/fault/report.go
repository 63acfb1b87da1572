package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"openhouse.example/tests/stack"
)

// fact is what a test of one fault has measured, in words, for the portal and, where they were there, the others.
type fact struct {
	Fault     string `json:"fault"`
	What      string `json:"what"`
	OpenHouse string `json:"openhouse"`
	Plain     string `json:"pgxpool,omitempty"`
	Retry     string `json:"pgxpool_retry,omitempty"`
}

// record collects what the tests of this process have measured.
type record struct {
	mu      sync.Mutex
	results []Result
	facts   []fact
}

var report record

func (r *record) add(results ...Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results = append(r.results, results...)
}

func (r *record) note(f fact) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.facts = append(r.facts, f)
}

// save keeps what was measured in .local/fault, for people and programs. With DOCS=1 it also renews the documents,
// for which it must have been the whole catalogue on a machine of its own.
func (r *record) save() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.results)+len(r.facts) == 0 {
		return nil
	}
	slices.SortStableFunc(r.results, func(a, b Result) int { return place(a.Fault) - place(b.Fault) })
	slices.SortStableFunc(r.facts, func(a, b fact) int { return place(a.Fault) - place(b.Fault) })
	top, err := repository()
	if err != nil {
		return err
	}
	whole, err := json.MarshalIndent(struct {
		At      time.Time `json:"at"`
		Full    bool      `json:"full"`
		Results []Result  `json:"results"`
		Facts   []fact    `json:"facts"`
	}{time.Now().UTC(), stack.Full(), r.results, r.facts}, "", "  ")
	if err != nil {
		return err
	}
	folder := filepath.Join(top, ".local", "fault")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	picture := []byte(plot(r.results))
	if err := errors.Join(
		os.WriteFile(filepath.Join(folder, "results.json"), whole, 0o644),
		os.WriteFile(filepath.Join(folder, "results.svg"), picture, 0o644)); err != nil {
		return err
	}
	if stack.Full() {
		fmt.Printf("\nAll faults\n%s\n%s\n", table(r.results), factTable(r.facts))
	}
	if os.Getenv("DOCS") == "" {
		return nil
	}
	if !stack.Full() {
		return errors.New("DOCS=1 wants the whole catalogue: make fault DOCS=1")
	}
	text := markdown(r.results, r.facts)
	return errors.Join(
		os.WriteFile(filepath.Join(top, "docs", "images", "faults.svg"), picture, 0o644),
		renew(filepath.Join(top, "docs", "reliability.md"), text),
		renew(filepath.Join(top, "README.md"), excerpt(text)))
}

// place is a fault's number in the catalogue; what has none comes last.
func place(fault string) int {
	id, _, _ := strings.Cut(fault, " ")
	n, err := strconv.Atoi(strings.TrimPrefix(id, "F"))
	if err != nil {
		return math.MaxInt32
	}
	return n
}

// repository is the top folder of the checkout.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("no go.work above the test: run it inside the repository")
}

// Marks around what renew replaces.
const (
	beginMark = "<!-- measured: made by `make fault DOCS=1`, not by hand -->"
	endMark   = "<!-- end of measured -->"
)

// renew replaces what stands between the marks of a document.
func renew(file, text string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(old), beginMark)
	_, after, ended := strings.Cut(rest, endMark)
	if !found || !ended {
		return fmt.Errorf("%s has no %q … %q any more", file, beginMark, endMark)
	}
	return os.WriteFile(file, []byte(before+beginMark+"\n\n"+text+"\n"+endMark+after), 0o644)
}

// table prints one line for each contestant.
func table(results []Result) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "fault\tprogram\trequests\tfailed\tworst wait\tfirst success\tsteady\twrites\tlost\tdoubled\trefused but done\tunknown\tdials\t  causes")
	for _, r := range results {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t  %v\n", r.Fault, r.Contestant, r.Requests, r.Failed,
			milliseconds(r.Worst), milliseconds(r.FirstSuccess), milliseconds(r.Steady),
			r.Ledger.Writes, r.Ledger.Lost+r.Ledger.Other, r.Ledger.Doubled, r.Ledger.Ghosts, r.Ledger.Unknown, r.Dials, r.Causes)
	}
	_ = w.Flush()
	return b.String()
}

func factTable(facts []fact) string {
	var b strings.Builder
	for _, f := range facts {
		fmt.Fprintf(&b, "%s %s\n", f.Fault, f.What)
		for _, line := range []struct{ name, text string }{{"openhouse", f.OpenHouse}, {"pgxpool", f.Plain}, {"pgxpool+retry", f.Retry}} {
			if line.text != "" {
				fmt.Fprintf(&b, "    %-14s %s\n", line.name, line.text)
			}
		}
	}
	return b.String()
}

func milliseconds(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// markdown is the documents' form of what was measured.
func markdown(results []Result, facts []fact) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s.\n\n", time.Now().UTC().Format("2 January 2006"))
	b.WriteString("Reads: failed, of all · longest wait for any answer. Writes: lost / done twice / refused, but done.\n\n")
	b.WriteString("| | fault | OpenHouse | pgxpool | with retry | writes: OpenHouse | pgxpool | with retry |\n|---|---|---|---|---|---|---|---|\n")
	for i := 0; i+2 < len(results); i += 3 {
		id, _, _ := strings.Cut(results[i].Fault, " ")
		fmt.Fprintf(&b, "| %s | %s |", id, results[i].Title)
		for _, r := range results[i : i+3] {
			fmt.Fprintf(&b, " %s |", reads(r))
		}
		for _, r := range results[i : i+3] {
			fmt.Fprintf(&b, " %s |", wrongs(r.Ledger))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n| | asked | OpenHouse | pgxpool | with retry |\n|---|---|---|---|---|\n")
	for _, f := range facts {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", f.Fault, f.What, f.OpenHouse, f.Plain, f.Retry)
	}
	return b.String()
}

// quoted are the faults of the README's table: what happens to every installation some day.
var quoted = []string{"F1", "F3", "F4", "F5", "F11", "F30", "F39", "COMMIT"}

// excerpt is the README's part of what was measured, line by line as the document has it.
func excerpt(markdown string) string {
	var b strings.Builder
	for line := range strings.Lines(markdown) {
		cells := strings.Split(line, "|")
		if len(cells) != 10 { // the eight columns of the table of races
			continue
		}
		if id := strings.TrimSpace(cells[1]); id == "" || strings.HasPrefix(id, "-") || slices.Contains(quoted, id) {
			b.WriteString(line)
		}
	}
	return b.String()
}

func reads(r Result) string {
	failed := grouped(r.Failed)
	if r.Failed == 0 {
		failed = "**0**"
	}
	return fmt.Sprintf("%s of %s · %.1f s", failed, grouped(r.Requests), r.Worst.Seconds())
}

func wrongs(l Ledger) string {
	text := fmt.Sprintf("%d / %d / %d", l.Lost+l.Other, l.Doubled, l.Ghosts)
	if len(l.faults()) == 0 {
		return "**" + text + "**"
	}
	return text
}

// grouped writes 12345 as 12,345.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
