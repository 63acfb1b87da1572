package main

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"openhouse.example/migrations"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/startup"
	"openhouse.example/packages/web/webtest"
)

// operator runs a company command under an environment of its own; said is both outputs.
func operator(db *pgtest.DB, vars map[string]string, args ...string) (code int, said string) {
	all := map[string]string{"DATABASE_MIGRATE_URL": db.AdminURL(), "OPENHOUSE_ENV": "development", "DEVELOPER_PUBLIC_URL": "http://localhost:3001"}
	for name, value := range vars {
		all[name] = value
	}
	lookup, environ := webtest.Environment(all)
	var out bytes.Buffer
	code = companies(args, lookup, environ, &out, &out)
	return code, out.String()
}

func TestAnOperatorMakesACompany(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	env := map[string]string{"DEVELOPER_PUBLIC_URL": s.public}
	create := []string{"create", "--name", " Quay  Homes ", "--admin-email", "Ada@Example.org", "--admin-name", "Ada Nolan"}
	code, said := operator(s.db, env, create...)
	if code != 0 || !strings.Contains(said, "made the company Quay Homes, short name quay-homes") || !strings.Contains(said, "72 hours") {
		t.Fatalf("code %d: %s", code, said)
	}
	link := s.linkIn(said)
	if mails := s.mails("staff_invite", "ada@example.org"); len(mails) != 1 || s.linkIn(mails[0]) != link {
		t.Errorf("the mail: %q", mails)
	}
	// Nobody can sign in before the administrator has chosen a password, the operator no more than others.
	if got := pgtest.Value[string](s.db, `select role || ' ' || has_password || ' ' || full_name from staff where email = 'ada@example.org'`); got != "admin false Ada Nolan" {
		t.Errorf("the administrator: %s", got)
	}
	if got := pgtest.Value[string](s.db, `select string_agg(actor_kind || ' ' || coalesce(actor_id::text, '-') || ' ' || action, ', ' order by id) from audit_log`); got != "operator - company.create, operator - staff.invite" {
		t.Errorf("the audit log: %s", got)
	}
	_, list := operator(s.db, env, "list")
	if !regexp.MustCompile(`quay-homes +Quay Homes .* 1 +0 +no administrator has come yet`).MatchString(list) {
		t.Errorf("the list:\n%s", list)
	}

	// Again: nothing happens, and the way to the link is named.
	if code, said := operator(s.db, env, create...); code != startup.ExitFailed || !strings.Contains(said, "company resend --slug quay-homes --admin-email ada@example.org") {
		t.Errorf("again: code %d: %s", code, said)
	}
	if n := pgtest.Value[int](s.db, `select count(*) from mail_outbox`) + pgtest.Value[int](s.db, `select count(*) from tenants`); n != 1+2 {
		t.Errorf("again: %d mails and companies", n)
	}
	code, said = operator(s.db, env, "resend", "--slug", "quay-homes", "--admin-email", "ada@example.org")
	if code != 0 {
		t.Fatalf("resend: code %d: %s", code, said)
	}
	second := s.linkIn(said)
	c := s.client()
	c.Get(second).Is(t, http.StatusOK).Says(t, "Welcome to Quay Homes", "ada@example.org")
	c.Post(second, url.Values{"password": {newPassword}, "repeat": {newPassword}}).Is(t, http.StatusSeeOther)
	c.Get(link).Is(t, http.StatusGone)
	c.Post("/sign-in", url.Values{"email": {"ada@example.org"}, "password": {newPassword}}).Is(t, http.StatusSeeOther)
	c.Get("/team").Is(t, http.StatusOK).Says(t, "Quay Homes", "Ada Nolan")
	if code, said := operator(s.db, env, "resend", "--slug", "quay-homes", "--admin-email", "ada@example.org"); code != startup.ExitFailed || !strings.Contains(said, "/forgot-password") {
		t.Errorf("resend to somebody who has come: code %d: %s", code, said)
	}
	if _, list := operator(s.db, env, "list"); !regexp.MustCompile(`quay-homes .* 1 +1 +active`).MatchString(list) {
		t.Errorf("the list:\n%s", list)
	}
}

// In production, and where a mail server is named, the link is in the mail and nowhere else.
func TestTheLinkIsPrintedOnlyWhereNoMailIsSent(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for name, env := range map[string]map[string]string{
		"production":    {"OPENHOUSE_ENV": "", "DEVELOPER_PUBLIC_URL": "https://staff.example.org"},
		"a mail server": {"SMTP_HOST": "mail.example.org"},
	} {
		slug := strings.ReplaceAll(name, " ", "-")
		code, said := operator(db, env, "create", "--name", name, "--admin-email", "ada@example.org")
		if code != 0 || strings.Contains(said, "/password/") {
			t.Errorf("%s: code %d: %s", name, code, said)
		}
		demo := pgtest.Value[bool](db, `select demo from tenants where slug = $1`, slug)
		body := pgtest.Value[string](db, `select m.body from mail_outbox m join tenants t on t.id = m.tenant_id where t.slug = $1`, slug)
		if demo != (name != "production") || !strings.Contains(body, "/password/") {
			t.Errorf("%s: demo %t, mail %q", name, demo, body)
		}
	}
	if body := pgtest.Value[string](db, `select body from mail_outbox m join tenants t on t.id = m.tenant_id where not t.demo`); !strings.Contains(body, "https://staff.example.org/password/") {
		t.Errorf("the link of production: %s", body)
	}
}

