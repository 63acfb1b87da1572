package portal

import (
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/web"
)

// AskResale shows the form for a home that was sold again: GET /homes/{home}/resale.
func (p *Portal) AskResale(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "home")
	if err != nil {
		return err
	}
	return p.showResale(w, r, who, id, http.StatusOK, pages.ResaleForm{Input: pages.SaleInput{Day: p.now().UTC().Format(time.DateOnly)}})
}

func (p *Portal) showResale(w http.ResponseWriter, r *http.Request, who store.Staff, id uuid.UUID, status int, f pages.ResaleForm) (err error) {
	if f.HomeView, err = p.store.Home(r.Context(), who, id); err != nil {
		return err
	}
	if f.Code, err = p.store.HomeCode(r.Context(), who, id); err != nil {
		return err
	}
	if f.Version.IsZero() {
		f.Version = f.UpdatedAt
	}
	if f.Frame, err = p.frame(w, r, who); err != nil {
		return err
	}
	return web.Render(w, r, status, pages.Resale(f))
}

// Resell gives a home a new buyer and ends whatever opened it to the people before: POST /homes/{home}/resale.
func (p *Portal) Resell(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "home")
	if err != nil {
		return err
	}
	if _, err := p.store.Home(r.Context(), who, id); err != nil { // before anything is said about the fields
		return err
	}
	form, err := readInput(r, nil, "name", "email", "phone", "day", "version")
	if err != nil {
		return err
	}
	in := input{form}
	sale := store.Sale{Name: in.name("name", 200), Email: in.email("email"), Phone: in.phone("phone")}
	typed := pages.SaleInput{Name: r.PostForm.Get("name"), Email: r.PostForm.Get("email"), Phone: r.PostForm.Get("phone"), Day: r.PostForm.Get("day")}
	day, version := in.day("day"), in.version("version")
	in.Require("name", "day", "version")
	if day != nil && day.After(p.now().Add(eastmost)) {
		in.fail("day", "day-to-come")
	}
	var done store.Resold
	if err = in.Err(); err == nil {
		sale.Day = *day
		done, err = p.store.Resell(r.Context(), who, p.app.Intent(r), id, *version, sale, rejection(r.Context()))
	}
	f := pages.ResaleForm{Input: typed, Errors: web.Complaints(r.Context(), err)}
	switch {
	case errors.Is(err, store.ErrChanged):
		if web.WantsJSON(r) {
			return changed(err)
		}
		f.Conflict = true
		return p.showResale(w, r, who, id, http.StatusConflict, f)
	case f.Errors != nil && !web.WantsJSON(r):
		if version != nil {
			f.Version = *version // what the person has seen, not what has become of it
		}
		return p.showResale(w, r, who, id, http.StatusUnprocessableEntity, f)
	case err != nil:
		return err
	case web.WantsJSON(r):
		return web.JSON(w, http.StatusOK, done)
	}
	p.done(w, r, "/homes/"+id.String(), "resold")
	return nil
}

// eastmost is how far the calendar is ahead where the day begins first.
const eastmost = 14 * time.Hour
