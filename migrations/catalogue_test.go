package migrations_test

import (
	"strings"
	"testing"

	"openhouse.example/migrations"
	"openhouse.example/migrations/catalogue"
	"openhouse.example/packages/pgdev/pgtest"
)

func TestTheSchemaKeepsEveryRule(t *testing.T) {
	t.Parallel()
	// As a portal's login: the check needs no right of its own.
	findings, err := catalogue.Check(t.Context(), connect(t, pgtest.New(t).StaffURL()))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Error(f)
	}
}

// holes are ways to break the schema. Each is made in a database of its own, and the check must name it.
var holes = []struct {
	name, sql    string
	rule, object string
}{
	{"table without a company", `create table gaps (id uuid primary key)`, "tenant-column", "gaps"},
	{"nullable company", `alter table jobs alter tenant_id drop not null`, "", ""}, // refused: part of the key
	{"text instead of uuid", `create table gaps (tenant_id text not null, id uuid, primary key (tenant_id, id))`, "tenant-column", "gaps"},
	{"no row-level security", `alter table units disable row level security`, "rls-forced", "units"},
	{"not forced", `alter table units no force row level security`, "rls-forced", "units"},
	{"companies not forced", `alter table tenants no force row level security`, "rls-forced", "tenants"},
	{"owned by a login", `alter table jobs owner to openhouse_developer_portal`, "owner", "jobs"},
	{"key begins with id", `alter table jobs drop constraint jobs_pkey, add primary key (id, tenant_id)`, "primary-key", "jobs"},
	{"no key", `alter table jobs drop constraint jobs_pkey`, "primary-key", "jobs"},
	{"unique over all companies", `alter table residents add constraint everywhere unique (email)`, "unique-tenant", "index everywhere of residents"},
	{"partial unique over all companies", `create unique index everywhere on residents (email) where phone = ''`, "unique-tenant", "index everywhere of residents"},
	{"company only included in a unique", `create unique index everywhere on residents (email) include (tenant_id)`, "unique-tenant", "index everywhere of residents"},
	{"foreign key without the company", `alter table jobs add column gap text references rate_limits`, "foreign-key-tenant", "foreign key jobs_gap_fkey of jobs"},
	{"foreign key that nulls the company", `alter table faqs drop constraint faqs_tenant_id_question_id_fkey, add constraint gap foreign key (tenant_id, question_id) references questions on delete set null`, "foreign-key-set-null", "foreign key gap of faqs"},
	{"no foreign key to the company", `alter table jobs drop constraint jobs_tenant_id_fkey`, "foreign-key-company", "jobs"},
	{"audit log bound to a row", `alter table audit_log add foreign key (tenant_id, actor_id) references staff`, "no-foreign-keys", "audit_log"},
	{"table without comment", `comment on table units is null`, "comment", "units"},
	{"index without comment", `create index gap on units (tenant_id, city)`, "comment", "index gap of units"},
	{"key without comment", `comment on index units_pkey is null`, "comment", "index units_pkey of units"},
	{"view with its owner's rights", `create view gap as select * from staff`, "view-invoker", "gap"},
	{"materialised view", `create materialized view gap as select * from staff`, "kind", "gap"},

	{"words that nobody has declared", `alter table units add column notes text`, "personal-undeclared", "units.notes"},
	{"an address of a machine", `alter table units add column seen_from inet`, "personal-undeclared", "units.seen_from"},
	{"declared words that are gone", `alter table residents drop column phone`, "personal-gone", "residents.phone"},

	{"no policy of the owner", `drop policy owner_all on units`, "policy-owner", "units"},
	{"a narrowed policy of the owner", `alter policy owner_all on units using (false)`, "policy-owner", "units"},
	{"a right without a policy", `drop policy staff_all on house_types`, "policy-missing", "house_types"},
	{"a column right without a policy", `grant update (name) on tenants to openhouse_staff`, "policy-missing", "tenants"},
	{"a door's right without a policy", `drop policy door_select on units`, "policy-missing", "units"},
	{"a policy without a right", `revoke all on jobs from openhouse_worker`, "policy-dead", "jobs"},
	{"a policy for everybody", `create policy gap on units for select using (true)`, "policy-role", "units"},
	{"a policy for a login", `create policy gap on units for select to openhouse_developer_portal using (true)`, "policy-role", "units"},
	{"a policy that shows all", `create policy gap on units for select to openhouse_staff using (true)`, "policy-company", "units"},
	{"a policy with an or", `create policy gap on units for select to openhouse_staff using (tenant_id = (select current_setting('app.tenant_id'))::uuid or status = 'for_sale')`, "policy-company", "units"},
	{"a policy whose and hides an or", `create policy gap on units for select to openhouse_staff using ((tenant_id = (select current_setting('app.tenant_id'))::uuid and true) or status = 'for_sale')`, "policy-company", "units"},
	{"the quiet form", `create policy gap on units for select to openhouse_staff using (tenant_id = (select nullif(current_setting('app.tenant_id', true), ''))::uuid)`, "policy-company", "units"},
	{"a check that lets any company in", `create policy gap on units for insert to openhouse_staff with check (true)`, "policy-company", "units"},
	{"another setting", `create policy gap on units for select to openhouse_worker using (tenant_id = (select current_setting('app.unit_id'))::uuid)`, "policy-company", "units"},
	{"a resident who sees all homes", `create policy gap on units for select to openhouse_resident using (tenant_id = (select current_setting('app.tenant_id'))::uuid)`, "policy-narrow", "units"},
	{"staff without their limit", `create policy gap on documents for select to openhouse_staff using (tenant_id = (select current_setting('app.tenant_id'))::uuid)`, "policy-limited", "documents"},

	{"a right for everybody", `grant select on units to public`, "right-public", "units"},
	{"a right for a login", `grant select on units to openhouse_tenant_portal`, "right-login", "units"},
	{"a column right for a login", `grant select (name) on developments to openhouse_tenant_portal`, "right-login", "developments"},
	{"truncate", `grant truncate on units to openhouse_staff`, "right-kind", "units"},
	{"residents on a staff table", `grant select (role) on staff to openhouse_resident`, "right-staff-only", "staff"},
	{"staff on a table without company", `grant select on rate_limits to openhouse_staff`, "right-outside-company", "rate_limits"},
	{"password hashes", `grant select (password_hash) on staff to openhouse_staff`, "right-secret", "staff.password_hash"},
	{"password hashes through the whole table", `grant select on staff to openhouse_worker`, "right-secret", "staff.password_hash"},
	{"a changeable audit log", `grant update (detail) on audit_log to openhouse_worker`, "right-append-only", "audit_log"},
	{"a changeable company", `grant update (tenant_id) on units to openhouse_staff`, "right-identity", "units"},
	{"everybody creates", `grant create on schema public to public`, "right-schema", "schema public"},
	{"the door kept its right to create", `grant create on schema public to openhouse_door`, "right-schema", "schema public"},

	{"a definer function of the owner", `create function gap() returns int language sql security definer set search_path = pg_catalog, public, pg_temp return 1; alter function gap() owner to openhouse_owner`, "function-owner", "gap()"},
	{"a definer function that trusts its caller's path", `create function gap() returns int language sql security definer return 1; alter function gap() owner to openhouse_door`, "function-search-path", "gap()"},
	{"a door for everybody", `grant execute on function staff_sign_in(text) to public`, "function-public", "staff_sign_in(text)"},
	{"a new function for everybody", `create function gap() returns int language sql return 1`, "function-public", "gap()"},
	{"a helper for staff", `grant execute on function policy_company() to openhouse_staff`, "function-callable", "policy_company()"},
	{"the staff door for a resident's login", `grant execute on function staff_sign_in(text) to openhouse_tenant_portal`, "door-caller", "staff_sign_in(text)"},
}

