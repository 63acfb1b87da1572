package portal

import (
	"net/http"
	"slices"
	"strings"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

// searched is what somebody looks for, without what no text in the database can hold.
func searched(r *http.Request, name string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(r.URL.Query().Get(name), ""), "\x00", "")
}

// ListHomes shows a development's homes: GET /developments/{development}/homes?q=…&status=…&page=….
func (p *Portal) ListHomes(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "development")
	if err != nil {
		return err
	}
	number, page, err := pageOf(r)
	if err != nil {
		return err
	}
	filter := store.HomeFilter{Words: searched(r, "q"), Status: r.URL.Query().Get("status")}
	if filter.Status != "" && !slices.Contains(pages.HomeStates, filter.Status) {
		return web.Invalid(map[string]text.Message{"status": web.MsgChoose})
	}
	d, err := p.store.Overview(r.Context(), who, id)
	if err != nil {
		return err
	}
	list, err := p.store.Homes(r.Context(), who, id, filter, page)
	if err != nil {
		return err
	}
	around := counted(r, number, len(list.Homes), int(list.Total))
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, struct {
			Homes    []store.HomeLine `json:"homes"`
			Total    int64            `json:"total"`
			Next     *string          `json:"next"`
			Withheld []auth.Action    `json:"withheld,omitempty"`
		}{list.Homes, list.Total, next(around), withheld(who, auth.SeeBuyers)})
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.Homes(pages.HomesView{
		Frame: frame, Development: d.Development, Figures: d.Figures, Filter: filter, List: list.Homes, Paging: around,
	}))
}

// ShowHome shows one home: GET /homes/{home}.
func (p *Portal) ShowHome(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "home")
	if err != nil {
		return err
	}
	home, err := p.store.Home(r.Context(), who, id)
	if err != nil {
		return err
	}
	var code *pages.HomeCodeView
	if may(who, auth.PrintCodes) {
		code = &pages.HomeCodeView{Residents: p.residents}
		if code.HomeCode, err = p.store.HomeCode(r.Context(), who, id); err != nil {
			return err
		}
	}
	if web.WantsJSON(r) {
		answer := struct {
			store.HomeView
			Requests []pages.RequestLine `json:"requests"`
			Code     *store.HomeCode     `json:"code,omitempty"` // not for viewers
			Withheld []auth.Action       `json:"withheld,omitempty"`
		}{HomeView: home, Requests: requestLines(who, home.Requests), Withheld: withheld(who, auth.SeeBuyers, auth.SeePeople, auth.PrintCodes)}
		if code != nil {
			answer.Code = &code.HomeCode
		}
		return web.JSON(w, http.StatusOK, answer)
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.Home(pages.HomePage{
		Frame: frame, HomeView: home, Requests: requestLines(who, home.Requests), Code: code,
	}))
}

// EditHome shows the form for a home: GET /homes/{home}/edit.
func (p *Portal) EditHome(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "home")
	if err != nil {
		return err
	}
	home, err := p.store.HomeToEdit(r.Context(), who, id)
	if err != nil {
		return err
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.EditHome(pages.HomeForm{
		Frame: frame, Stored: home, Input: pages.InputOf(home.HomeFields), Version: home.UpdatedAt,
	}))
}
