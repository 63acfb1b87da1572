package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/packages/web/webtest"
)

// Where mail is sent, and in production, there is no page that shows it: the list of routes is the other one
// (testdata/routes.golden) without the outbox.
func TestRoutesWithoutTheOutbox(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	with, err := os.ReadFile("testdata/routes.golden")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	gone := 0
	for line := range strings.Lines(string(with)) {
		if strings.Contains(line, "/outbox") {
			gone++
			continue
		}
		want.WriteString(line)
	}
	got := webtest.Text(webtest.Routes(t, routes(s.base.App, s.portal, false)))
	if diff := cmp.Diff(want.String(), got); diff != "" || gone != 3 {
		t.Errorf("%d routes of the outbox; the others (-with +without):\n%s", gone, diff)
	}
}

func TestTheOutboxIsThereInDevelopmentWithoutAMailServerOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change map[string]string
		want   bool
	}{
		"development":                      {map[string]string{"OPENHOUSE_ENV": "development"}, true},
		"development with a mail server":   {map[string]string{"OPENHOUSE_ENV": "development", "SMTP_HOST": "localhost"}, false},
		"production":                       {map[string]string{}, false},
		"production with a mail server":    {map[string]string{"SMTP_HOST": "smtp.example.org"}, false},
		"production that is said to be so": {map[string]string{"OPENHOUSE_ENV": "production"}, false},
	} {
		vars := production()
		for k, v := range c.change {
			vars[k] = v
		}
		cfg, err := loadConfig(webtest.Environment(vars))
		if err != nil || cfg.Outbox() != c.want {
			t.Errorf("%s: an outbox page: %t, want %t (%v)", name, cfg.Outbox(), c.want, err)
		}
	}
}
