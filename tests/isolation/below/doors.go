package below

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/platform"
	"openhouse.example/tests/isolation/tries"
	"openhouse.example/tests/isolation/world"
)

// most is how many rows a door answers at most, where that is more than one: as its comment in the migrations says.
var most = map[string]int{
	"staff_sign_in": 5, "staff_reset_request": 5, "resident_link_request": 5, "identity_providers": 5,
	"outbox_recent": 100, "mail_dead": 1000,
}

// inScope are doors that take the company and the person from the scope: they are called under one, and judged like a
// table.
func (d *Door) inScope() bool {
	return strings.HasPrefix(d.Name, "person_") || slices.Contains([]string{"take_stock_of_homes", "planted_sweep", "retention_sweep"}, d.Name)
}

// tellsOfTheOver are doors that say, or note, something of a secret that is over, to whoever has it.
var tellsOfTheOver = map[string]string{
	"resident_link_peek": "the page says whose link it was, and that it is used or too old",
	"staff_link_peek":    "as above",
	"invite_scan":        "counts that somebody came with a code that was taken back",
}

// tellsWhileSuspended are doors that go on answering for a company that is suspended.
var tellsWhileSuspended = map[string]string{
	"resident_link_peek": "names the company and the development of the link; the link itself opens nothing",
	"invite_scan":        "counts; answers no more than that there is such a code",
	"outbox_recent":      "demo companies only",
	"mail_retry":         "the operator's",
}

// fillers are texts that decide nothing, by how their names end. Every other text must be known to values.
var fillers = regexp.MustCompile(`_(subject|body|from|request|name|phone|language|bucket|note|reason|password_hash)$`)

// takesNew are arguments that would be secrets elsewhere, and here are what the caller makes up: they decide nothing.
var takesNew = map[string][]string{
	"resident_link_create": {"p_token_hash"},
	"staff_reset_create":   {"p_token_hash"},
	"onboarding_claim":     {"p_id", "p_email", "p_token_hash"}, // anybody with the code may claim, under any address
	"resident_enter":       {"p_session"},
}

// value is one argument as SQL, and the companies whose secret it is. One that decides nothing names no company.
type value struct {
	sql     string
	decides bool
	dead    bool // the secret was somebody's, and is over
	named   []uuid.UUID
}

// Secrets are what opens doors, by kind, with near misses.
type Secrets struct {
	addresses, hashes, issuers []value
	claimants                  []value // addresses of any kind
	audiences                  string
	ids                        map[string][]value // by table
}

