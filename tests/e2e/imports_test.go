package e2e

import (
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"openhouse.example/tests/e2e/visit"
)

// imported is an import as a program sees it.
type imported struct {
	ID, DevelopmentID, State, Note, Version  string
	Rows, New, Changed, Unchanged, Errors    int
	Encoding, Delimiter, DateOrder, FileName string
	DateAmbiguous                            bool
	Problems                                 []rowProblem
	List                                     []struct {
		Line     int
		HomeID   string
		Problems []rowProblem
	}
}

type rowProblem struct {
	Line                 int
	Field, Code, Message string
}

// createDevelopment makes a development through the form and returns its page.
func createDevelopment(t testing.TB, v *visit.Visitor, name string) string {
	t.Helper()
	page := v.Form(v.Get("/developments/new").Want(200), "/developments").Set("name", name).Send().Want(200).Says(name)
	if !strings.HasPrefix(page.URL.Path, "/developments/") {
		t.Fatalf("after making %s the page is %s", name, page.URL)
	}
	return page.URL.Path
}

// upload gives a file in through the form, as a browser does, and returns the page on which it ends.
func upload(v *visit.Visitor, development, name string, content []byte) *visit.Answer {
	return v.Form(v.Get(development+"/import").Want(200), "/import").Attach("file", name, content).Send()
}

// settled waits until nobody works on the import any more, and returns how it is then.
func settled(t testing.TB, v *visit.Visitor, address string) imported {
	t.Helper()
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var i imported
		v.JSON(http.MethodGet, "/api/imports/"+path.Base(address), nil).Want(200).Decode(&i)
		if i.State != "uploaded" && i.State != "committing" {
			return i
		}
	}
	t.Fatalf("%s has not settled within 90 s", address)
	return imported{}
}

// preview gives a file in and waits for what the portal says it would do.
func preview(t testing.TB, v *visit.Visitor, development, name string, content []byte) (address string, i imported) {
	t.Helper()
	page := upload(v, development, name, content).Want(200)
	if !strings.HasPrefix(page.URL.Path, "/imports/") {
		t.Fatalf("after the upload the page is %s: %.500s", page.URL, page.Text())
	}
	return page.URL.Path, settled(t, v, page.URL.Path)
}

// commit presses the button of the preview and waits for the end.
func commit(t testing.TB, v *visit.Visitor, address string) imported {
	t.Helper()
	v.Form(v.Get(address).Want(200), "/commit").Send().Want(200)
	return settled(t, v, address)
}

func (i imported) counts() string {
	return fmt.Sprintf("%s: %d rows, %d new, %d changed, %d unchanged, %d errors", i.State, i.Rows, i.New, i.Changed, i.Unchanged, i.Errors)
}

func wantCounts(t testing.TB, i imported, want string) {
	t.Helper()
	if got := i.counts(); got != want {
		t.Errorf("the import is %s; want %s; problems %v", got, want, i.Problems)
	}
}
