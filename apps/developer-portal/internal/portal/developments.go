package portal

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// ListDevelopments shows what the company builds: GET /developments.
func (p *Portal) ListDevelopments(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	number, page, err := pageOf(r)
	if err != nil {
		return err
	}
	list, more, err := p.store.Developments(r.Context(), who, page)
	if err != nil {
		return err
	}
	around := paging(r, number, more)
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, struct {
			Developments []store.DevelopmentLine `json:"developments"`
			Next         *string                 `json:"next"`
		}{list, next(around)})
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.Developments(pages.DevelopmentsView{Frame: frame, List: list, Paging: around}))
}

// ShowDevelopment shows one development: GET /developments/{development}.
func (p *Portal) ShowDevelopment(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "development")
	if err != nil {
		return err
	}
	d, err := p.store.Overview(r.Context(), who, id)
	if err != nil {
		return err
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, d)
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.Overview(pages.OverviewView{Frame: frame, Overview: d}))
}

// staffAnd is the person and the id in the route's pattern.
func staffAnd(r *http.Request, name string) (store.Staff, uuid.UUID, error) {
	who, err := staff(r)
	if err != nil {
		return store.Staff{}, uuid.Nil, err
	}
	id, err := web.PathID(r, name)
	return who, id, err
}

// NewDevelopment shows the form for a new development: GET /developments/new.
func (p *Portal) NewDevelopment(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	if frame.Limited {
		return limited()
	}
	return web.Render(w, r, http.StatusOK, pages.EditDevelopment(pages.DevelopmentForm{
		Frame: frame, Fields: store.DevelopmentFields{Status: "active"},
	}))
}

// limited refuses staff who see some developments only.
func limited() error {
	return &web.Error{Status: http.StatusForbidden, Code: "limited", Public: text.M("developments.limited-refused")}
}

var developmentNames = []string{"name", "address", "status", "contactName", "contactEmail", "contactPhone", "emergencyPhone", "version"}

// readDevelopment reads what was entered about a development. The fields are those that were typed, also when the
// error says what is wrong with them.
func readDevelopment(r *http.Request, stored url.Values) (f store.DevelopmentFields, version *time.Time, err error) {
	form, err := readInput(r, stored, developmentNames...)
	if err != nil {
		return f, nil, err
	}
	in := input{form}
	f = store.DevelopmentFields{
		Name: in.name("name", 120), Address: in.name("address", 200), Status: in.oneOf("status", pages.DevelopmentStates),
		ContactName: in.name("contactName", 120), ContactEmail: in.email("contactEmail"), ContactPhone: in.phone("contactPhone"),
		EmergencyPhone: in.phone("emergencyPhone"),
	}
	in.Require("name")
	version = in.version("version")
	return f, version, in.Err()
}

// CreateDevelopment makes a development: POST /developments.
func (p *Portal) CreateDevelopment(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	fields, _, err := readDevelopment(r, url.Values{"status": {"active"}})
	if wrong := web.Complaints(r.Context(), err); wrong != nil && !web.WantsJSON(r) {
		frame, err := p.frame(w, r, who)
		if err != nil {
			return err
		}
		return web.Render(w, r, http.StatusUnprocessableEntity, pages.EditDevelopment(pages.DevelopmentForm{
			Frame: frame, Fields: fields, Errors: wrong,
		}))
	}
	if err != nil {
		return err
	}
	made, err := p.store.CreateDevelopment(r.Context(), who, p.app.Intent(r), fields)
	switch {
	case errors.Is(err, store.ErrLimited):
		return limited()
	case err != nil:
		return err
	case web.WantsJSON(r):
		w.Header().Set("Location", "/api/developments/"+made.ID.String())
		return web.JSON(w, http.StatusCreated, made)
	}
	p.done(w, r, "/developments/"+made.ID.String(), "development-created")
	return nil
}

