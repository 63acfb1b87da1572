package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// The filters of the audit log, in the order of the form. A blank one means the company's own.
var auditFilters = []string{"who", "action", "development", "object", "from", "until", "request"}

// auditFilter reads the filters of the log.
func auditFilter(values url.Values) (store.AuditFilter, error) {
	var f store.AuditFilter
	wrong := map[string]text.Message{}
	id := func(name string) uuid.UUID {
		value := values.Get(name)
		if value == "" {
			return uuid.Nil
		}
		got, err := uuid.Parse(value)
		if err != nil || got == uuid.Nil {
			wrong[name] = web.MsgChoose
		}
		return got
	}
	day := func(name string) time.Time {
		value := values.Get(name)
		if value == "" {
			return time.Time{}
		}
		got, err := time.Parse(time.DateOnly, value)
		if err != nil || got.Year() < 1970 || got.Year() > 9000 {
			wrong[name] = text.M("invalid.day")
		}
		return got
	}
	if who := values.Get("who"); slices.Contains(pages.AuditKinds, who) {
		f.ActorKind = who
	} else {
		f.ActorID = id("who")
	}
	if f.Action = values.Get("action"); f.Action != "" && !slices.Contains(pages.AuditActions(), f.Action) {
		wrong["action"] = web.MsgChoose
	}
	f.DevelopmentID, f.ObjectID = id("development"), id("object")
	f.From = day("from")
	if f.Until = day("until"); !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1) // the day itself is in
	}
	if f.RequestID = strings.TrimSpace(values.Get("request")); len(f.RequestID) > 200 || strings.ContainsRune(f.RequestID, 0) {
		wrong["request"] = text.M("audit.invalid-request")
	}
	if len(wrong) > 0 {
		return f, web.Invalid(wrong)
	}
	return f, nil
}

// auditPlace reads from where on the log is asked for: "time,id" of the entry before.
func auditPlace(value string) (store.AuditPlace, error) {
	if value == "" {
		return store.AuditPlace{}, nil
	}
	at, entry, _ := strings.Cut(value, ",")
	moment, err := time.Parse(time.RFC3339Nano, at)
	id, errID := uuid.Parse(entry)
	if err != nil || errID != nil || moment.Year() < 1970 || moment.Year() > 9000 {
		return store.AuditPlace{}, web.Invalid(map[string]text.Message{"before": web.MsgChoose})
	}
	return store.AuditPlace{At: moment, ID: id}, nil
}

// olderPath is the address of the page behind an entry, with the same filters.
func olderPath(r *http.Request, last store.AuditEntry) string {
	query := keptFilters(r.URL.Query())
	query.Set("before", last.At.UTC().Format(time.RFC3339Nano)+","+last.ID.String())
	return (&url.URL{Path: r.URL.Path, RawQuery: query.Encode()}).String()
}

// keptFilters are the filters that are set, and nothing else that an address may carry.
func keptFilters(from url.Values) url.Values {
	kept := url.Values{}
	for _, name := range auditFilters {
		if value := strings.TrimSpace(from.Get(name)); value != "" {
			kept.Set(name, value)
		}
	}
	return kept
}

// ShowAudit shows what happened in the company, the newest first:
// GET /audit?who=…&action=…&development=…&object=…&from=…&until=…&request=…&before=….
func (p *Portal) ShowAudit(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	filter, err := auditFilter(query)
	complaints := web.Complaints(r.Context(), err)
	if err != nil && (complaints == nil || web.WantsJSON(r)) {
		return err
	}
	place, err := auditPlace(query.Get("before"))
	if err != nil {
		return err
	}
	size, status := pageSize, http.StatusOK
	if complaints != nil { // the form with its mistakes, and no entries that were not asked for
		filter, size, status = store.AuditFilter{}, 0, http.StatusUnprocessableEntity
	}
	log, err := p.store.AuditPage(r.Context(), who, filter, place, size)
	if err != nil {
		return err
	}
	older := ""
	if log.More && len(log.Entries) > 0 {
		older = olderPath(r, log.Entries[len(log.Entries)-1])
	}
	if web.WantsJSON(r) {
		answer := struct {
			Entries []auditJSON `json:"entries"`
			Next    *string     `json:"next"`
		}{make([]auditJSON, len(log.Entries)), next(pages.Paging{Next: older})}
		for i, e := range log.Entries {
			answer.Entries[i] = auditAnswer(r.Context(), e)
		}
		return web.JSON(w, http.StatusOK, answer)
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, status, pages.Audit(pages.AuditView{
		Frame: frame, Log: log, Filter: keptFilters(query), Errors: complaints, Older: older, Later: query.Get("before") != "",
	}))
}
