package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A list has pages from 1 on; those beside one keep whatever else the address asks for.
func TestPages(t *testing.T) {
	t.Parallel()
	ask := func(query string) *http.Request { return httptest.NewRequest(http.MethodGet, "/homes"+query, nil) }
	for query, want := range map[string]Page{"": {1, 50}, "?page=3": {3, 50}, "?page=100000": {100_000, 50}} {
		if got, err := PageOf(ask(query), 50); err != nil || got != want {
			t.Errorf("%q: %+v, %v", query, got, err)
		}
	}
	for _, query := range []string{"?page=0", "?page=-1", "?page=x", "?page=1.5", "?page=100001", "?page=99999999999999999999"} {
		if _, err := PageOf(ask(query), 50); err == nil {
			t.Errorf("%q is taken", query)
		}
	}
	if got := (Page{Number: 3, Size: 50}).Offset(); got != 100 {
		t.Errorf("%d lines before page 3", got)
	}
	previous, next := Page{Number: 2, Size: 50}.Beside(ask("?q=a+b&page=2"), true)
	if !strings.Contains(previous, "page=1") || !strings.Contains(next, "page=3") || !strings.Contains(next, "q=a+b") {
		t.Errorf("beside page 2: %q, %q", previous, next)
	}
	if previous, next := (Page{Number: 1, Size: 50}).Beside(ask(""), false); previous != "" || next != "" || OrNull(next) != nil {
		t.Errorf("beside the only page: %q, %q", previous, next)
	}
	if got := OrNull("/homes?page=2"); got == nil || *got != "/homes?page=2" {
		t.Errorf("an address became %v", got)
	}
}
