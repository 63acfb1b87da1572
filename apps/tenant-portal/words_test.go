package main

import (
	"testing"

	"openhouse.example/packages/ui/text"
)

// Every key that a page or handler uses exists with the arguments it needs, and every key is used.
func TestCatalogueAndCodeAgree(t *testing.T) {
	t.Parallel()
	if err := text.CheckUsage(text.Usage{Words: words, Root: "words", Dirs: []string{"."}}); err != nil {
		t.Fatal(err)
	}
}
