package pgdev

import (
	"strings"
	"testing"
)

func TestOurs(t *testing.T) {
	t.Parallel()
	throwaway := startThrowaway(t)
	if err := Ours(t.Context(), throwaway.URL("postgres")); err != nil {
		t.Errorf("a throw-away server is not believed: %v", err)
	}
	dev := startDev(t, options(t))
	if err := Ours(t.Context(), dev.URL("postgres")); err != nil {
		t.Errorf("a development server is not believed: %v", err)
	}

	// The same server as somebody else would have started it.
	if err := throwaway.Halt(Fast); err != nil {
		t.Fatal(err)
	}
	id := throwaway.id
	throwaway.id = ""
	if err := throwaway.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	refuse(t, throwaway.URL("postgres"), "not started by the project")

	// One that carries an ID of which this machine has no marker.
	if err := throwaway.Halt(Fast); err != nil {
		t.Fatal(err)
	}
	throwaway.id = id + "X"
	if err := throwaway.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	refuse(t, throwaway.URL("postgres"), "no marker of the project")

	refuse(t, "postgres://postgres:verysecret@db.example.org:5432/openhouse", "is not this machine")
	refuse(t, "postgres://postgres:verysecret@127.0.0.1:1,db.example.org:5432/openhouse", "db.example.org is not this machine")
	refuse(t, "postgres://postgres:verysecret@10.0.0.7:5432/openhouse", "is not this machine")
	refuse(t, "postgres://postgres:verysecret@%zz/openhouse", "not an address")
	refuse(t, "postgres://postgres:verysecret@127.0.0.1:1/openhouse", "")
}

func refuse(t *testing.T, address, why string) {
	t.Helper()
	err := Ours(t.Context(), address)
	if err == nil {
		t.Error("a foreign server is believed")
		return
	}
	if !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "verysecret") {
		t.Errorf("error = %v, want %q and no password", err, why)
	}
}
