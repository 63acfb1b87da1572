package migrations_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"openhouse.example/migrations"
	"openhouse.example/packages/pgdev/pgtest"
)

func TestIdentityProvidersAreFoundByIssuerAndAudience(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.StaffURL())
	db.Exec(`delete from tenant_identity_providers`)
	db.Exec(`insert into tenant_identity_providers (tenant_id, id, issuer, audience, jwks_url, algorithms)
		select id, gen_random_uuid(), 'https://sign-in.example.org', 'us-' || slug, 'https://sign-in.example.org/keys', '{RS256,ES256}' from tenants`)
	slug := one[string](t, connect(t, db.AdminURL()), `select slug from tenants order by slug limit 1`)
	find := func(issuer string, audiences ...string) []string {
		t.Helper()
		return column[string](t, conn, `select audience || ' ' || jwks_url || ' ' || algorithms::text from identity_providers($1, $2)`, issuer, audiences)
	}
	want := []string{"us-" + slug + " https://sign-in.example.org/keys {RS256,ES256}"}
	if diff := cmp.Diff(want, find("https://sign-in.example.org", "another", "us-"+slug)); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	for _, c := range [][]string{
		{"https://sign-in.example.org/", "us-" + slug},
		{"https://sign-in.example.or_", "us-" + slug},
		{"%", "us-" + slug},
		{"", "us-" + slug},
		{"https://sign-in.example.org", "%"},
		{"https://sign-in.example.org"},
		{"https://sign-in.example.org", "us"},
	} {
		if found := find(c[0], c[1:]...); len(found) != 0 {
			t.Errorf("%q finds %v", c, found)
		}
	}
	for _, step := range []struct {
		name, sql string
		want      int
	}{
		{"switched off", `update tenant_identity_providers set enabled = false`, 0},
		{"company suspended", `update tenant_identity_providers set enabled = true; update tenants set suspended_at = now()`, 0},
		{"back again", `update tenants set suspended_at = null`, 1},
		{"many companies with one audience", `
			insert into tenants (id, name, slug) select md5(i::text)::uuid, 'T' || i, 't' || i from generate_series(1, 9) i;
			insert into tenant_identity_providers (tenant_id, id, issuer, audience, jwks_url, algorithms)
			select md5(i::text)::uuid, md5(i::text)::uuid, 'https://sign-in.example.org', 'us-` + slug + `', 'https://sign-in.example.org/keys', '{RS256}' from generate_series(1, 9) i`, 5},
	} {
		db.Exec(step.sql)
		if found := find("https://sign-in.example.org", "us-"+slug); len(found) != step.want {
			t.Errorf("%s: found %v, want %d", step.name, found, step.want)
		}
	}
}

// TestAProviderVouchesForItsOwnCompanyOnly: an address that works for two companies is one account in each.
func TestAProviderVouchesForItsOwnCompanyOnly(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.StaffURL())
	db.Exec(`update staff set email = 'both@example.org' where full_name = 'admin'`)
	db.Exec(`delete from tenant_identity_providers`)
	db.Exec(`insert into tenant_identity_providers (tenant_id, id, issuer, audience, jwks_url, algorithms)
		select id, md5(slug)::uuid, 'https://sign-in.example.org', 'us', 'https://sign-in.example.org/keys', '{RS256}' from tenants`)
	ask := func(tenant, provider, email string) []string {
		t.Helper()
		return column[string](t, conn, `select tenant_name || ' ' || role from identity_provider_staff($1, $2, $3)`, tenant, provider, email)
	}
	type company struct{ ID, Provider string }
	var list []company
	admin := connect(t, db.AdminURL())
	for _, id := range column[string](t, admin, `select id::text from tenants order by name`) {
		list = append(list, company{id, one[string](t, admin, `select md5(slug)::uuid::text from tenants where id = $1::uuid`, id)})
	}
	a, b := list[0], list[1]
	if got := ask(a.ID, a.Provider, " Both@Example.ORG "); len(got) != 1 || got[0] != "Company a admin" {
		t.Errorf("its own: %v", got)
	}
	for name, found := range map[string][]string{
		"the other's provider": ask(a.ID, b.Provider, "both@example.org"), "nobody": ask(a.ID, a.Provider, "nobody@example.org"), "a pattern": ask(a.ID, a.Provider, "%"),
	} {
		if len(found) != 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
	db.Exec(`update staff set disabled_at = now() where email = 'both@example.org'`)
	if got := ask(a.ID, a.Provider, "both@example.org"); len(got) != 0 {
		t.Errorf("disabled: %v", got)
	}
}

func TestDemoDataIsSeenByEveryProcess(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	urls := map[string]string{"staff": db.StaffURL(), "resident": db.ResidentURL(), "worker": db.WorkerURL()}
	for _, want := range []bool{false, true} {
		db.Exec(`insert into tenants (id, name, slug, demo) values (gen_random_uuid(), 'A', 'a' || $1::boolean::text, $1)`, want)
		for name, url := range urls {
			if got := one[bool](t, connect(t, url), `select demo_data()`); got != want {
				t.Errorf("%s sees %t, want %t", name, got, want)
			}
		}
	}
}

// TestAddressesOfProviders: over TLS, or on the same machine; and the way back works with either in the table.
func TestAddressesOfProviders(t *testing.T) {
	t.Parallel()
	db := world(t)
	conn := connect(t, db.AdminURL())
	for address, want := range map[string]bool{
		"https://sign-in.example.org/keys": true, "http://localhost:9000/keys": true, "http://127.0.0.1/keys": true, "http://[::1]:9000/keys": true,
		"http://sign-in.example.org/keys": false, "http://localhost.example.org/keys": false, "http://127.0.0.1.example.org/keys": false,
		"http://localhost@example.org/keys": false, "https:///keys": false, "ftp://localhost/keys": false, "": false,
	} {
		_, err := conn.Exec(t.Context(), `insert into tenant_identity_providers (tenant_id, id, issuer, audience, jwks_url, algorithms)
			select id, gen_random_uuid(), $1, 'us', $1, '{EdDSA}' from tenants order by name limit 1`, address)
		if (err == nil) != want {
			t.Errorf("%q: %v", address, err)
		}
	}
	if err := migrations.Down(t.Context(), db.AdminURL(), 17, nil); err != nil {
		t.Fatal(err)
	}
	if n := one[int64](t, connect(t, db.AdminURL()), `select count(*) from tenant_identity_providers where jwks_url not like 'https://%'`); n != 0 {
		t.Errorf("%d providers without TLS are left to a schema that forbids them", n)
	}
}
