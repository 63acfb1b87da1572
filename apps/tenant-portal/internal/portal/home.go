package portal

import (
	"net/http"
	"time"

	"openhouse.example/apps/tenant-portal/internal/pages"
	"openhouse.example/apps/tenant-portal/internal/store"
	"openhouse.example/packages/web"
)

// Home shows the resident's home: GET / and GET /api/home.
func (p *Portal) Home(w http.ResponseWriter, r *http.Request) error {
	who, err := resident(r)
	if err != nil {
		return err
	}
	home, err := p.store.Home(r.Context(), who)
	if err != nil {
		return err
	}
	view := homeView(home, p.now())
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, view)
	}
	return web.Render(w, r, http.StatusOK, pages.MyHome(view))
}

// homeView is what page and JSON share.
func homeView(h store.Home, now time.Time) pages.Home {
	v := pages.Home{
		Company: h.Company,
		Development: pages.Development{
			Name: h.Development, Contact: pages.Contact(h.Contact), EmergencyPhone: h.Emergency,
		},
		Home: pages.Unit{
			Number: h.Number, Block: h.Block, Address: []string{}, Postcode: h.Postcode,
			Type:     pages.HouseType{Code: h.TypeCode, Name: h.TypeName},
			Bedrooms: h.Bedrooms, Bathrooms: h.Bathrooms, FloorAreaM2: h.FloorAreaM2,
			Status: h.Status,
		},
		Resident: pages.Resident{Name: h.ResidentName, Email: h.ResidentEmail},
		Notices:  noticeViews(h.Notices), MoreNotices: h.MoreNotices,
	}
	for _, line := range []string{h.Address1, h.Address2, h.City} {
		if line != "" {
			v.Home.Address = append(v.Home.Address, line)
		}
	}
	if h.Handover != nil {
		days := daysBetween(now, *h.Handover)
		v.Home.Handover, v.Home.DaysToGo = &pages.Day{Time: *h.Handover}, &days
	}
	return v
}

// daysBetween counts calendar days from now to day, negative for the past. Days change at midnight UTC.
func daysBetween(now, day time.Time) int {
	y, m, d := now.UTC().Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	return int(day.Sub(today).Hours() / 24)
}
