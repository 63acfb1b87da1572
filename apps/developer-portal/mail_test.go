package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/startup"
	"openhouse.example/packages/web/webtest"
)

func mailIn(vars map[string]string, args ...string) (code int, said string) {
	var out bytes.Buffer
	lookup, environ := webtest.Environment(vars)
	code = mail(args, lookup, environ, &out, &out)
	return code, out.String()
}

func TestTheOperatorSeesDeadLettersAndTriesAgain(t *testing.T) {
	t.Parallel()
	database := pgtest.New(t)
	vars := map[string]string{"WORKER_DATABASE_URL": database.WorkerURL()}
	if code, said := mailIn(vars, "dead"); code != 0 || said != "no dead letters\n" {
		t.Errorf("code %d, %s", code, said)
	}
	company, id := uuid.New(), uuid.New()
	database.Exec(`insert into tenants (id, name, slug) values ($1, E'Harbour\x1b[2J Homes', 'harbour-homes')`, company)
	database.Exec(`insert into mail_outbox (tenant_id, id, kind, to_email, subject, body, state, attempts, last_error)
		values ($1, $2, 'resident_link', 'mia@example.org', 'Your link', 'https://homes.example.org/link/secret', 'failed', 4, '550 no such user')`, company, id)
	code, said := mailIn(vars, "dead")
	if code != 0 || strings.Contains(said, "mia@") || strings.Contains(said, "secret") || strings.Contains(said, "\x1b") {
		t.Errorf("code %d; it shows too much:\n%s", code, said)
	}
	for _, want := range []string{id.String(), "Harbour", "resident_link", "m…@example.org", "4", "550 no such user"} {
		if !strings.Contains(said, want) {
			t.Errorf("it doesn't show %q:\n%s", want, said)
		}
	}
	if code, said := mailIn(vars, "retry", id.String()); code != 0 || !strings.Contains(said, "in the queue again") {
		t.Errorf("code %d, %s", code, said)
	}
	if got := pgtest.Value[string](database, `select state from mail_outbox`); got != "queued" {
		t.Errorf("the mail is %s", got)
	}
	if code, said := mailIn(vars, "retry", id.String()); code != startup.ExitFailed || !strings.Contains(said, "no dead letter") {
		t.Errorf("once more: code %d, %s", code, said)
	}
}

func TestMailRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		vars map[string]string
		args []string
		code int
		says string
	}{
		{nil, nil, startup.ExitUsage, "say dead, or retry and an id"},
		{nil, []string{"retry"}, startup.ExitUsage, "say dead, or retry and an id"},
		{nil, []string{"retry", "all"}, startup.ExitUsage, `"all" is no id`},
		{nil, []string{"dead"}, startup.ExitUsage, "DATABASE_URL"},
	} {
		if code, said := mailIn(c.vars, c.args...); code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("%v: code %d, %s", c.args, code, said)
		}
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"mia@example.org": "m…@example.org", "łucja@example.org": "ł…@example.org", "mia": "…", "@example.org": "…", "": "…",
	} {
		if got := masked(address); got != want {
			t.Errorf("%q is shown as %q, want %q", address, got, want)
		}
	}
}
