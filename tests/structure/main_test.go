package structure

import (
	"testing"

	"openhouse.example/packages/pgdev/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
