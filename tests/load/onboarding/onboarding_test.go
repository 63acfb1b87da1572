package onboarding

import "testing"

func TestWhatTheAnswerAboutACodeSays(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"state":"valid","company":"Harbour Homes"}`: "",
		`{"state":"revoked"}`:                         "the code is revoked",
		`{"state":"K7QF-2M9D"}`:                       "the code is in no state that is known",
		`{}`:                                          "the code is in no state that is known",
		`<h1>Welcome</h1>`:                            "an answer that is no JSON",
	} {
		if got := notValid([]byte(body)); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}
