package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/db"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

var homeNames = []string{
	"houseTypeId", "block", "unitNumber", "addressLine1", "addressLine2", "city", "postcode", "bedrooms", "bathrooms", "floorAreaM2",
	"status", "handoverDate", "purchaserName", "purchaserEmail", "purchaserPhone", "version",
}

// homeSent is what was sent about a home: as typed, as understood, and what is wrong with it.
type homeSent struct {
	typed   pages.HomeInput
	fields  store.HomeFields
	version *time.Time
	wrong   error
}

func readHome(r *http.Request, stored store.HomeToEdit) (homeSent, error) {
	form, err := readInput(r, homeValues(stored), homeNames...)
	if err != nil {
		return homeSent{}, err
	}
	in := input{form}
	sent := homeSent{typed: pages.HomeInput{
		HouseTypeID: r.PostForm.Get("houseTypeId"), Block: r.PostForm.Get("block"), UnitNumber: r.PostForm.Get("unitNumber"),
		AddressLine1: r.PostForm.Get("addressLine1"), AddressLine2: r.PostForm.Get("addressLine2"), City: r.PostForm.Get("city"),
		Postcode: r.PostForm.Get("postcode"), Bedrooms: r.PostForm.Get("bedrooms"), Bathrooms: r.PostForm.Get("bathrooms"),
		FloorAreaM2: r.PostForm.Get("floorAreaM2"), Status: r.PostForm.Get("status"), HandoverDate: r.PostForm.Get("handoverDate"),
		PurchaserName: r.PostForm.Get("purchaserName"), PurchaserEmail: r.PostForm.Get("purchaserEmail"),
		PurchaserPhone: r.PostForm.Get("purchaserPhone"),
	}}
	sent.fields = store.HomeFields{
		HouseTypeID: in.ID("houseTypeId"), Block: in.name("block", 60), UnitNumber: in.name("unitNumber", 20),
		AddressLine1: in.name("addressLine1", 200), AddressLine2: in.name("addressLine2", 200), City: in.name("city", 100),
		Postcode: in.name("postcode", 20), Bedrooms: in.rooms("bedrooms"), Bathrooms: in.rooms("bathrooms"),
		FloorAreaM2: in.area("floorAreaM2"), Status: in.oneOf("status", pages.HomeStates),
		PurchaserName: in.name("purchaserName", 200), PurchaserEmail: in.email("purchaserEmail"), PurchaserPhone: in.phone("purchaserPhone"),
	}
	if d := in.day("handoverDate"); d != nil {
		sent.fields.Handover = &store.Day{Time: *d}
	}
	in.Require("unitNumber", "houseTypeId", "version")
	if !slices.ContainsFunc(stored.Types, func(t store.HouseType) bool { return t.ID == sent.fields.HouseTypeID }) {
		in.Fail("houseTypeId", web.MsgChoose)
	}
	sent.version = in.version("version")
	sent.wrong = in.Err()
	return sent, nil
}

// SaveHome changes a home: POST /homes/{home}.
func (p *Portal) SaveHome(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "home")
	if err != nil {
		return err
	}
	stored, err := p.store.HomeToEdit(r.Context(), who, id)
	if err != nil {
		return err
	}
	sent, err := readHome(r, stored)
	if err != nil {
		return err
	}
	if err = sent.wrong; err == nil {
		_, err = p.store.SaveHome(r.Context(), who, p.app.Intent(r), id, *sent.version, sent.fields)
	}
	if errors.Is(err, db.ErrUnique) {
		err = web.Invalid(map[string]text.Message{"unitNumber": text.M("invalid.number-taken")})
	}
	form := pages.HomeForm{Stored: stored, Input: sent.typed, Version: stored.UpdatedAt, Errors: web.Complaints(r.Context(), err)}
	status := http.StatusUnprocessableEntity
	switch {
	case errors.Is(err, store.ErrChanged):
		if web.WantsJSON(r) {
			return changed(err)
		}
		if form.Stored, err = p.store.HomeToEdit(r.Context(), who, id); err != nil {
			return err
		}
		form.Conflict, form.Version, status = true, form.Stored.UpdatedAt, http.StatusConflict
		form.Conflicts = homeConflicts(r, form.Stored, sent.typed)
	case form.Errors != nil && !web.WantsJSON(r):
		if sent.version != nil {
			form.Version = *sent.version // what the person has seen, not what has become of it
		}
	case err != nil:
		return err
	case web.WantsJSON(r):
		home, err := p.store.Home(r.Context(), who, id)
		if err != nil {
			return err
		}
		return web.JSON(w, http.StatusOK, home)
	default:
		p.done(w, r, "/homes/"+id.String(), "home-saved")
		return nil
	}
	if form.Frame, err = p.frame(w, r, who); err != nil {
		return err
	}
	return web.Render(w, r, status, pages.EditHome(form))
}

