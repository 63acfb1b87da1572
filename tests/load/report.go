package load

import (
	"encoding/json"
	"io"
	"math"
	"time"
)

// Run says what was run.
type Run struct {
	Command string    `json:"command"`
	Model   string    `json:"model"` // "open" or "closed"
	Target  string    `json:"target"`
	At      time.Time `json:"at"`
	// Of an open model.
	Rate    float64 `json:"rate,omitempty"` // visits a second
	Seconds float64 `json:"seconds,omitempty"`
	// Of a closed one.
	Clients int `json:"clients,omitempty"`
}

// Report is what came of a run. Attempted is OK + TooMany + all of Failed.
type Report struct {
	Run
	Planned   int            `json:"planned"`
	Attempted int            `json:"attempted"`
	OK        int            `json:"ok"`
	TooMany   int            `json:"tooManyRequests"` // answered 429
	Failed    map[string]int `json:"failed"`          // by cause, without 429

	LatencyMs  Latency      `json:"latencyMs"` // of whole visits, from the moment at which they were meant to begin
	Steps      []StepReport `json:"steps"`
	Throughput float64      `json:"throughputPerSecond"` // visits that were ok
	Late       Late         `json:"lateStarts"`
	MostAtOnce int          `json:"mostAtOnce"`

	Timeline []Moment `json:"timeline"`
	Pool     Pool     `json:"pool"`
	Bars     []Bar    `json:"bars"`
	Passed   bool     `json:"passed"`
}

// StepReport is one step of all visits that came to it.
type StepReport struct {
	Name      string  `json:"name"`
	Attempted int     `json:"attempted"`
	OK        int     `json:"ok"`
	LatencyMs Latency `json:"latencyMs"` // from when the step began
}

// Late says how often the load generator itself was behind its clock.
type Late struct {
	Count   int     `json:"count"` // by 10 ms or more
	WorstMs float64 `json:"worstMs"`
}

// Moment is what became of the visits that were meant to begin in one piece of the run.
type Moment struct {
	AtMs   int64   `json:"atMs"`
	OK     int     `json:"ok"`
	Failed int     `json:"failed"` // 429 too
	P50    float64 `json:"p50Ms"`
	Max    float64 `json:"maxMs"`
}

// moment is the length of a Moment.
const moment = 200 * time.Millisecond

// Report gathers what was recorded of a run that has ended, and judges it.
func (r *Recorder) Report(run Run, pool Pool, bars ...Judge) Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	report := Report{Run: run, Planned: r.planned, Attempted: r.begun, Failed: map[string]int{}, Steps: []StepReport{}, Pool: pool, MostAtOnce: r.most}
	var took []time.Duration
	var worst time.Duration
	for _, f := range r.finished {
		took = append(took, f.took)
		switch {
		case f.cause == "":
			report.OK++
		case f.refused():
			report.TooMany++
		default:
			report.Failed[f.cause]++
		}
		if f.late >= lateFrom {
			report.Late.Count++
		}
		worst = max(worst, f.late)
	}
	report.LatencyMs, report.Late.WorstMs = latencyOf(took), ms(worst)
	report.Steps = stepsOf(r.finished)
	report.Timeline = timelineOf(r.finished)
	if length := max(r.end.Sub(r.begin), r.least).Seconds(); length > 0 {
		report.Throughput = hundredth(float64(report.OK) / length)
	}
	report.Passed = true
	report.Bars = make([]Bar, len(bars))
	for i, judge := range bars {
		report.Bars[i] = judge(report)
		report.Passed = report.Passed && report.Bars[i].Met
	}
	return report
}

func stepsOf(all []finished) []StepReport {
	steps, took, place := []StepReport{}, [][]time.Duration{}, map[string]int{}
	for _, f := range all {
		for _, s := range f.steps {
			i, known := place[s.name]
			if !known {
				i = len(steps)
				place[s.name] = i
				steps, took = append(steps, StepReport{Name: s.name}), append(took, nil)
			}
			steps[i].Attempted++
			if s.ok {
				steps[i].OK++
			}
			took[i] = append(took[i], s.took)
		}
	}
	for i := range steps {
		steps[i].LatencyMs = latencyOf(took[i])
	}
	return steps
}

func timelineOf(all []finished) []Moment {
	var last time.Duration
	for _, f := range all {
		last = max(last, f.meant)
	}
	if len(all) == 0 {
		return []Moment{}
	}
	line, took := make([]Moment, last/moment+1), make([][]time.Duration, last/moment+1)
	for _, f := range all {
		i := f.meant / moment
		took[i] = append(took[i], f.took)
		if f.cause == "" {
			line[i].OK++
		} else {
			line[i].Failed++
		}
	}
	for i := range line {
		l := latencyOf(took[i])
		line[i].AtMs, line[i].P50, line[i].Max = (time.Duration(i) * moment).Milliseconds(), l.P50, l.Max
	}
	return line
}

// JSON writes the report for programs.
func (r Report) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}

func hundredth(f float64) float64 { return math.Round(f*100) / 100 }
