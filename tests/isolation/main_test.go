package isolation

import (
	"testing"

	"openhouse.example/tests/stack"
)

func TestMain(m *testing.M) { stack.Main(tests{m}) }

type tests struct{ m *testing.M }

func (t tests) Run() int { defer closeReader(); return t.m.Run() }
