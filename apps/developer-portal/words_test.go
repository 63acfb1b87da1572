package main

import (
	"testing"

	"openhouse.example/packages/ui/text"
)

func TestEveryWordIsThereAndUsed(t *testing.T) {
	t.Parallel()
	if err := text.CheckUsage(text.Usage{Words: words, Root: "words", Dirs: []string{"."}}); err != nil {
		t.Fatal(err)
	}
}
