package load

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// Text writes the report for people.
func (r Report) Text(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "loadtest %s: %s\n%s, %s\n\n", r.Command, r.load(), r.Target, r.At.UTC().Format("2 January 2006 15:04 UTC"))
	failed := 0
	for _, n := range r.Failed {
		failed += n
	}
	fmt.Fprintf(&b, "attempted %s of %s   ok %s   failed %s   429 %s\n", grouped(r.Attempted), grouped(r.Planned), grouped(r.OK), grouped(failed), grouped(r.TooMany))
	for _, cause := range r.causes() {
		fmt.Fprintf(&b, "  %s  %s\n", grouped(r.Failed[cause]), cause)
	}
	fmt.Fprintf(&b, "%s a second were ok, at most %s at once\n", number(r.Throughput), grouped(r.MostAtOnce))
	if r.Model == "open" {
		fmt.Fprintf(&b, "started late by 10 ms or more: %s, the latest by %s ms\n", grouped(r.Late.Count), number(r.Late.WorstMs))
		if r.Late.Count*100 > r.Attempted {
			b.WriteString("  so the machine of the load generator was busy: its own waiting is part of these figures\n")
		}
	}
	b.WriteString("\n")

	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "ms\tmin\tmean\tp50\tp95\tp99\tmax\t")
	line := func(name string, l Latency) {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", name, number(l.Min), number(l.Mean), number(l.P50), number(l.P95), number(l.P99), number(l.Max))
	}
	line("visit", r.LatencyMs)
	for _, s := range r.Steps {
		line(s.Name, s.LatencyMs)
	}
	_ = table.Flush() // into memory

	p := r.Pool
	fmt.Fprintf(&b, "\npool: %s in use on average, at most %d; at most %d open, %d requests waiting (%s samples, %d without answer)\n\n",
		number(p.MeanInUse), p.MostInUse, p.MostTotal, p.MostWaiting, grouped(len(p.Samples)), p.Missed)

	for _, bar := range r.Bars {
		mark := "✓"
		if !bar.Met {
			mark = "✗"
		}
		fmt.Fprintf(&b, "%s %s: %s, wanted %s\n", mark, bar.Name, bar.Got, bar.Want)
	}
	verdict := "passed"
	if !r.Passed {
		verdict = "NOT passed"
	}
	fmt.Fprintf(&b, "%s\n", verdict)
	_, err := w.Write(b.Bytes())
	return err
}

func (r Report) load() string {
	if r.Model == "open" {
		return fmt.Sprintf("%s a second for %v, whatever is still going on", number(r.Rate), time.Duration(r.Seconds*float64(time.Second)))
	}
	return fmt.Sprintf("%s clients who wait for their answers", grouped(r.Clients))
}

// causes are the causes of failures, most frequent first.
func (r Report) causes() []string {
	return slices.SortedFunc(maps.Keys(r.Failed), func(a, b string) int {
		if d := r.Failed[b] - r.Failed[a]; d != 0 {
			return d
		}
		return cmp.Compare(a, b)
	})
}

// number writes at most two digits behind the point.
func number(f float64) string { return strconv.FormatFloat(hundredth(f), 'f', -1, 64) }

// grouped writes 12345 as 12,345.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
