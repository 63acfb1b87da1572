package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
)

// AuditFilter narrows the audit log. A blank field means all: of the one company, never more.
type AuditFilter struct {
	ActorKind string    // "staff", "resident", "worker", "operator"
	ActorID   uuid.UUID // one person
	Action    string
	ObjectID  uuid.UUID // one thing
	RequestID string
	// DevelopmentID keeps what is known to have happened in a development that is still there.
	DevelopmentID uuid.UUID
	From, Until   time.Time // From is in, Until is out
}

// AuditPlace is a place in the log, which runs from the newest entry to the oldest. The zero value stands before the
// newest.
type AuditPlace struct {
	At time.Time
	ID uuid.UUID
}

// AuditEntry is one entry, with the names that its ids have today. A name is blank where what it named is gone, or has
// none.
type AuditEntry struct {
	ID            uuid.UUID
	At            time.Time
	ActorKind     string
	ActorID       *uuid.UUID
	Actor         string // name, or the address of staff without one
	ActorThere    bool   // a resident who acts may be erased since
	Action        string
	Object        string
	ObjectID      *uuid.UUID
	ObjectThere   bool
	ObjectName    string
	HomeID        *uuid.UUID // the home that it is about, or that the thing belongs to
	HomeName      string     // block and number
	DevelopmentID *uuid.UUID
	Development   string
	Detail        json.RawMessage
	RequestID     string
	From          string
}

// Place is where an entry stands.
func (e AuditEntry) Place() AuditPlace { return AuditPlace{e.At, e.ID} }

// The log of a company is long and a page of it short: the page is cut first, by an index, and only its entries are
// given names. The statement has a form for each filter that an index answers, with that condition by itself: in the
// general form it stands beside "or no filter", which a plan that Postgres keeps can't use an index for.
const (
	auditHead = `
with page as (
    select a.tenant_id, a.id, a.at, a.actor_kind, a.actor_id, a.action, a.object, a.object_id, a.detail, a.request_id, a.from_ip,
           case when a.object = 'unit' then a.object_id when a.detail ->> 'unit' ~ '^[0-9a-f-]{36}$' then (a.detail ->> 'unit')::uuid end as unit_id,
           case when a.detail ->> 'development' ~ '^[0-9a-f-]{36}$' then (a.detail ->> 'development')::uuid end as development_id
    from audit_log a
    where a.tenant_id = $1 and (a.at, a.id) < ($2::timestamptz, $3::uuid) and a.at >= $4::timestamptz and a.at < $5::timestamptz
      and ($6::text = '' or a.actor_kind = $6) and ($7::uuid is null or a.actor_id = $7) and ($8::text = '' or a.action = $8)
      and ($9::uuid is null or a.object_id = $9) and ($10::text = '' or a.request_id = $10)
      and ($11::uuid is null or a.object_id = $11 or a.detail ->> 'development' = $11::text
           or a.object_id in (select u.id from units u where u.tenant_id = $1 and u.development_id = $11)
           or a.detail ->> 'unit' in (select u.id::text from units u where u.tenant_id = $1 and u.development_id = $11)
           or a.object_id in (select i.id from imports i where i.tenant_id = $1 and i.development_id = $11)
           or a.object_id in (select b.id from invite_batches b where b.tenant_id = $1 and b.development_id = $11)
           or a.object_id in (select c.id from unit_claims c where c.tenant_id = $1 and c.development_id = $11)
           or a.object_id in (select n.id from notices n where n.tenant_id = $1 and n.development_id = $11)
           or a.object_id in (select f.id from documents f where f.tenant_id = $1 and f.development_id = $11))`

	auditTail = `
    order by a.at desc, a.id desc
    limit $12
)
select p.id, p.at, p.actor_kind, p.actor_id, coalesce(nullif(s.full_name, ''), s.email, r.full_name, ''), r.id is not null,
       p.action, p.object, p.object_id,
       coalesce(od.id, os.id, orr.id, oi.id, ob.id, oc.id, onn.id, odo.id) is not null or p.object = 'unit' and hu.id is not null,
       coalesce(od.name, nullif(os.full_name, ''), os.email, orr.full_name, oi.file_name, case when ob.id is not null then d.name end, onn.title, odo.title, ''),
       hu.id, concat_ws(' ', nullif(hu.block, ''), hu.unit_number), d.id, coalesce(d.name, ''), p.detail, p.request_id, p.from_ip
from page p
left join staff s on p.actor_kind = 'staff' and s.tenant_id = p.tenant_id and s.id = p.actor_id
left join residents r on p.actor_kind = 'resident' and r.tenant_id = p.tenant_id and r.id = p.actor_id
left join developments od on p.object = 'development' and od.tenant_id = p.tenant_id and od.id = p.object_id
left join staff os on p.object = 'staff' and os.tenant_id = p.tenant_id and os.id = p.object_id
left join residents orr on p.object = 'resident' and orr.tenant_id = p.tenant_id and orr.id = p.object_id
left join imports oi on p.object = 'import' and oi.tenant_id = p.tenant_id and oi.id = p.object_id
left join invite_batches ob on p.object = 'invite_batch' and ob.tenant_id = p.tenant_id and ob.id = p.object_id
left join unit_claims oc on p.object = 'unit_claim' and oc.tenant_id = p.tenant_id and oc.id = p.object_id
left join notices onn on p.object = 'notice' and onn.tenant_id = p.tenant_id and onn.id = p.object_id
left join documents odo on p.object = 'document' and odo.tenant_id = p.tenant_id and odo.id = p.object_id
left join units hu on hu.tenant_id = p.tenant_id and hu.id = coalesce(p.unit_id, oc.unit_id, ob.unit_id)
left join developments d on d.tenant_id = p.tenant_id and d.id = coalesce(od.id, hu.development_id, oi.development_id, ob.development_id, onn.development_id, odo.development_id, p.development_id)
order by p.at desc, p.id desc`

	auditOfAll     = auditHead + auditTail
	auditOfActor   = auditHead + ` and a.actor_id = $7` + auditTail
	auditOfAction  = auditHead + ` and a.action = $8` + auditTail
	auditOfObject  = auditHead + ` and a.object_id = $9` + auditTail
	auditOfRequest = auditHead + ` and a.request_id = $10 and a.request_id <> ''` + auditTail

	auditStaff = `select s.id, coalesce(nullif(s.full_name, ''), s.email) from staff s where s.tenant_id = $1
		order by lower(coalesce(nullif(s.full_name, ''), s.email)), s.id limit 500`
	auditDevelopments = `select d.id, d.name from developments d where d.tenant_id = $1 order by lower(d.name), d.id limit 500`
)