func TestWrongInputOfAnOperator(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	create := func(more ...string) []string { return append([]string{"create"}, more...) }
	for name, tc := range map[string]struct {
		args []string
		says []string
	}{
		"nothing":                {nil, []string{"say create, resend, list or identity-provider"}},
		"another word":           {[]string{"delete"}, []string{"say create, resend, list or identity-provider"}},
		"no name, no address":    {create(), []string{"--name is missing", "--admin-email is missing"}},
		"a wrong address":        {create("--name", "Quay Homes", "--admin-email", "ada at example"), []string{`"ada at example" is not one e-mail address`}},
		"two addresses":          {create("--name", "Quay Homes", "--admin-email", "a@example.org,b@example.org"), []string{"is not one e-mail address"}},
		"a name with a new line": {create("--name", "Quay Homes", "--admin-email", "a@example.org", "--admin-name", "Ada\x1b[2J"), []string{"--admin-name", "can't be shown"}},
		"too long a name":        {create("--name", strings.Repeat("quay ", 30), "--admin-email", "a@example.org"), []string{"longer than 120"}},
		"no letters":             {create("--name", "公園", "--admin-email", "a@example.org"), []string{"--slug is missing"}},
		"a wrong short name":     {create("--name", "Quay", "--slug", "Quay Homes", "--admin-email", "a@example.org"), []string{"is no short name"}},
		"a flag of nobody":       {create("--nam", "Quay"), []string{"-nam", "--name, --admin-email"}},
		"no quotation marks":     {create("--name", "Quay", "Homes", "--admin-email", "a@example.org"), []string{`"Homes" belongs to no flag`}},
		"resend to nobody":       {[]string{"resend"}, []string{"--slug is missing", "--admin-email is missing"}},
		"a list of something":    {[]string{"list", "--slug", "x"}, []string{"slug"}},
	} {
		code, said := operator(db, nil, tc.args...)
		if code != startup.ExitUsage {
			t.Errorf("%s: code %d: %s", name, code, said)
		}
		for _, want := range tc.says {
			if !strings.Contains(said, want) {
				t.Errorf("%s: does not say %q: %s", name, want, said)
			}
		}
	}
	good := create("--name", "Quay Homes", "--admin-email", "ada@example.org")
	for name, tc := range map[string]struct {
		vars map[string]string
		code int
		says string
	}{
		"no database named":          {map[string]string{"DATABASE_MIGRATE_URL": ""}, startup.ExitUsage, "DATABASE_MIGRATE_URL"},
		"no public address":          {map[string]string{"OPENHOUSE_ENV": "", "DEVELOPER_PUBLIC_URL": ""}, startup.ExitUsage, "DEVELOPER_PUBLIC_URL is required"},
		"a public address of nobody": {map[string]string{"OPENHOUSE_ENV": "", "DEVELOPER_PUBLIC_URL": "http://staff.example.org"}, startup.ExitUsage, "https"},
		"no server":                  {map[string]string{"DATABASE_MIGRATE_URL": "postgres://postgres:hush@127.0.0.1:1/openhouse"}, startup.ExitFailed, "nothing was changed"},
		"a portal's login":           {map[string]string{"DATABASE_MIGRATE_URL": db.StaffURL()}, startup.ExitFailed, "nothing was changed"},
	} {
		if code, said := operator(db, tc.vars, good...); code != tc.code || !strings.Contains(said, tc.says) || strings.Contains(said, "hush") {
			t.Errorf("%s: code %d, want %d and %q: %s", name, code, tc.code, tc.says, said)
		}
	}
	for args, says := range map[string]string{
		"--slug quay-homes --admin-email ada@example.org": "company list",
	} {
		if code, said := operator(db, nil, append([]string{"resend"}, strings.Fields(args)...)...); code != startup.ExitFailed || !strings.Contains(said, says) {
			t.Errorf("resend %s: code %d: %s", args, code, said)
		}
	}
	if code, said := operator(db, nil, "list"); code != 0 || said != "no companies\n" {
		t.Errorf("list: code %d: %s", code, said)
	}
	if err := migrations.Down(t.Context(), db.AdminURL(), migrations.Latest()-1, nil); err != nil {
		t.Fatal(err)
	}
	if code, said := operator(db, nil, good...); code != startup.ExitFailed || !strings.Contains(said, "run migrate up") {
		t.Errorf("an older schema: code %d: %s", code, said)
	}
}

func TestAnOperatorFindsNoAdministrator(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	if code, said := operator(db, nil, "create", "--name", "Quay Homes", "--admin-email", "ada@example.org"); code != 0 {
		t.Fatal(said)
	}
	for name, spoil := range map[string]string{
		"another address": `update staff set email = 'other@example.org'`,
		"not an admin":    `update staff set email = 'ada@example.org', role = 'viewer'`,
		"a disabled one":  `update staff set role = 'admin', disabled_at = now()`,
	} {
		db.Exec(spoil)
		if code, said := operator(db, nil, "resend", "--slug", "quay-homes", "--admin-email", "ada@example.org"); code != startup.ExitFailed || !strings.Contains(said, "no administrator ada@example.org") {
			t.Errorf("%s: code %d: %s", name, code, said)
		}
	}
	if n := pgtest.Value[int](db, `select count(*) from email_tokens`); n != 1 {
		t.Errorf("%d links", n)
	}
}

// Two operators at once make one company.
func TestTwoOperatorsMakeOneCompany(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	codes := make([]int, 4)
	var all sync.WaitGroup
	for i := range codes {
		all.Go(func() {
			codes[i], _ = operator(db, nil, "create", "--name", "Quay Homes", "--admin-email", "ada@example.org")
		})
	}
	all.Wait()
	made := 0
	for _, code := range codes {
		if code == 0 {
			made++
		}
	}
	if n := pgtest.Value[int](db, `select count(*) from tenants`); made != 1 || n != 1 {
		t.Errorf("%d of %v succeeded, %d companies", made, codes, n)
	}
}
