package main

import (
	"net/http"
	"strings"
	"testing"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/startup"
)

// TestAnOperatorSetsAnIdentityProvider: from the command to somebody's session, changed, and off again.
func TestAnOperatorSetsAnIdentityProvider(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := newProvider(t)
	slug := pgtest.Value[string](s.db, `select slug from tenants`)
	email := s.emailOf(s.addStaff(s.company, auth.RoleDeveloper))
	s.client().exchange(p.token(email, nil)).Is(t, http.StatusUnauthorized)

	set := []string{"identity-provider", "set", "--slug", slug, "--issuer", p.issuer, "--audience", "another", "--keys", p.URL + "/keys"}
	if code, said := operator(s.db, nil, set...); code != 0 || !strings.Contains(said, "signed with RS256") || !strings.Contains(said, "it has 1 keys") {
		t.Fatalf("code %d: %s", code, said)
	}
	s.client().exchange(p.token(email, nil)).Is(t, http.StatusUnauthorized) // for another audience, and by another algorithm
	set[7] = "openhouse"
	if code, said := operator(s.db, nil, append(set, "--algorithms", "RS256, EdDSA")...); code != 0 || !strings.Contains(said, "RS256 or EdDSA") {
		t.Fatalf("code %d: %s", code, said)
	}
	s.client().exchange(p.token(email, nil)).Is(t, http.StatusOK)
	if _, list := operator(s.db, nil, "identity-provider", "list", "--slug", slug); strings.Count(list, "\n") != 2 || !strings.Contains(list, "RS256,EdDSA  on") {
		t.Errorf("the list:\n%s", list)
	}

	off := []string{"identity-provider", "off", "--slug", slug, "--issuer", p.issuer}
	if code, said := operator(s.db, nil, off...); code != 0 || !strings.Contains(said, "takes no more tokens") {
		t.Fatalf("code %d: %s", code, said)
	}
	s.client().exchange(p.token(email, nil)).Is(t, http.StatusUnauthorized)
	if code, said := operator(s.db, nil, off...); code != startup.ExitFailed || !strings.Contains(said, "takes no tokens of") {
		t.Errorf("off twice: code %d: %s", code, said)
	}
	if got := pgtest.Value[string](s.db, `select string_agg(actor_kind || ' ' || action, ', ' order by at, id) from audit_log where object = 'identity_provider' and action like 'identity%'`); got !=
		"operator identity_provider.set, operator identity_provider.set, operator identity_provider.off" {
		t.Errorf("the audit log: %s", got)
	}
	// An address that nobody answers at is stored, and said to be so.
	p.Close()
	if code, said := operator(s.db, nil, set...); code != 0 || !strings.Contains(said, "careful: its keys can't be fetched") {
		t.Errorf("code %d: %s", code, said)
	}
}

func TestWrongIdentityProviderCommandsChangeNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	slug := pgtest.Value[string](s.db, `select slug from tenants`)
	good := map[string]string{
		"slug": slug, "issuer": "https://sign-in.example.org", "audience": "openhouse", "keys": "https://sign-in.example.org/keys", "algorithms": "ES256",
	}
	with := func(name, value string) []string {
		args := []string{"identity-provider", "set"}
		for _, flag := range providerCommands["set"] {
			v := good[flag]
			if flag == name {
				v = value
			}
			args = append(args, "--"+flag, v)
		}
		return args
	}
	production := map[string]string{"OPENHOUSE_ENV": "production"}
	for name, c := range map[string]struct {
		env  map[string]string
		args []string
		says string
	}{
		"nothing":                   {nil, []string{"identity-provider"}, "say set, off or list"},
		"another word":              {nil, []string{"identity-provider", "delete"}, "say set, off or list"},
		"all flags missing":         {nil, []string{"identity-provider", "set"}, "--keys is missing"},
		"an unknown flag":           {nil, append(with("", ""), "--secret", "x"), "its flags: --slug, --issuer"},
		"a word more":               {nil, append(with("", ""), "please"), "belongs to no flag"},
		"another company":           {nil, with("slug", "nobody-homes"), "there is no company nobody-homes"},
		"an issuer over http":       {production, with("issuer", "http://sign-in.example.org"), "--issuer must start with https://"},
		"keys over http":            {production, with("keys", "http://sign-in.example.org/keys"), "--keys must start with https://"},
		"keys from this machine":    {production, with("keys", "http://127.0.0.1/keys"), "--keys must start with https://"},
		"keys over http from afar":  {nil, with("keys", "http://sign-in.example.org/keys"), "--keys must start with https://"},
		"a shared secret":           {nil, with("algorithms", "HS256"), `--algorithms has "HS256"`},
		"no signature":              {nil, with("algorithms", "RS256,none"), `--algorithms has "none"`},
		"production without itself": {map[string]string{"DATABASE_MIGRATE_URL": ""}, with("", ""), "DATABASE_MIGRATE_URL"},
	} {
		code, said := operator(s.db, c.env, c.args...)
		if code == 0 || !strings.Contains(said, c.says) {
			t.Errorf("%s: code %d, want it to say %q:\n%s", name, code, c.says, said)
		}
	}
	if n := pgtest.Value[int](s.db, `select count(*) from tenant_identity_providers`); n != 0 {
		t.Errorf("%d identity providers", n)
	}
}
