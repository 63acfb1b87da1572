package below

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
	"openhouse.example/tests/isolation/world"
)

// Scope is somebody in a company, and what is theirs.
type Scope struct {
	Name     string // "a limited"
	Role     string
	Tenant   uuid.UUID
	Settings []db.Setting

	Person       uuid.UUID
	Admin        bool
	Developments []uuid.UUID // of limited staff and residents; nil: all
	Type, Home   uuid.UUID   // of a resident who lives there; zero for one who has moved out
}

// witnessSetting tells the witness in the database on whose behalf a statement runs, whatever the statement does to
// the settings of the policies.
const witnessSetting = "app.isolation_scope"

func (s *Scope) scope() db.Scope {
	return db.Scope{Role: s.Role, TenantID: s.Tenant, Settings: append(slices.Clone(s.Settings), db.Setting{Name: witnessSetting, Value: s.Name})}
}

func (s *Scope) resident() bool { return s.Role == platform.RoleResident }

// Scopes are those of one company: staff with and without a limit, residents who share a home, a house type, a
// development or nothing, one who has moved out, one who names a home that was never theirs, and the worker.
func Scopes(company string) []*Scope {
	id := func(name string) uuid.UUID { return world.ID(company, name) }
	staff := func(name string, admin bool, developments ...uuid.UUID) *Scope {
		return &Scope{
			Name: company + " " + name, Role: platform.RoleStaff, Tenant: id("tenant"), Person: id(name), Admin: admin, Developments: developments,
			Settings: []db.Setting{{Name: "app.staff_id", Value: id(name).String()}},
		}
	}
	resident := func(name, home, development, houseType string, lives bool) *Scope {
		s := &Scope{
			Name: company + " " + name + " in " + home, Role: platform.RoleResident, Tenant: id("tenant"), Person: id(name), Developments: []uuid.UUID{},
			Settings: []db.Setting{{Name: "app.resident_id", Value: id(name).String()}, {Name: "app.unit_id", Value: id(home).String()}},
		}
		if lives {
			s.Developments, s.Type, s.Home = []uuid.UUID{id(development)}, id(houseType), id(home)
		}
		return s
	}
	return []*Scope{
		staff("admin", true),
		staff("viewer", false),
		staff("limited", false, id("quay")),
		resident("anna", "home-1", "park", "type-a", true),
		resident("ben", "home-1", "park", "type-a", true),
		resident("finn", "home-4", "park", "type-a", true),
		resident("cleo", "home-2", "park", "type-b", true),
		resident("dara", "home-3", "quay", "type-q", true),
		resident("eve", "home-1", "park", "type-a", false),
		resident("anna", "home-2", "park", "type-b", false),
		{Name: company + " worker", Role: platform.RoleWorker, Tenant: id("tenant")},
	}
}

// ofPerson tables are decided by the person alone: what is theirs stays theirs in whichever home they are.
var ofPerson = map[string]bool{
	"residents": true, "occupancies": true, "sessions": true, "idempotency_keys": true,
	"chat_messages": true, "chat_citations": true, "notice_reads": true,
}

// notYet says of rows of some tables that residents don't see them (yet, or any more).
var notYet = map[string]func(r *world.Row) bool{
	"documents":          func(r *world.Row) bool { return r.Text("archived_at") != "" },
	"must_read_releases": func(r *world.Row) bool { return r.Text("state") == "draft" },
	"faqs":               func(r *world.Row) bool { return r.Text("published_at") == "" },
	"issue_events":       func(r *world.Row) bool { return r.Text("visible_to_resident") != "true" },
	"notices": func(r *world.Row) bool {
		return r.Text("published_at") == "" || r.Text("ended_at") != "" || moment(r, "starts_at").After(time.Now()) || r.Text("ends_at") != "" && moment(r, "ends_at").Before(time.Now())
	},
}

func moment(r *world.Row, column string) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, r.Text(column)) // the zero time is long ago
	return at
}

// ofStaff are tables with rows of both kinds of people, and who, but for admins, does not see those about staff.
var ofStaff = map[string]string{"sessions": platform.RoleResident, "email_tokens": platform.RoleStaff}

// openToStaff tables show limited staff more than their developments: who of the staff may see which.
var openToStaff = map[string]bool{"staff_developments": true}

// Refuses says why a row is none of the scope's business, or "".
func (s *Scope) Refuses(w *world.World, r *world.Row) string {
	switch {
	case r.Company != s.Tenant:
		return "another company's"
	case r.Table.Name == "idempotency_keys" && s.Role != platform.RoleWorker && r.UUID("subject_id") != s.Person:
		return "another person's"
	case r.Table.Name == "audit_log" && s.Role != platform.RoleWorker && !s.Admin:
		return "for admins"
	case ofStaff[r.Table.Name] == s.Role && !s.Admin && r.Text("staff_id") != "":
		return "about staff"
	case s.Role == platform.RoleStaff:
		return s.refusesStaff(w, r)
	case s.resident():
		return s.refusesResident(r)
	}
	return ""
}

func (s *Scope) refusesStaff(w *world.World, r *world.Row) string {
	if s.Developments == nil || openToStaff[r.Table.Name] {
		return ""
	}
	place := r.Place.Developments
	if r.Table.Name == "residents" { // where they live or lived
		place = nil
		for _, o := range w.Rows {
			if o.Table.Name == "occupancies" && o.UUID("resident_id") == r.ID() {
				place = append(place, o.Place.Developments...)
			}
		}
		if slices.ContainsFunc(place, func(d uuid.UUID) bool { return slices.Contains(s.Developments, d) }) {
			return ""
		}
		return "of another development"
	}
	return foreign("of another development", place, s.Developments)
}

func (s *Scope) refusesResident(r *world.Row) string {
	if why := foreign("another person's", r.Place.People, []uuid.UUID{s.Person}); why != "" {
		return why
	}
	if unseen(r) {
		return "not for residents yet, or any more"
	}
	if ofPerson[r.Table.Name] {
		return ""
	}
	if why := foreign("of another home", r.Place.Homes, []uuid.UUID{s.Home}); why != "" {
		return why
	}
	if why := foreign("of another house type", r.Place.Types, []uuid.UUID{s.Type}); why != "" {
		return why
	}
	return foreign("of another development", r.Place.Developments, s.Developments)
}

// adminsWrite are tables that staff read and only admins write.
var adminsWrite = map[string]bool{"staff": true, "staff_developments": true, "tenant_themes": true, "tenant_identity_providers": true, "feature_flags": true}

// unseen says whether a row, or anything that it hangs on, is not for residents.
func unseen(r *world.Row) bool {
	hides := notYet[r.Table.Name]
	return hides != nil && hides(r) || slices.ContainsFunc(r.Parents, unseen)
}

// foreign answers why if a row's place has something that the scope's own does not have.
func foreign(why string, place, own []uuid.UUID) string {
	for _, id := range place {
		if !slices.Contains(own, id) {
			return fmt.Sprintf("%s (%s)", why, id)
		}
	}
	return ""
}
