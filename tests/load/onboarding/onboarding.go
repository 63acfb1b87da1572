// Package onboarding is what people do who scan the printed code of their new home: they open the page, the code is
// resolved, and they claim the home. It knows those three addresses of the tenant portal and nothing of how visits are
// timed.
package onboarding

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"

	"openhouse.example/tests/load"
)

// Scan is one person with one code in hand.
type Scan struct {
	Code        string
	Name, Email string // what the person says
}

// Visit has person n make scan n.
func Visit(c *load.Client, scans []Scan) load.Visit {
	return func(ctx context.Context, turn load.Turn, walk *load.Walk) {
		s := scans[turn.Number]
		page := func() (int, string) {
			status, _, cause := c.Ask(ctx, load.Question{Method: http.MethodGet, Path: "/onboarding/" + s.Code, Visitor: turn.Number, Want: http.StatusOK})
			return status, cause
		}
		resolve := func() (int, string) {
			status, body, cause := c.Ask(ctx, load.Question{Method: http.MethodGet, Path: "/api/onboarding/" + s.Code, Visitor: turn.Number, Want: http.StatusOK})
			if cause == "" {
				cause = notValid(body)
			}
			return status, cause
		}
		claim := func() (int, string) {
			status, _, cause := c.Ask(ctx, load.Question{
				Method: http.MethodPost, Path: "/api/onboarding/" + s.Code, Visitor: turn.Number, Want: http.StatusAccepted,
				Key: rand.Text(), Body: map[string]string{"fullName": s.Name, "email": s.Email},
			})
			return status, cause
		}
		_ = walk.Step("page", page) && walk.Step("resolve", resolve) && walk.Step("claim", claim)
	}
}

// notValid names what is wrong with the answer about a code that should work. What a portal says is not repeated, unless
// it is one of the states that there are.
func notValid(body []byte) string {
	var code struct{ State string }
	switch err := json.Unmarshal(body, &code); {
	case err != nil:
		return "an answer that is no JSON"
	case code.State == "valid":
		return ""
	case code.State == "revoked" || code.State == "unknown":
		return "the code is " + code.State
	}
	return "the code is in no state that is known"
}
