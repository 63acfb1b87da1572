package load

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// run is a run in which some fail and one is refused.
func run(t *testing.T) Report {
	t.Helper()
	var report Report
	synctest.Test(t, func(t *testing.T) {
		r, at := NewRecorder(), time.Now()
		Open(t.Context(), 50, 2*time.Second, func(_ context.Context, turn Turn, w *Walk) {
			_ = w.Step("page", func() (int, string) { time.Sleep(4 * time.Millisecond); return 200, "" }) &&
				w.Step("claim", func() (int, string) {
					time.Sleep(time.Duration(turn.Number) * time.Millisecond)
					switch {
					case turn.Number == 50:
						return 429, "429 too_many_requests"
					case turn.Number > 60 && turn.Number%10 == 7:
						return 503, "503 <busy>"
					}
					return 202, ""
				})
		}, r)
		pool := newPool([]PoolSample{
			{AtMs: 0, Total: 2, Idle: 2, Healthy: true}, {AtMs: 200, Total: 20, Idle: 3, Waiting: 4, Healthy: true}, {AtMs: 400, Total: 20, Idle: 20, Healthy: true},
		}, 1)
		report = r.Report(Run{Command: "onboarding", Model: "open", Target: "https://homes.example.org", At: at, Rate: 50, Seconds: 2}, pool,
			AllOK, NoneRefused, MeanWithin(95*time.Millisecond))
	})
	return report
}

// TestTheReport keeps what people and programs are given. A program that reads the JSON relies on its names.
func TestTheReport(t *testing.T) {
	t.Parallel()
	report := run(t)
	for name, write := range map[string]func(io.Writer) error{"report.json": report.JSON, "report.txt": report.Text} {
		var got bytes.Buffer
		if err := write(&got); err != nil {
			t.Fatal(err)
		}
		golden(t, name, got.Bytes())
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s has changed (go test ./tests/load -update, if that is meant):\n%s", file, got)
	}
}

func TestAClosedRunInText(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	if err := (Report{Run: Run{Command: "chat", Model: "closed", Clients: 1200}}).Text(&got); err != nil {
		t.Fatal(err)
	}
	if text := got.String(); !strings.Contains(text, "1,200 clients who wait") || strings.Contains(text, "late") {
		t.Error(text)
	}
}

func TestABusyGeneratorIsTold(t *testing.T) {
	t.Parallel()
	for late, told := range map[int]bool{0: false, 1: false, 2: true} {
		var got strings.Builder
		if err := (Report{Run: Run{Model: "open"}, Attempted: 100, Late: Late{Count: late}}).Text(&got); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got.String(), "was busy") != told {
			t.Errorf("%d late of 100:\n%s", late, &got)
		}
	}
}

// TestThePlot: it is well formed whatever there is to draw, and shows failures and the bar.
func TestThePlot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		report Report
		bar    float64
		has    []string
	}{
		"a run":           {run(t), 95, []string{`class="most"`, `class="bad"`, `class="bar"`, "may be 95 ms", `class="waiting"`, "of 100 ok"}},
		"nothing at all":  {Report{}, 0, []string{"0 of 0 ok"}},
		"no pool, no bar": {Report{Timeline: []Moment{{OK: 1, P50: 1, Max: 1}}}, 0, []string{`class="most"`}},
	} {
		picture := c.report.Plot(c.bar)
		decoder := xml.NewDecoder(strings.NewReader(picture))
		for {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for _, part := range c.has {
			if !strings.Contains(picture, part) {
				t.Errorf("%s: no %s in\n%s", name, part, picture)
			}
		}
		if strings.Contains(picture, "NaN") || strings.Contains(picture, "Inf") {
			t.Errorf("%s:\n%s", name, picture)
		}
	}
}

func TestScaleTop(t *testing.T) {
	t.Parallel()
	for most, want := range map[float64]float64{0: 1, 0.3: 1, 1: 1, 3: 4, 20: 20, 95: 100, 401: 1000} {
		if got := scaleTop(most); got != want {
			t.Errorf("of %v: %v, want %v", most, got, want)
		}
	}
}
