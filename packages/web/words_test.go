package web

import (
	"testing"

	"openhouse.example/packages/ui/text"
)

// Every sentence that the code names is in the catalogue, with the arguments it needs, and every one there is used.
func TestEveryWordIsThereAndUsed(t *testing.T) {
	t.Parallel()
	if err := text.CheckUsage(text.Usage{Words: words, Root: "words", Dirs: []string{"."}}); err != nil {
		t.Fatal(err)
	}
}
