package deploycheck

import (
	"os"
	"path/filepath"
	"testing"
)

// top is the folder of the checkout, seen from this one.
const top = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
