package fault

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"openhouse.example/tests/stack"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Outside the full run, which judges time, these tests mostly wait: more of them at once than there are cores.
	atOnce := "8"
	if full() {
		atOnce = "1"
	}
	if err := flag.Set("test.parallel", atOnce); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	answerNames()
	stack.Main(reporting{m})
}

// reporting runs the tests and then writes down what they have measured.
type reporting struct{ m *testing.M }

func (r reporting) Run() int {
	code := r.m.Run()
	if err := common.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if err := report.save(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func scaled[T any](short, long T) T {
	if full() {
		return long
	}
	return short
}
