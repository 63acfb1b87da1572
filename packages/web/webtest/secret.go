package webtest

import "testing"

// KeepsItsSecret wants the headers of a page with a secret in its address (web.Secret): no cache and no search engine
// has it, and no other site is told the address.
func (a Answer) KeepsItsSecret(t testing.TB, page string) {
	t.Helper()
	for header, want := range map[string]string{"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "same-origin"} {
		if got := a.Header.Values(header); len(got) != 1 || got[0] != want {
			t.Errorf("%s (%d): %s is %q, want %q", page, a.StatusCode, header, got, want)
		}
	}
}
