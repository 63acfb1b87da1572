package balancer

import (
	"testing"
	"time"

	"openhouse.example/tests/stack"
)

func TestMain(m *testing.M) {
	stack.MostlyWaits()
	stack.Main(m)
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
