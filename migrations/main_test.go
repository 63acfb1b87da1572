package migrations_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"openhouse.example/packages/pgdev/pgtest"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(m)) }
