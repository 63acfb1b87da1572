package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// FuzzForm reads bodies as anything that a client may call them: what can't be read is the client's mistake, and what
// is read can be stored.
func FuzzForm(f *testing.F) {
	const part = "--x\r\nContent-Disposition: form-data; name=\"name\"; filename=\"a.csv\"\r\n\r\n1\r\n"
	f.Add("application/x-www-form-urlencoded", "name=Longview%20Park&name=b&id=7")
	f.Add("application/x-www-form-urlencoded", "name=%ff%00&;&=&%zz")
	f.Add("multipart/form-data; boundary=x", part+"--x--\r\n")
	f.Add("multipart/form-data; boundary=x", part+part+"--x")
	f.Add("multipart/form-data; boundary=\"\"", part)
	f.Add("multipart/form-data", "--\r\n\r\n----")
	f.Add("text/plain; charset=\"", "name=a")
	f.Fuzz(func(t *testing.T, kind, body string) {
		r := httptest.NewRequest(http.MethodPost, "/?name=query", strings.NewReader(body))
		r.Header["Content-Type"] = []string{kind}
		form, err := web.ReadForm(r)
		if r.MultipartForm != nil {
			defer func() { _ = r.MultipartForm.RemoveAll() }()
		}
		if err != nil {
			var wrong *web.Error
			if !errors.As(err, &wrong) || wrong.Status != http.StatusBadRequest {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		line, id := form.Line("name", 20), form.ID("id")
		form.Require("name")
		switch err := form.Err(); {
		case err == nil && (!utf8.ValidString(line) || utf8.RuneCountInString(line) > 20 || strings.ContainsFunc(line, func(c rune) bool { return unicode.IsControl(c) && c != '\t' }) || strings.TrimSpace(line) == ""):
			t.Errorf("%q is taken for a line", line)
		case err == nil && strings.Contains(line, "query"):
			if !strings.Contains(body, "query") {
				t.Errorf("%q comes from the query", line)
			}
		}
		_ = id
	})
}

// FuzzAcceptLanguage asks in any language: the answer is in one that there is, and says something.
func FuzzAcceptLanguage(f *testing.F) {
	for _, seed := range []string{"", "pl", "de, pl-PL;q=0.7, en;q=0.3", "*", "en;q=", "x-klingon", "zh-Hant-u-nu-hanidec", "en-u-ca-" + strings.Repeat("a-", 500), "\xff;q=2", strings.Repeat("pl,", 2000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, wanted string) {
		ctx := text.With(t.Context(), wanted)
		lang := text.Lang(ctx)
		if lang != "en" && lang != "pl" {
			t.Fatalf("%q is answered in %q", wanted, lang)
		}
		if said := text.T(ctx, "test.odd"); said != "Odd." && said != "Dziwne." {
			t.Fatalf("%q: %q", wanted, said)
		}
	})
}
