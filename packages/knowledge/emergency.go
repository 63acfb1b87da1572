package knowledge

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed emergency.txt
var emergencyFile string

// alarm is one line of the emergency file.
type alarm struct {
	kind   string
	all    [][]string // of each group one word must be there
	unless []string
}

var readAlarms = sync.OnceValue(func() []alarm {
	var alarms []alarm
	for line := range lines(emergencyFile) {
		kind, rest, _ := strings.Cut(line, ":")
		a := alarm{kind: kind}
		rest, unless, _ := strings.Cut(rest, "!")
		for group := range strings.FieldsSeq(rest) {
			a.all = append(a.all, alternatives(group))
		}
		if unless != "" {
			a.unless = alternatives(unless)
		}
		alarms = append(alarms, a)
	}
	return alarms
})

func alternatives(group string) []string {
	var out []string
	for w := range strings.SplitSeq(group, "|") {
		out = append(out, stem(strings.TrimSpace(w)))
	}
	return out
}

// Emergency is the kind of emergency that a text speaks of, as emergency.txt names it, in English or Polish; "" if it
// speaks of none.
func Emergency(question string) string {
	said := stemsOf(question)
	for _, a := range readAlarms() {
		if oneOf(said, a.unless) {
			continue
		}
		if !slices.ContainsFunc(a.all, func(group []string) bool { return !oneOf(said, group) }) {
			return a.kind
		}
	}
	return ""
}

func oneOf(said, group []string) bool {
	return slices.ContainsFunc(group, func(w string) bool { return slices.Contains(said, w) })
}
