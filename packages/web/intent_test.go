package web_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"openhouse.example/packages/db"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

// asked sends a request and returns the Intent that its handler made of it.
func asked(t *testing.T, r *http.Request) db.Intent {
	t.Helper()
	s := newStand(t)
	var in db.Intent
	s.router.Post("/homes/{id}", s.app.Handle(func(w http.ResponseWriter, r *http.Request) error {
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			var body any
			if err := web.DecodeJSON(r, &body); err != nil {
				return err
			}
		} else if _, err := web.ReadForm(r); err != nil {
			return err
		}
		in = s.app.Intent(r)
		return ok(w, r)
	}))
	if r.Header.Get("Authorization") == "as-viewer" {
		r.Header.Set("Authorization", "Bearer "+s.portal.Token(t, auth.RoleViewer))
	}
	if w := s.do(r); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return in
}

func formRequest(path string, values url.Values) *http.Request {
	return request(http.MethodPost, path, values.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

func TestIntentOfAForm(t *testing.T) {
	t.Parallel()
	r := formRequest("/homes/14", url.Values{"name": {"14"}, "type": {"B"}, "idempotency_key": {"k-1"}})
	r.Header.Set("X-Request-Id", "edge-12345678")
	r.Header.Set("Authorization", "as-viewer")
	in := asked(t, r)
	if in.Key != "k-1" || in.Route != "POST /homes/{id}" || in.RequestID != "edge-12345678" || in.From.String() != "192.0.2.1" || len(in.BodyHash) != 32 {
		t.Errorf("Intent = %+v", in)
	}
	if in.Subject == [16]byte{} {
		t.Error("the person is missing")
	}
	same := asked(t, formRequest("/homes/14", url.Values{"type": {"B"}, "name": {"14"}, "idempotency_key": {"k-2"}}))
	if !bytes.Equal(in.BodyHash, same.BodyHash) {
		t.Error("the key itself or the order of the fields changes the hash")
	}
	for name, other := range map[string]*http.Request{
		"a field":     formRequest("/homes/14", url.Values{"name": {"14"}, "type": {"C"}, "idempotency_key": {"k-1"}}),
		"the home":    formRequest("/homes/15", url.Values{"name": {"14"}, "type": {"B"}, "idempotency_key": {"k-1"}}),
		"the query":   formRequest("/homes/14?x=1", url.Values{"name": {"14"}, "type": {"B"}, "idempotency_key": {"k-1"}}),
		"a new field": formRequest("/homes/14", url.Values{"name": {"14"}, "type": {"B"}, "z": {""}, "idempotency_key": {"k-1"}}),
	} {
		if bytes.Equal(in.BodyHash, asked(t, other).BodyHash) {
			t.Errorf("%s doesn't change the hash", name)
		}
	}
	if none := asked(t, formRequest("/homes/14", url.Values{"name": {"14"}})); none.Key != "" || none.BodyHash != nil {
		t.Errorf("without a key: %+v", none)
	}
}

func TestIntentOfJSON(t *testing.T) {
	t.Parallel()
	send := func(body, key string) db.Intent {
		return asked(t, request(http.MethodPost, "/homes/14", body, "Content-Type", "application/json", "Idempotency-Key", key))
	}
	first := send(`{"name":"14"}`, "k-1")
	if first.Key != "k-1" || len(first.BodyHash) != 32 {
		t.Errorf("Intent = %+v", first)
	}
	if again := send(`{"name":"14"}`, "k-1"); !bytes.Equal(first.BodyHash, again.BodyHash) {
		t.Error("the same body has another hash")
	}
	if other := send(`{"name":"15"}`, "k-1"); bytes.Equal(first.BodyHash, other.BodyHash) {
		t.Error("another body has the same hash")
	}
}

func TestIntentOfFiles(t *testing.T) {
	t.Parallel()
	send := func(boundary, content string) db.Intent {
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		if err := m.SetBoundary(boundary); err != nil {
			t.Fatal(err)
		}
		_ = m.WriteField("idempotency_key", "k-1")
		file, err := m.CreateFormFile("homes", "homes.csv")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(file, content)
		_ = m.Close()
		return asked(t, request(http.MethodPost, "/homes/14", body.String(), "Content-Type", m.FormDataContentType()))
	}
	first := send("one", "unit,name\n14,A\n")
	if first.Key != "k-1" || !bytes.Equal(first.BodyHash, send("two", "unit,name\n14,A\n").BodyHash) {
		t.Error("the same file sent again has another hash")
	}
	if bytes.Equal(first.BodyHash, send("one", "unit,name\n15,A\n").BodyHash) {
		t.Error("another file has the same hash")
	}
}

func TestIntentKeysFitTheTable(t *testing.T) {
	t.Parallel()
	key := func(given string) string {
		return asked(t, request(http.MethodPost, "/homes/14", "{}", "Content-Type", "application/json", "Idempotency-Key", given)).Key
	}
	if got := key("8e03978e-40d5-43e8-bc93-6894a57f9324"); got != "8e03978e-40d5-43e8-bc93-6894a57f9324" {
		t.Errorf("a plain key became %q", got)
	}
	long, longer := key(strings.Repeat("a", 129)), key(strings.Repeat("a", 130))
	if len(long) > 128 || !strings.HasPrefix(long, "sha256:") || long == longer {
		t.Errorf("long keys became %q and %q", long, longer)
	}
	if got := key("a\tb"); !strings.HasPrefix(got, "sha256:") {
		t.Errorf("an odd key became %q", got)
	}
}
