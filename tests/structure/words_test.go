package structure

import "testing"

func TestSentencesInCodeAreFound(t *testing.T) {
	t.Parallel()
	seeded(t, "words", findSentences)
}

func TestTextsComeFromTheCatalogue(t *testing.T) {
	t.Parallel()
	pkgs := spoken(wholeTree(t))
	if len(pkgs) < 15 {
		t.Fatalf("only %d packages speak to people", len(pkgs))
	}
	for _, f := range findSentences(pkgs) {
		t.Error(f)
	}
}
