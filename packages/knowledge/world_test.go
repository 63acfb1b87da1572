package knowledge

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
)

// estate is a company with one development, two house types and two homes, with somebody in each.
type estate struct {
	*pgtest.DB
	t                   testing.TB
	tenant, development uuid.UUID
	types               map[string]uuid.UUID
	homes               map[string]person
	staff               uuid.UUID
	worker, residents   *db.Pool
}

type person struct{ unit, resident uuid.UUID }

func newEstate(t testing.TB) *estate { return newEstateOn(t, pgtest.New(t)) }

func newEstateOn(t testing.TB, on *pgtest.DB) *estate {
	t.Helper()
	w := &estate{DB: on, t: t, types: map[string]uuid.UUID{}, homes: map[string]person{}}
	w.company("meadow-homes")
	w.worker = w.open(w.WorkerURL(), platform.RoleWorker)
	w.residents = w.open(w.ResidentURL(), platform.RoleResident)
	return w
}

// company adds a company and makes it the one that the estate's other functions mean.
func (w *estate) company(slug string) {
	w.t.Helper()
	w.tenant, w.development, w.staff = uuid.New(), uuid.New(), uuid.New()
	w.Exec(`insert into tenants (id, name, slug, demo) values ($1, 'Meadow Homes', $2, true)`, w.tenant, slug)
	w.Exec(`insert into staff (tenant_id, id, email, role) values ($1, $2, 'ann@example.org', 'developer')`, w.tenant, w.staff)
	w.Exec(`insert into developments (tenant_id, id, slug, name) values ($1, $2, 'longview-park', 'Longview Park')`, w.tenant, w.development)
	for code, number := range map[string]string{"A": "12", "B": "14"} {
		w.types[code] = uuid.New()
		p := person{uuid.New(), uuid.New()}
		w.homes[number] = p
		w.Exec(`insert into house_types (tenant_id, id, development_id, code) values ($1, $2, $3, $4)`, w.tenant, w.types[code], w.development, code)
		w.Exec(`insert into units (tenant_id, id, development_id, house_type_id, unit_number) values ($1, $2, $3, $4, $5)`, w.tenant, p.unit, w.development, w.types[code], number)
		w.Exec(`insert into residents (tenant_id, id, email) values ($1, $2, $3)`, w.tenant, p.resident, "home"+number+"@example.org")
		w.Exec(`insert into occupancies (tenant_id, id, development_id, unit_id, resident_id) values ($1, $2, $3, $4, $5)`,
			w.tenant, uuid.New(), w.development, p.unit, p.resident)
	}
}

func (w *estate) open(url, role string) *db.Pool {
	w.t.Helper()
	var c db.Config
	set := map[string]string{"DATABASE_URL": url, "DB_POOL_MAX": "3", "DB_POOL_MIN": "0"}
	if err := config.LoadFrom(&c, func(name string) (string, bool) { v, ok := set[name]; return v, ok }, nil); err != nil {
		w.t.Fatal(err)
	}
	p, err := db.Open(context.Background(), c, db.WithRole(role), db.WithLedger(platform.Ledger{}), db.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := p.ClosePool(context.Background()); err != nil {
			w.t.Error(err)
		}
	})
	return p
}

// document adds one for the whole development (""), a house type or a home, and its first version.
func (w *estate) document(scope, title string) Version {
	w.t.Helper()
	v := Version{TenantID: w.tenant, DocumentID: uuid.New()}
	kind, houseType, unit := "development", uuid.NullUUID{}, uuid.NullUUID{}
	if id, ok := w.types[scope]; ok {
		kind, houseType = "house_type", uuid.NullUUID{UUID: id, Valid: true}
	} else if scope != "" {
		kind, unit = "unit", uuid.NullUUID{UUID: w.homes[scope].unit, Valid: true}
	}
	w.Exec(`insert into documents (tenant_id, id, development_id, scope, house_type_id, unit_id, title, category) values ($1, $2, $3, $4, $5, $6, $7, 'manual')`,
		w.tenant, v.DocumentID, w.development, kind, houseType, unit, title)
	return w.version(v)
}

// version adds the next one, and makes it current.
func (w *estate) version(v Version) Version {
	w.t.Helper()
	v.VersionID = uuid.New()
	w.Exec(`insert into document_versions (tenant_id, id, development_id, document_id, number, sha256, file_name, mime, size_bytes)
		select $1, $2, $3, $4, 1 + count(*), decode(repeat('00', 32), 'hex'), 'file', 'text/plain', 1 from document_versions where tenant_id = $1 and document_id = $4`,
		w.tenant, v.VersionID, w.development, v.DocumentID)
	w.Exec(`update documents set current_version_id = $3 where tenant_id = $1 and id = $2`, w.tenant, v.DocumentID, v.VersionID)
	return v
}

// write runs fn as the worker.
func (w *estate) write(fn func(ctx context.Context, tx *db.Tx) error) error {
	_, err := db.Write(context.Background(), w.worker, db.Scope{Role: platform.RoleWorker, TenantID: w.tenant}, db.Intent{},
		func(ctx context.Context, tx *db.Tx) (struct{}, error) { return struct{}{}, fn(ctx, tx) })
	return err
}

func (w *estate) index(v Version, text string) {
	w.t.Helper()
	doc := readText(text)
	doc.Language = languageOf(doc.blocks)
	if err := w.write(func(ctx context.Context, tx *db.Tx) error { return Index(ctx, tx, v, doc) }); err != nil {
		w.t.Fatal(err)
	}
}

func (w *estate) resident(number string) db.Scope {
	return db.Scope{Role: platform.RoleResident, TenantID: w.tenant, Settings: []db.Setting{
		{Name: "app.resident_id", Value: w.homes[number].resident.String()}, {Name: "app.unit_id", Value: w.homes[number].unit.String()},
	}}
}

func (w *estate) ask(number, question string) Answer {
	w.t.Helper()
	a, err := db.Read(w.t.Context(), w.residents, w.resident(number), func(ctx context.Context, q db.Querier) (Answer, error) {
		return Ask(ctx, q, w.tenant, w.homes[number].unit, question)
	})
	if err != nil {
		w.t.Fatalf("%q: %v", question, err)
	}
	return a
}

// said is an answer's quotes in one text.
func said(a Answer) string {
	var all []string
	for _, q := range a.Quotes {
		all = append(all, q.Quote)
	}
	return strings.Join(all, " / ")
}
