package mailing_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"openhouse.example/apps/developer-portal/internal/mailing"
	"openhouse.example/apps/developer-portal/internal/mailing/smtptest"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/platform/jobs"
)

func TestTwoWorkersSendTwoHundredMailsOnceEach(t *testing.T) {
	t.Parallel()
	const all = 200
	server, p := smtptest.New(t, smtptest.StartTLS), newPost(t)
	for i := range all {
		p.add(p.companies[i%2], "mia@example.org")
	}
	for range 2 {
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		loop := &jobs.Loop{Name: "mail", AtOnce: 4, Log: quiet, Stop: patience, Source: &mailing.Queue{Pool: p.pool(), Sender: sender(t, server, nil), Log: quiet}}
		go func() { ended <- loop.Run(ctx) }()
		t.Cleanup(func() {
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	for limit := time.Now().Add(3 * patience); pgtest.Value[int64](p.DB, `select count(*) from mail_outbox where state = 'sent'`) < all; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("they are not all sent")
		}
	}
	times, senders := map[string]int{}, map[string]int{}
	for _, m := range server.Taken() {
		times[m.Header(t, "Message-Id")]++
		senders[m.Header(t, "From")]++
	}
	if len(times) != all || len(server.Taken()) != all {
		t.Errorf("%d letters with %d different ids, want %d of each", len(server.Taken()), len(times), all)
	}
	if len(senders) != 2 {
		t.Errorf("they come from %v, want each company", senders)
	}
	if n := pgtest.Value[int64](p.DB, `select count(*) from audit_log a join mail_outbox m on m.id = a.object_id and m.tenant_id = a.tenant_id
		where a.action = 'mail.sent' and a.actor_kind = 'worker'`); n != all {
		t.Errorf("%d entries in the audit log", n)
	}
	if n := pgtest.Value[int64](p.DB, `select count(*) from mail_outbox where body like '%link%'`); n != 0 {
		t.Errorf("%d mails that are sent keep their links", n)
	}
}

func TestHowAnAttemptEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		to      string
		answer  error
		late    bool // the time to give up is near
		state   string
		says    string
		attempt int64
	}{
		"later":             {"mia@example.org", &smtptest.Refusal{Code: 450, Message: "grey list, mia@example.org"}, false, "queued", "450", 1},
		"never":             {"mia@example.org", &smtptest.Refusal{Code: 550, Message: "no mia@example.org here"}, false, "failed", "550", 1},
		"later, but late":   {"mia@example.org", &smtptest.Refusal{Code: 450, Message: "grey list"}, true, "failed", "450", 1},
		"no address at all": {"mia, eve@example.org", nil, false, "failed", "not one address", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, p := smtptest.New(t, smtptest.StartTLS), newPost(t)
			server.Rcpt = func(string) error { return c.answer }
			p.add(p.companies[0], c.to)
			if c.late {
				p.Exec(`update mail_outbox set give_up_at = now() + interval '1 second'`)
			}
			q := &mailing.Queue{Pool: p.pool(), Sender: sender(t, server, nil), Log: quiet}
			once(t, q)
			got := pgtest.Value[string](p.DB, `select state || ' ' || last_error from mail_outbox`)
			if !strings.HasPrefix(got, c.state+" ") || !strings.Contains(got, c.says) || strings.Contains(got, "mia@") {
				t.Errorf("the mail is %q, want %s and %s", got, c.state, c.says)
			}
			if wait := pgtest.Value[float64](p.DB, `select extract(epoch from next_at - now())::float8 from mail_outbox`); c.state == "queued" && wait > 2.5 {
				t.Errorf("it is tried again in %.1f s", wait)
			}
			dead := pgtest.Value[int64](p.DB, `select count(*) from audit_log where action = 'mail.failed'`)
			if want := map[bool]int64{true: 1}[c.state == "failed"]; dead != want {
				t.Errorf("%d entries about its end, want %d", dead, want)
			}
			if c.state == "failed" { // and stays so
				if do, err := q.Take(t.Context()); do != nil || err != nil {
					t.Errorf("a dead letter was taken again (%v)", err)
				}
				return
			}
			server.Rcpt = nil
			p.Exec(`update mail_outbox set next_at = now()`)
			once(t, q)
			if got := pgtest.Value[string](p.DB, `select state || last_error || attempts::text from mail_outbox`); got != "sent2" || len(server.Taken()) != 1 {
				t.Errorf("after the second attempt the mail is %q, %d were taken", got, len(server.Taken()))
			}
		})
	}
}