func TestTheCheckNamesEveryHole(t *testing.T) {
	t.Parallel()
	for _, hole := range holes {
		t.Run(hole.name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			conn := connect(t, db.AdminURL())
			_, err := conn.Exec(t.Context(), hole.sql)
			if hole.rule == "" {
				if err == nil {
					t.Fatal("Postgres allowed it; the check needs a rule")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			findings, err := catalogue.Check(t.Context(), conn)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range findings {
				if f.Rule == hole.rule && f.Object == hole.object {
					if f.Problem == "" || !strings.Contains(f.String(), hole.object) {
						t.Errorf("a finding without words: %+v", f)
					}
					return
				}
			}
			t.Errorf("not named as (%s) at %s; findings: %v", hole.rule, hole.object, findings)
		})
	}
}

func TestTheCheckNamesUnsafeRolesAndLogins(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t) // roles belong to a server: this one is the test's own
	db := pgtest.NewOn(t, server)
	conn := connect(t, db.AdminURL())

	logins, err := catalogue.Logins(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	if len(logins) > 0 {
		t.Fatalf("fresh logins: %v, want none", logins)
	}
	for _, tc := range []struct {
		name, sql, undo string
		rule, object    string
	}{
		{"two roles", `grant openhouse_staff to openhouse_tenant_portal`, `revoke openhouse_staff from openhouse_tenant_portal`, "login-one-role", "openhouse_tenant_portal"},
		{"the owner too", `grant openhouse_owner to openhouse_tenant_portal`, `revoke openhouse_owner from openhouse_tenant_portal`, "login-one-role", "openhouse_tenant_portal"},
		{"a foreign role too", `grant pg_read_all_data to openhouse_tenant_portal`, `revoke pg_read_all_data from openhouse_tenant_portal`, "login-one-role", "openhouse_tenant_portal"},
		{"superuser", `alter role openhouse_tenant_portal superuser`, `alter role openhouse_tenant_portal nosuperuser`, "login-attributes", "openhouse_tenant_portal"},
		{"bypassrls", `alter role openhouse_tenant_portal bypassrls`, `alter role openhouse_tenant_portal nobypassrls`, "login-attributes", "openhouse_tenant_portal"},
		{"inherit", `alter role openhouse_tenant_portal inherit`, `alter role openhouse_tenant_portal noinherit`, "login-inherits", "openhouse_tenant_portal"},
		{"door", `grant openhouse_door to openhouse_tenant_portal`, `revoke openhouse_door from openhouse_tenant_portal`, "login-door", "openhouse_tenant_portal"},
		{"admin option", `grant openhouse_resident to openhouse_tenant_portal with admin option`, `revoke admin option for openhouse_resident from openhouse_tenant_portal`, "login-admin-option", "openhouse_tenant_portal"},
		{"owns", `create table gap (id int); alter table gap owner to openhouse_tenant_portal`, `drop table gap`, "login-owns", "openhouse_tenant_portal"},
		{"role that bypasses", `alter role openhouse_staff bypassrls`, `alter role openhouse_staff nobypassrls`, "role-attributes", "openhouse_staff"},
		{"role that logs in", `alter role openhouse_door login`, `alter role openhouse_door nologin`, "role-attributes", "openhouse_door"},
		{"staff is a door", `grant openhouse_door to openhouse_staff`, `revoke openhouse_door from openhouse_staff`, "role-membership", "openhouse_staff"},
	} {
		exec(t, conn, tc.sql)
		inDatabase, err := catalogue.Check(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		logins, err := catalogue.Logins(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, f := range append(inDatabase, logins...) {
			found = found || f.Rule == tc.rule && f.Object == tc.object
		}
		if !found {
			t.Errorf("%s: not named as (%s) at %s; findings: %v %v", tc.name, tc.rule, tc.object, inDatabase, logins)
		}
		exec(t, conn, tc.undo)
	}
}

func TestTheCheckSaysThatAnEmptyServerIsNotReady(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	findings, err := catalogue.Check(t.Context(), connect(t, server.URL("postgres")))
	if err != nil {
		t.Fatal(err)
	}
	missing := 0
	for _, f := range findings {
		if f.Rule == "role-missing" {
			missing++
		}
	}
	if missing != len(migrations.Roles()) {
		t.Errorf("%d roles missing, want %d: %v", missing, len(migrations.Roles()), findings)
	}
}
