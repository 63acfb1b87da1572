package web_test

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"openhouse.example/packages/web"
)

func TestFormReadsSeveralIDs(t *testing.T) {
	t.Parallel()
	one, two := uuid.New(), uuid.New()
	f := posted(t, url.Values{"ids": {two.String(), one.String(), two.String()}, "bad": {one.String(), "x"}})
	if diff := cmp.Diff([]uuid.UUID{two, one}, f.IDs("ids", 2)); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if got := f.IDs("none", 2); got != nil || f.Err() != nil {
		t.Errorf("a missing field: %v, %v", got, f.Err())
	}
	f.IDs("ids", 1)
	f.IDs("bad", 2)
	wrong := web.Complaints(t.Context(), f.Err())
	if len(wrong) != 2 || wrong["ids"] == "" || wrong["bad"] == "" {
		t.Errorf("too many, and one that is none: %v", wrong)
	}
}
