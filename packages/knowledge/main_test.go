package knowledge

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"openhouse.example/packages/pgdev/pgtest"
)

// child, set in the environment, makes the test's program do one thing and end.
const child = "KNOWLEDGE_TEST_CHILD"

var children = map[string]func() error{}

func TestMain(m *testing.M) {
	if do := children[os.Getenv(child)]; do != nil {
		if err := do(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(wrapped{pgtest.Wrap(m)})
}

type wrapped struct{ m interface{ Run() int } }

// Run ends the shared extractor behind the tests.
func (w wrapped) Run() int {
	code := w.m.Run()
	if e, err := sharedExtractor(); err == nil {
		_ = e.Close(context.Background()) // the process ends
	}
	return code
}

// sharedExtractor keeps the compiled PDF reader for all tests, and between runs.
var sharedExtractor = sync.OnceValues(func() (*Extractor, error) { return NewExtractor(cacheDir()) })

func cacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "openhouse-tests", "pdf")
}

func extract(t testing.TB, raw []byte) Document {
	t.Helper()
	e, err := sharedExtractor()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := e.Extract(t.Context(), bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