// homeValues is a home as a form would send it.
func homeValues(h store.HomeToEdit) url.Values {
	in := pages.InputOf(h.HomeFields)
	return url.Values{
		"houseTypeId": {in.HouseTypeID}, "block": {in.Block}, "unitNumber": {in.UnitNumber}, "addressLine1": {in.AddressLine1},
		"addressLine2": {in.AddressLine2}, "city": {in.City}, "postcode": {in.Postcode}, "bedrooms": {in.Bedrooms},
		"bathrooms": {in.Bathrooms}, "floorAreaM2": {in.FloorAreaM2}, "status": {in.Status}, "handoverDate": {in.HandoverDate},
		"purchaserName": {in.PurchaserName}, "purchaserEmail": {in.PurchaserEmail}, "purchaserPhone": {in.PurchaserPhone},
		"version": {h.UpdatedAt.UTC().Format(time.RFC3339Nano)},
	}
}

// homeConflicts lists what is stored where something else was typed.
func homeConflicts(r *http.Request, h store.HomeToEdit, typed pages.HomeInput) pages.Conflicts {
	ctx := r.Context()
	stored := pages.InputOf(h.HomeFields)
	typeName := func(id string) string {
		for _, t := range h.Types {
			if t.ID.String() == id {
				return pages.TypeName(t.Code, t.Name)
			}
		}
		return ""
	}
	var list pages.Conflicts
	list.Add(text.T(ctx, "homes.status"), text.T(ctx, "home.status."+stored.Status), text.T(ctx, "home.status."+typed.Status), text.T(ctx, "home.status."+stored.Status))
	list.Add(text.T(ctx, "homes.handover"), stored.HandoverDate, typed.HandoverDate, stored.HandoverDate)
	list.Add(text.T(ctx, "homes.type"), typeName(stored.HouseTypeID), typeName(typed.HouseTypeID), typeName(stored.HouseTypeID))
	list.Add(text.T(ctx, "types.bedrooms"), stored.Bedrooms, typed.Bedrooms, stored.Bedrooms)
	list.Add(text.T(ctx, "home.bathrooms"), stored.Bathrooms, typed.Bathrooms, stored.Bathrooms)
	list.Add(text.T(ctx, "types.area"), stored.FloorAreaM2, typed.FloorAreaM2, stored.FloorAreaM2)
	list.Add(text.T(ctx, "home.buyer-name"), stored.PurchaserName, typed.PurchaserName, stored.PurchaserName)
	list.Add(text.T(ctx, "home.buyer-email"), stored.PurchaserEmail, typed.PurchaserEmail, stored.PurchaserEmail)
	list.Add(text.T(ctx, "home.buyer-phone"), stored.PurchaserPhone, typed.PurchaserPhone, stored.PurchaserPhone)
	list.Add(text.T(ctx, "home.block"), stored.Block, typed.Block, stored.Block)
	list.Add(text.T(ctx, "homes.number"), stored.UnitNumber, typed.UnitNumber, stored.UnitNumber)
	list.Add(text.T(ctx, "home.address-1"), stored.AddressLine1, typed.AddressLine1, stored.AddressLine1)
	list.Add(text.T(ctx, "home.address-2"), stored.AddressLine2, typed.AddressLine2, stored.AddressLine2)
	list.Add(text.T(ctx, "home.city"), stored.City, typed.City, stored.City)
	list.Add(text.T(ctx, "home.postcode"), stored.Postcode, typed.Postcode, stored.Postcode)
	return list
}
