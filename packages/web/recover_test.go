package web_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestRecover(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.router.Get("/panic/{id}", func(http.ResponseWriter, *http.Request) { panic("secret detail") })
	w := s.do(get("/panic/7", "Accept", "application/json"))
	if w.Code != 500 || !strings.Contains(w.Body.String(), `"code":"internal"`) || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	line := s.log.records(t, "handler panicked")[0]
	if line["panic"] != "secret detail" || line["route"] != "/panic/{id}" || !strings.Contains(fmt.Sprint(line["stack"]), "recover_test.go") {
		t.Errorf("logged %v", line)
	}
}

// TestHalfAnAnswerIsCut: an error after the first byte can't become an answer.
func TestHalfAnAnswerIsCut(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(){
		"error": func() {},
		"panic": func() { panic("late") },
	} {
		s := newStand(t)
		s.on("/", func(w http.ResponseWriter, _ *http.Request) error {
			_, _ = w.Write([]byte("line 1\n"))
			fail()
			return errors.New("line 2 can't be read")
		})
		func() {
			defer func() {
				if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
					t.Errorf("%s: recover = %v, want the connection to be cut", name, p)
				}
			}()
			s.do(get("/"))
		}()
	}
}
