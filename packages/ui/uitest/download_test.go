package uitest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"openhouse.example/packages/ui/uitest"
)

func TestDownloads(t *testing.T) {
	b := uitest.Start(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, page(`<a id=a href="/a.txt">A</a> <a id=b href="/b.txt">B</a>`))
	})
	mux.HandleFunc("/{file}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Disposition", "attachment")
		fmt.Fprint(w, "this is ", r.PathValue("file"))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for _, scripts := range []bool{true, false} {
		p := b.Open(t, server.URL, uitest.View{NoScript: !scripts})
		for _, file := range []string{"a", "b"} {
			if got := string(p.Download("#" + file)); got != "this is "+file+".txt" {
				t.Errorf("scripts %t: %q came", scripts, got)
			}
		}
		wants(t, "problems", p.Problems())
	}
}
