package fault

import (
	"fmt"
	"os"
	"testing"

	"openhouse.example/tests/stack"
)

func TestMain(m *testing.M) {
	stack.MostlyWaits()
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