// EditDevelopment shows the form for a development: GET /developments/{development}/edit.
func (p *Portal) EditDevelopment(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "development")
	if err != nil {
		return err
	}
	d, err := p.store.Development(r.Context(), who, id)
	if err != nil {
		return err
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.EditDevelopment(pages.DevelopmentForm{
		Frame: frame, ID: id, Title: d.Name, Version: d.UpdatedAt, Fields: d.DevelopmentFields,
	}))
}

// SaveDevelopment changes a development: POST /developments/{development}.
func (p *Portal) SaveDevelopment(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "development")
	if err != nil {
		return err
	}
	stored, err := p.store.Development(r.Context(), who, id)
	if err != nil {
		return err
	}
	fields, version, err := readDevelopment(r, developmentValues(stored))
	if err == nil && version == nil {
		err = web.Invalid(map[string]text.Message{"version": web.MsgRequired})
	}
	if err == nil {
		_, err = p.store.SaveDevelopment(r.Context(), who, p.app.Intent(r), id, *version, fields)
	}
	form := pages.DevelopmentForm{
		ID: id, Title: stored.Name, Version: stored.UpdatedAt, Fields: fields, Errors: web.Complaints(r.Context(), err),
	}
	status := http.StatusUnprocessableEntity
	switch {
	case errors.Is(err, store.ErrChanged):
		if web.WantsJSON(r) {
			return changed(err)
		}
		if stored, err = p.store.Development(r.Context(), who, id); err != nil {
			return err
		}
		form.Conflict, form.Version, status = true, stored.UpdatedAt, http.StatusConflict
		form.Conflicts = developmentConflicts(r, stored.DevelopmentFields, fields)
	case form.Errors != nil && !web.WantsJSON(r):
		if version != nil {
			form.Version = *version // what the person has seen, not what has become of it
		}
	case err != nil:
		return err
	case web.WantsJSON(r):
		if stored, err = p.store.Development(r.Context(), who, id); err != nil {
			return err
		}
		return web.JSON(w, http.StatusOK, stored)
	default:
		p.done(w, r, "/developments/"+id.String(), "development-saved")
		return nil
	}
	if form.Frame, err = p.frame(w, r, who); err != nil {
		return err
	}
	return web.Render(w, r, status, pages.EditDevelopment(form))
}

// changed is the answer to programs for a row that is not as they saw it.
func changed(cause error) error {
	return web.Conflict("changed", text.M("conflict.title"), cause)
}

// developmentValues is a development as a form would send it.
func developmentValues(d store.Development) url.Values {
	return url.Values{
		"name": {d.Name}, "address": {d.Address}, "status": {d.Status}, "contactName": {d.ContactName}, "contactEmail": {d.ContactEmail},
		"contactPhone": {d.ContactPhone}, "emergencyPhone": {d.EmergencyPhone}, "version": {d.UpdatedAt.UTC().Format(time.RFC3339Nano)},
	}
}

// developmentConflicts lists what is stored where something else was typed.
func developmentConflicts(r *http.Request, stored, typed store.DevelopmentFields) pages.Conflicts {
	ctx := r.Context()
	var list pages.Conflicts
	list.Add(text.T(ctx, "developments.name"), stored.Name, typed.Name, stored.Name)
	list.Add(text.T(ctx, "development.address"), stored.Address, typed.Address, stored.Address)
	list.Add(text.T(ctx, "developments.status"), text.T(ctx, "development.status."+stored.Status), text.T(ctx, "development.status."+typed.Status), text.T(ctx, "development.status."+stored.Status))
	list.Add(text.T(ctx, "development.contact-name"), stored.ContactName, typed.ContactName, stored.ContactName)
	list.Add(text.T(ctx, "development.contact-email"), stored.ContactEmail, typed.ContactEmail, stored.ContactEmail)
	list.Add(text.T(ctx, "development.contact-phone"), stored.ContactPhone, typed.ContactPhone, stored.ContactPhone)
	list.Add(text.T(ctx, "development.emergency"), stored.EmergencyPhone, typed.EmergencyPhone, stored.EmergencyPhone)
	return list
}