// The days outside of which no entry can be.
var (
	auditBegin = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	auditEnd   = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
)

// queueAudit asks for the page of at most size entries that follow after.
func queueAudit(b *pgx.Batch, who Staff, f AuditFilter, after AuditPlace, size int) {
	if after.At.IsZero() {
		after.At = auditEnd
	}
	if f.From.Before(auditBegin) {
		f.From = auditBegin
	}
	if f.Until.IsZero() || f.Until.After(auditEnd) {
		f.Until = auditEnd
	}
	sql := auditOfAll
	switch {
	case f.RequestID != "":
		sql = auditOfRequest
	case f.ObjectID != uuid.Nil:
		sql = auditOfObject
	case f.ActorID != uuid.Nil:
		sql = auditOfActor
	case f.Action != "":
		sql = auditOfAction
	}
	b.Queue(sql, who.TenantID, after.At, after.ID, f.From, f.Until, f.ActorKind, orNull(f.ActorID), f.Action, orNull(f.ObjectID), f.RequestID,
		orNull(f.DevelopmentID), size)
}

func orNull(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// AuditPage is one page of the log, and what its filters can be set to.
type AuditPage struct {
	Entries      []AuditEntry
	More         bool
	People       []NamedDevelopment // staff; of the same shape
	Developments []NamedDevelopment
}

// AuditPage reads the page of the company's log that follows after, for its administrators, in one round trip.
func (s *Store) AuditPage(ctx context.Context, who Staff, f AuditFilter, after AuditPlace, size int) (AuditPage, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, q db.Querier) (AuditPage, error) {
		b := &pgx.Batch{}
		queueAudit(b, who, f, after, size+1)
		b.Queue(auditStaff, who.TenantID)
		b.Queue(auditDevelopments, who.TenantID)
		results := q.SendBatch(ctx, b)
		defer func() { _ = results.Close() }()
		entries, err := auditEntries(results.Query())
		if err != nil {
			return AuditPage{}, err
		}
		page := AuditPage{Entries: entries, More: len(entries) > size}
		page.Entries = page.Entries[:min(len(entries), size)]
		for _, list := range []*[]NamedDevelopment{&page.People, &page.Developments} {
			rows, err := results.Query()
			if err != nil {
				return AuditPage{}, err
			}
			if *list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[NamedDevelopment]); err != nil {
				return AuditPage{}, err
			}
		}
		return page, nil
	})
}

// AuditEntries reads at most size entries that follow after, for an export.
func (s *Store) AuditEntries(ctx context.Context, who Staff, f AuditFilter, after AuditPlace, size int) ([]AuditEntry, error) {
	return db.Read(ctx, s.pool, who.scope(), func(ctx context.Context, q db.Querier) ([]AuditEntry, error) {
		b := &pgx.Batch{}
		queueAudit(b, who, f, after, size)
		results := q.SendBatch(ctx, b)
		defer func() { _ = results.Close() }()
		return auditEntries(results.Query())
	})
}

func auditEntries(rows pgx.Rows, err error) ([]AuditEntry, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[AuditEntry])
}

// NoteAuditExport writes down that who takes the log, or a part of it, out of the portal. It comes before the first
// entry is read, so that nobody has a copy that the log doesn't know of.
func (s *Store) NoteAuditExport(ctx context.Context, who Staff, in db.Intent, format string, f AuditFilter) error {
	_, err := db.Write(ctx, s.pool, who.scope(), in, func(_ context.Context, tx *db.Tx) (struct{}, error) {
		detail := map[string]any{"format": format}
		for name, value := range map[string]string{"actor_kind": f.ActorKind, "action": f.Action} {
			if value != "" {
				detail[name] = value
			}
		}
		if f.RequestID != "" { // typed by hand, so it may be anything
			detail["request"] = true
		}
		for name, id := range map[string]uuid.UUID{"actor": f.ActorID, "object": f.ObjectID, "development": f.DevelopmentID} {
			if id != uuid.Nil {
				detail[name] = id
			}
		}
		for name, day := range map[string]time.Time{"from": f.From, "until": f.Until} {
			if !day.IsZero() {
				detail[name] = day.Format(time.DateOnly)
			}
		}
		tx.Audit(db.Event{Action: "audit.export", Object: "audit_log", Detail: detail})
		return struct{}{}, nil
	})
	return err
}