func (e *Env) secrets() *Secrets {
	x := &Secrets{ids: map[string][]value{}}
	near := []value{{sql: "null", decides: true}, {sql: "''", decides: true}, {sql: "'%'", decides: true}, {sql: "repeat('a', 100000)", decides: true}, {sql: "'nobody@example.org'", decides: true}}
	x.addresses = near
	x.issuers = slices.Clone(near)
	whose := map[string][]uuid.UUID{}
	dead := map[string]bool{}
	var audiences []string
	for _, r := range e.World.Rows {
		switch r.Table.Name {
		case "staff", "residents":
			address := r.Text("email")
			whose[address] = append(whose[address], r.Company)
			dead[address] = dead[address] || r.Text("disabled_at") != "" || r.ID() == world.ID("a", "eve") || r.ID() == world.ID("b", "eve")
		case "units":
			whose[r.Text("purchaser_email")] = append(whose[r.Text("purchaser_email")], r.Company)
		case "unit_claims":
			x.claimants = append(x.claimants, value{sql: literal(r.Text("email"))})
		case "tenant_identity_providers":
			x.issuers = append(x.issuers, value{sql: literal(r.Text("issuer")), decides: true, named: []uuid.UUID{r.Company}})
			audiences = append(audiences, literal(r.Text("audience")))
		}
		if id := r.ID(); id != uuid.Nil {
			x.ids[r.Table.Name] = append(x.ids[r.Table.Name], value{sql: literal(id.String()), decides: true, named: []uuid.UUID{r.Company}})
		}
	}
	whose["crowd@example.org"] = nil
	x.issuers = append(x.issuers, value{sql: "'https://crowd.example.org'", decides: true})
	audiences = append(audiences, "'crowd'")
	x.claimants = append(x.claimants, value{sql: "'somebody@example.org'"})
	x.audiences = "array[" + strings.Join(audiences, ", ") + "]::text[]"
	for _, address := range sortedKeys(whose) {
		x.addresses = append(x.addresses, value{sql: literal(address), decides: true, dead: dead[address], named: whose[address]})
		for _, wrong := range []string{address[:len(address)-1], "x" + address, address[:3] + "_" + address[4:], address[:3] + "%"} {
			x.addresses = append(x.addresses, value{sql: literal(wrong), decides: true})
		}
	}
	x.hashes = []value{{sql: "null", decides: true}, {sql: "''::bytea", decides: true}, {sql: `decode(repeat('00', 32), 'hex')`, decides: true}, {sql: `decode(repeat('00', 100000), 'hex')`, decides: true}}
	for _, letter := range world.Companies {
		for _, secret := range []string{"token", "token-invite", "token-used", "token-over", "link-1", "link-used", "link-over", "invite-home-1", "invite-home-3", "invite-home-4", "invite-revoked", "token-gone"} {
			h := world.Hash(letter, secret)
			over := strings.HasSuffix(secret, "used") || strings.HasSuffix(secret, "over") || strings.HasSuffix(secret, "revoked") || strings.HasSuffix(secret, "gone")
			x.hashes = append(x.hashes, value{sql: fmt.Sprintf(`'\x%x'::bytea`, h), decides: true, dead: over, named: []uuid.UUID{world.ID(letter, "tenant")}})
			h[31] ^= 1
			x.hashes = append(x.hashes, value{sql: fmt.Sprintf(`'\x%x'::bytea`, h), decides: true}, value{sql: fmt.Sprintf(`'\x%x'::bytea`, h[:31]), decides: true})
		}
	}
	for table := range x.ids {
		x.ids[table] = append(x.ids[table], value{sql: literal(uuid.NewString()), decides: true}, value{sql: "null", decides: true})
	}
	return x
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// idsOf says which table's ids an argument takes; the rest is tried with all kinds.
var idsOf = map[string]string{
	"p_tenant": "tenants", "p_staff": "staff", "p_unit": "units", "p_provider": "tenant_identity_providers", "p_id": "mail_outbox",
	"p_resident": "residents", "p_claim": "unit_claims", "p_development": "developments", "p_invite": "unit_invites",
}

// values are what an argument is tried with.
func (x *Secrets) values(d *Door, a Argument) ([]value, error) {
	fill := func(sql string) []value { return []value{{sql: sql}} }
	switch {
	case slices.Contains(takesNew[d.Name], a.Name):
		return map[string][]value{
			"uuid": fill("gen_random_uuid()"), "text": x.claimants, "bytea": fill("sha256(gen_random_uuid()::text::bytea)"),
		}[a.Type], nil
	case a.Type == "uuid":
		if list := x.ids[idsOf[a.Name]]; list != nil {
			return list, nil
		}
		var all []value
		for _, table := range sortedKeys(x.ids) {
			all = append(all, x.ids[table]...)
		}
		return all, nil
	case a.Type == "bytea":
		return x.hashes, nil
	case a.Name == "p_email":
		return x.addresses, nil
	case a.Name == "p_issuer":
		return x.issuers, nil
	case a.Name == "p_audiences":
		return fill(x.audiences), nil
	case a.Type == "text" && fillers.MatchString(a.Name):
		return fill("'something'"), nil
	case a.Type == "text[]":
		return []value{{sql: "array(select distinct kind from unnest(array['send_mail', 'x']) kind)"}, {sql: "null"}, {sql: "'{}'"}}, nil
	case a.Type == "integer" || a.Type == "bigint":
		return []value{{sql: "2147483647"}, {sql: "-1"}, {sql: "null"}}, nil
	case a.Type == "interval":
		return fill("interval '1 hour'"), nil
	case strings.HasPrefix(a.Type, "timestamp"):
		return []value{{sql: "now() + interval '1 hour'"}, {sql: "'infinity'"}}, nil
	case a.Type == "boolean":
		return []value{{sql: "true"}, {sql: "false"}}, nil
	case a.Type == "jsonb":
		return fill("'{}'"), nil
	}
	return nil, fmt.Errorf("the door %s takes %s %s: say in tests/isolation/below/doors.go what its secret is (values), or that it decides nothing (fillers)", d.Name, a.Name, a.Type)
}

// calls are combinations of arguments, all of them where they are few.
func (x *Secrets) calls(d *Door) ([][]value, error) {
	calls := [][]value{nil}
	for _, a := range d.Arguments {
		values, err := x.values(d, a)
		if err != nil {
			return nil, err
		}
		if len(d.Arguments) > 1 {
			values = fewMisses(values)
		}
		var longer [][]value
		for _, c := range calls {
			for _, v := range values {
				longer = append(longer, append(slices.Clone(c), v))
			}
		}
		calls = longer
		const bound = 4000
		if len(calls) > bound { // every so many-th, with a step that is prime to the lists' lengths
			var fewer [][]value
			for i := 0; i < len(calls); i += len(calls)/bound | 1 {
				fewer = append(fewer, calls[i])
			}
			calls = fewer
		}
	}
	return calls, nil
}

// fewMisses leaves, of what nobody has, the first few: beside other arguments all would be too many.
func fewMisses(values []value) (few []value) {
	misses := 0
	for _, v := range values {
		if v.decides && v.named == nil {
			if misses++; misses > 7 {
				continue
			}
		}
		few = append(few, v)
	}
	return few
}

// named are the companies that all secrets of a call are of; all of them, where none is asked for.
func named(d *Door, call []value, suspended bool) []uuid.UUID {
	companies := []uuid.UUID{world.ID("a", "tenant"), world.ID("b", "tenant")}
	asks := false
	for _, v := range call {
		if !v.decides {
			continue
		}
		asks = true
		companies = slices.DeleteFunc(companies, func(c uuid.UUID) bool {
			return !slices.Contains(v.named, c) || v.dead && tellsOfTheOver[d.Name] == ""
		})
	}
	if asks && suspended && tellsWhileSuspended[d.Name] == "" || len(companies) == 0 {
		return nil
	}
	return companies
}

// Through attacks some doors, or all, with right, nearly right and wrong secrets of both companies.
func (e *Env) Through(ctx context.Context, l Logins, admin *pgx.Conn, doors []*Door, r *tries.Report) error {
	for _, suspended := range []bool{false, true} {
		if suspended {
			if _, err := admin.Exec(ctx, "update tenants set suspended_at = now()"); err != nil {
				return err
			}
		}
		for _, d := range doors {
			if err := e.through(ctx, l, admin, d, suspended, r); err != nil {
				return err
			}
		}
	}
	_, err := admin.Exec(ctx, "update tenants set suspended_at = null")
	return err
}

func (e *Env) through(ctx context.Context, l Logins, admin *pgx.Conn, d *Door, suspended bool, r *tries.Report) error {
	calls, err := e.secrets().calls(d)
	if err != nil {
		return err
	}
	var login *Direct
	for _, role := range []string{platform.RoleResident, platform.RoleStaff, platform.RoleWorker} {
		if slices.Contains(d.Callers, role) {
			login = l[role]
		}
	}
	as := ""
	if login == nil { // only other doors call it, so it is called as they are
		login, as = &Direct{admin}, "set local role openhouse_door; "
	}
	for i := range calls {
		if r.Enough() {
			return errEnough
		}
		if named(d, calls[i], false) == nil && e.leavesOut() {
			continue
		}
		args := make([]string, len(calls[i]))
		for n, v := range calls[i] {
			args[n] = v.sql
		}
		sql := fmt.Sprintf("select * from %s(%s)", d.Name, strings.Join(args, ", "))
		if d.inScope() {
			for _, s := range e.Scopes {
				if slices.Contains(d.Callers, s.Role) {
					as := s
					if s.Admin { // who may see all of the company, whatever the policies of single tables say
						as = e.first(platform.RoleWorker)
					}
					e.judge(r, as, shape{class: classDoor, sql: sql, given: sql}, l[s.Role].Run(ctx, s, sql))
				}
			}
			continue
		}
		companies := named(d, calls[i], suspended)
		var names []string
		for _, c := range named(d, calls[i], false) { // a link may be used up also where it opens nothing
			names = append(names, c.String())
		}
		got := login.Run(ctx, nil, as+fmt.Sprintf("select set_config('%s', 'door %s', true); ", witnessSetting, strings.Join(names, " "))+sql)
		e.judgeDoor(r, d, sql, companies, got)
		if len(got.Rows) > 0 {
			got.Rows = got.Rows[1:] // the witness' setting
		}
		e.remember(r, classTheirs, fmt.Sprint(sql, suspended), clip(sql), outcomeOf(got))
	}
	login.Undo(ctx)
	return login.alive()
}

// judgeDoor looks at what a door has answered and done.
func (e *Env) judgeDoor(r *tries.Report, d *Door, sql string, companies []uuid.UUID, got Result) {
	r.Tried(classDoor, 1)
	cross := func(format string, args ...any) {
		r.Crossed(classDoor, "%s: %s", clip(sql), fmt.Sprintf(format, args...))
	}
	if code(got.Err) == crossingState {
		cross("%s", told(got.Err))
		return
	}
	if blind(got.Err) {
		cross("the witness is broken: %s", told(got.Err))
		return
	}
	text := ""
	if got.Err != nil {
		text = told(got.Err)
	}
	rows := got.Rows
	if len(rows) > 0 {
		rows = rows[1:]
	}
	if len(rows) > max(1, most[d.Name]) {
		cross("%d rows", len(rows))
	}
	if len(rows) > 0 && d.Returns != nil {
		var columns []string
		for _, f := range got.Fields {
			columns = append(columns, f.Name)
		}
		if !slices.Equal(columns, d.Returns) {
			cross("columns %v, of which doors.golden knows %v", columns, d.Returns)
		}
	}
	for _, row := range rows {
		for _, cell := range row {
			text += " " + string(cell)
		}
	}
	for _, canary := range world.Canary.FindAllString(text, -1) {
		for _, row := range e.World.ByCanary[canary] {
			if !slices.Contains(companies, row.Company) && !strings.Contains(sql, canary) {
				cross("tells of %s", row)
				return
			}
		}
	}
	for _, found := range anyUUID.FindAllString(text, -1) {
		id, err := uuid.Parse(found)
		if err != nil || strings.Contains(sql, found) {
			continue
		}
		if company, known := e.Judge.company[id]; known && !slices.Contains(companies, company) {
			cross("tells the id %s", id)
			return
		}
	}
}

const functionsSQL = `
	select p.proname::text, (select coalesce(string_agg(case when p.provariadic <> 0 and n = p.pronargs then 'variadic ' else '' end || 'null::' || format_type(t, null), ', ' order by n), '') from unnest(p.proargtypes) with ordinality as a (t, n)), p.prokind = 'p', p.proisstrict, p.oid::regprocedure::text
	from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prorettype <> 'trigger'::regtype
	  and not exists (select 1 from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
	order by 1`

// Callers calls every function of the schema as everybody: only whom doors.golden names may.
func (e *Env) Callers(ctx context.Context, l Logins, admin *pgx.Conn, r *tries.Report) error {
	type function struct {
		Name, Args string
		Procedure  bool
		Strict     bool
		Signature  string
	}
	functions, err := world.Ask[function](ctx, admin, functionsSQL)
	if err != nil {
		return err
	}
	for _, f := range functions {
		for _, role := range sortedKeys(l) {
			allowed := slices.ContainsFunc(e.Doors, func(d *Door) bool { return d.Name == f.Name && slices.Contains(d.Callers, role) })
			if allowed {
				continue
			}
			for _, s := range []*Scope{nil, e.first(role)} {
				r.Tried(classDoorRight, 1)
				sql := fmt.Sprintf("select from %s(%s)", name(f.Name), f.Args)
				if f.Strict { // of null it would be known without asking
					sql = fmt.Sprintf("select 1 / has_function_privilege(%s, 'execute')::integer", literal(f.Signature))
				}
				if f.Procedure {
					sql = fmt.Sprintf("call %s(%s)", name(f.Name), f.Args)
				}
				got := l[role].Run(ctx, s, sql)
				if why := refused(got); why != "" && !(f.Strict && code(got.Err) == "22012") {
					r.Crossed(classDoorRight, "%s: %s: %s", role, sql, why)
				}
			}
		}
	}
	return nil
}

// first is the first scope of a role.
func (e *Env) first(role string) *Scope {
	return e.Scopes[slices.IndexFunc(e.Scopes, func(s *Scope) bool { return s.Role == role })]
}
