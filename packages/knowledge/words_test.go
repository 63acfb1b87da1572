package knowledge

import (
	"testing"

	"openhouse.example/packages/ui/text"
)

func TestEveryReasonHasWords(t *testing.T) {
	t.Parallel()
	if err := text.CheckUsage(text.Usage{Words: words, Root: "words", Dirs: []string{"."}}); err != nil {
		t.Error(err)
	}
	for _, r := range []Reason{Picture, Scanned, Empty, Encrypted, Damaged, Unsupported, TooLarge, TooLong, Bomb, TooSlow} {
		if said := r.Message().In(t.Context()); len(said) < 30 || said == "knowledge.reason."+string(r) {
			t.Errorf("%s says %q", r, said)
		}
		if r.State() == Ready {
			t.Errorf("%s is ready", r)
		}
	}
	if Reason("").State() != Ready || Reason("").Message().In(t.Context()) != "" {
		t.Error("no reason says something")
	}
}
