package fault

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"openhouse.example/tests/stack"
)

// table prints one line for each contestant.
func table(results []Result) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "fault\tprogram\trequests\tfailed\tworst wait\tfirst success\tsteady\t  causes")
	for _, r := range results {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\t%s\t%s\t  %v\n", r.Fault, r.Contestant, r.Requests, r.Failed,
			ms(r.Worst), ms(r.FirstSuccess), ms(r.Steady), r.Causes)
	}
	_ = w.Flush()
	return b.String()
}

func ms(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// store keeps the results for people and for docs/reliability.md.
func store(t *testing.T, results []Result) {
	t.Helper()
	folder := filepath.Join(stack.Root(t), ".local", "fault")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	report, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "results.json"), report, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "results.svg"), []byte(plot(results)), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("all faults\n%s", table(results))
}
