package portal

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"openhouse.example/packages/platform"
	"openhouse.example/packages/web"
)

// complaint is what newPassword says of a password, "" for nothing.
func complaint(t *testing.T, password string) string {
	t.Helper()
	form, err := web.ReadForm(httptest.NewRequest(http.MethodPost, "/", http.NoBody))
	if err != nil {
		t.Fatal(err)
	}
	in := input{form}
	in.newPassword("password", password, "nora.byrne@example.org", "Harbour Homes Ltd.")
	return web.Complaints(t.Context(), in.Err())["password"]
}

func TestPasswordsThatMayBeChosen(t *testing.T) {
	t.Parallel()
	hasher := platform.NewPasswords(1)
	for _, password := range []string{
		"correct horse battery", "Longview Park is open", "483920174652", "Zwölf Boxkämpfer!", "nor a bee in sight", "!?;:.,-_#+*=&%",
		"☂☃☄★☆☇☈☉☊☋☌☍", strings.Repeat("höher ", 42) + "💡💡💡💡", strings.Repeat("💡🔥🌊🌬", 63) + "abcd", "monkey wrench in the sunshine", "aaa bbb ccc ddd",
	} {
		if got := complaint(t, password); got != "" {
			t.Errorf("%q is refused: %s", password, got)
		}
		if _, err := hasher.Hash(t.Context(), password); err != nil {
			t.Errorf("%q passes the rules and can't be stored: %v", password, err)
		}
	}
}

func TestPasswordsThatAreRefused(t *testing.T) {
	t.Parallel()
	for says, passwords := range map[string][]string{
		"Fill this in":         {""},
		"password.too-short":   {"elevenchars", "ΑΒΓΔΕΖΗΘΙΚΛ", "           "},
		"password.too-long":    {strings.Repeat("höher ", 43)},
		"password.common":      {"password1234", "Password2027!", "P@ssw0rd!!!!", "1234567890123", "210987654321", "qwertyuiop123", "QWERTZUIOPAS", "1q2w3e4r5t6y", "passwordpassword", "iloveyou2027!!", "letmeinletmein", "welcome-admin-1", "aaaaaaaaaaaa", "abcabcabcabc", "20272027202720", "????????????", "💡💡💡💡💡💡💡💡💡💡💡💡", "!!!passwort!!!", "Pässwörd 12345"},
		"password.has-address": {"norabyrne1998", "Nora Byrne is in", "my nora.byrne@example.org", "NORA-BYRNE, 1998"},
		"password.has-company": {"Harbour Homes Ltd 7", "we are harbourhomesltd", "H.a.r.b.o.u.r-Homes"},
	} {
		for _, password := range passwords {
			if got := complaint(t, password); !strings.HasPrefix(got, says) {
				t.Errorf("%q: %q, want %q", password, got, says)
			}
		}
	}
}

// Every word is in the form in which it is looked up, else it would never be found.
func TestCommonWordsAreBare(t *testing.T) {
	t.Parallel()
	if len(common) < 100 {
		t.Fatalf("only %d words", len(common))
	}
	for word := range common {
		if word == "" || bare(word) != word {
			t.Errorf("%q is not bare", word)
		}
	}
}
