package stack

import (
	"strings"
	"testing"
)

func TestATerseLogKeepsWhatIsTrouble(t *testing.T) {
	t.Parallel()
	const (
		served  = "time=1 level=INFO msg=request portal=p status=200 ms=1\n"
		refused = "time=2 level=INFO msg=request portal=p status=404 ms=1\n"
		failed  = "time=3 level=INFO msg=request portal=p status=503 ms=1\n"
		away    = "time=4 level=ERROR msg=\"database is away\" portal=p\n"
		runtime = "  G7: status=4(select) m=nil lockedm=nil\n"
	)
	o := &output{terse: true}
	all := served + refused + failed + served + away + runtime + "half a li"
	for i := 0; i < len(all); i += 7 { // a pipe breaks where it likes
		if _, err := o.Write([]byte(all[i:min(i+7, len(all))])); err != nil {
			t.Fatal(err)
		}
	}
	if want := refused + failed + away + runtime + "half a li"; o.String() != want {
		t.Errorf("kept\n%s\nwant\n%s", o.String(), want)
	}
	p := &Portal{out: o}
	if got, want := p.Trouble(), failed+away+"half a li"; got != want {
		t.Errorf("trouble is\n%s\nwant\n%s", got, want)
	}
	whole := &output{}
	_, _ = whole.Write([]byte(all))
	if !strings.HasPrefix(whole.String(), served) {
		t.Errorf("a whole log has lost %q: %q", served, whole.String())
	}
}