// While the mail server is down, or our password is wrong, no mail becomes a dead letter.
func TestAnOutageKillsNoMail(t *testing.T) {
	t.Parallel()
	server, p := smtptest.New(t, smtptest.StartTLS), newPost(t)
	p.add(p.companies[0], "mia@example.org")
	pool := p.pool()
	once(t, &mailing.Queue{Pool: pool, Sender: sender(t, server, map[string]string{"SMTP_PASSWORD": "guess"}), Log: quiet})
	if got := pgtest.Value[string](p.DB, `select state from mail_outbox`); got != "queued" {
		t.Errorf("the mail is %s", got)
	}
	p.Exec(`update mail_outbox set next_at = now()`)
	once(t, &mailing.Queue{Pool: pool, Sender: sender(t, server, nil), Log: quiet})
	server.Wait(t, 1)
}

// What lay in the outbox for days is not sent when a mail server comes: its links are dead.
func TestWhatIsTooLateIsNotSent(t *testing.T) {
	t.Parallel()
	server, p := smtptest.New(t, smtptest.StartTLS), newPost(t)
	p.add(p.companies[0], "mia@example.org")
	p.Exec(`update mail_outbox set give_up_at = now() - interval '1 hour'`)
	once(t, &mailing.Queue{Pool: p.pool(), Sender: sender(t, server, nil), Log: quiet})
	if got := pgtest.Value[string](p.DB, `select state || ': ' || last_error from mail_outbox`); got != "failed: it could not be sent in time" || len(server.Taken()) != 0 {
		t.Errorf("the mail is %q, %d were taken", got, len(server.Taken()))
	}
}

// A worker that is so slow that its lease ends can't change what the next one does, and notes nothing.
func TestALateWorkerChangesNothing(t *testing.T) {
	t.Parallel()
	server, p := smtptest.New(t, smtptest.StartTLS), newPost(t)
	p.add(p.companies[0], "mia@example.org")
	pool := p.pool()
	q := &mailing.Queue{Pool: pool, Sender: sender(t, server, nil), Log: quiet}
	slow, found, err := platform.ClaimMail(t.Context(), pool, time.Hour)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	if do, err := q.Take(t.Context()); do != nil || err != nil {
		t.Fatalf("it was taken although its lease holds (%v)", err)
	}
	p.Exec(`update mail_outbox set next_at = now()`) // an hour later
	next, err := q.Take(t.Context())
	if err != nil || next == nil {
		t.Fatalf("nothing was taken: %v", err)
	}
	for name, err := range map[string]error{
		"sent":   slow.Sent(t.Context(), pool),
		"failed": slow.Fail(t.Context(), pool, "x"),
	} {
		if !errors.Is(err, platform.ErrLeaseLost) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := slow.Postpone(t.Context(), pool, time.Second, "x"); !errors.Is(err, platform.ErrLeaseLost) {
		t.Errorf("put off: %v", err)
	}
	if _, err := slow.Read(t.Context(), pool); !errors.Is(err, platform.ErrLeaseLost) {
		t.Errorf("read: %v", err)
	}
	next(t.Context())
	if got := pgtest.Value[string](p.DB, `select state from mail_outbox`); got != "sent" || len(server.Taken()) != 1 {
		t.Errorf("the mail is %s, %d were taken", got, len(server.Taken()))
	}
}

func TestDeadLettersAndTheirSecondChance(t *testing.T) {
	t.Parallel()
	server, p := smtptest.New(t, smtptest.StartTLS), newPost(t)
	pool := p.pool()
	var ids []string
	for i, to := range []string{"ann@example.org", "ben@example.org"} {
		ids = append(ids, p.add(p.companies[i], to).String())
	}
	p.Exec(`update mail_outbox set state = 'failed', attempts = 3, last_error = '550 no', give_up_at = now() where to_email = 'ben@example.org'`)
	dead, err := platform.DeadLetters(t.Context(), pool, 10)
	if err != nil || len(dead) != 1 {
		t.Fatalf("%+v %v", dead, err)
	}
	if d := dead[0]; d.ID.String() != ids[1] || d.Company != "Wiśniowy Sad" || d.To != "ben@example.org" || d.Attempts != 3 || d.Why != "550 no" || d.Kind != "resident_link" {
		t.Errorf("%+v", d)
	}
	found, err := platform.RetryMail(t.Context(), pool, dead[0].ID)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	if again, err := platform.RetryMail(t.Context(), pool, dead[0].ID); again || err != nil {
		t.Errorf("it was put back twice (%v)", err)
	}
	if n := pgtest.Value[int64](p.DB, `select count(*) from audit_log where action = 'mail.retry' and actor_kind = 'operator' and object_id = '`+ids[1]+`'`); n != 1 {
		t.Errorf("%d entries in the audit log", n)
	}
	q := &mailing.Queue{Pool: pool, Sender: sender(t, server, nil), Log: quiet}
	once(t, q)
	once(t, q)
	if got := pgtest.Value[string](p.DB, `select string_agg(state || attempts::text, ' ' order by to_email) from mail_outbox`); got != "sent1 sent4" {
		t.Errorf("the mails are %q", got)
	}
}
