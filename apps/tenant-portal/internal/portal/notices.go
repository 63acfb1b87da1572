package portal

import (
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"openhouse.example/apps/tenant-portal/internal/pages"
	"openhouse.example/apps/tenant-portal/internal/store"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

const (
	noticesOnPage = 20
	lastPage      = 100_000 // no list is that long; keeps the offset a small number
)

// Notices shows what the company tells the residents of this home: GET /notices and GET /api/notices.
func (p *Portal) Notices(w http.ResponseWriter, r *http.Request) error {
	who, err := resident(r)
	if err != nil {
		return err
	}
	number := 1
	if asked := r.URL.Query().Get("page"); asked != "" {
		if number, err = strconv.Atoi(asked); err != nil || number < 1 || number > lastPage {
			return web.Invalid(map[string]text.Message{"page": text.M("notices.page-wrong")})
		}
	}
	list, more, err := p.store.Notices(r.Context(), who, store.Page{Size: noticesOnPage, Offset: (number - 1) * noticesOnPage})
	if err != nil {
		return err
	}
	view := pages.NoticesView{List: noticeViews(list)}
	if number > 1 {
		view.Previous = noticesPage(r, number-1)
	}
	if more {
		view.Next = noticesPage(r, number+1)
	}
	if web.WantsJSON(r) {
		answer := struct {
			Notices []pages.Notice `json:"notices"`
			Next    *string        `json:"next"` // null behind the last page
		}{Notices: view.List}
		if more {
			answer.Next = &view.Next
		}
		return web.JSON(w, http.StatusOK, answer)
	}
	if view.Home, err = p.around(r, who); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.Notices(view))
}

// noticesPage is the address of another page of the list.
func noticesPage(r *http.Request, number int) string {
	return (&url.URL{Path: r.URL.Path, RawQuery: url.Values{"page": {strconv.Itoa(number)}}.Encode()}).String()
}

// Notice shows one notice, and notes that the person has opened it: GET /notices/{notice} and GET /api/notices/{notice}.
func (p *Portal) Notice(w http.ResponseWriter, r *http.Request) error {
	who, err := resident(r)
	if err != nil {
		return err
	}
	id, err := web.PathID(r, "notice")
	if err != nil {
		return err
	}
	n, err := p.store.Notice(r.Context(), who, id)
	if err != nil {
		return err
	}
	if !n.Read && r.Method == http.MethodGet {
		p.markRead(r, who, n)
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, noticeView(n))
	}
	home, err := p.around(r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.NoticePage(home, noticeView(n)))
}

// markRead notes that a notice was opened. Failing at it keeps nobody from reading; the next visit tries again.
func (p *Portal) markRead(r *http.Request, who store.Resident, n store.Notice) {
	in := p.app.Intent(r)
	in.Key = "" // to do it twice is harmless
	if err := p.store.MarkNoticeRead(r.Context(), who, in, n.ID); err != nil {
		p.app.Log.LogAttrs(r.Context(), slog.LevelWarn, "notice not marked as read", slog.String("error", err.Error()))
	}
}

// around is what stands around the page of a person.
func (p *Portal) around(r *http.Request, who store.Resident) (pages.Home, error) {
	home, err := p.store.Home(r.Context(), who)
	return homeView(home, p.now()), err
}

func noticeView(n store.Notice) pages.NoticeView {
	return pages.NoticeView{Notice: noticeLine(n.NoticeLine), Body: n.Body}
}

func noticeViews(list []store.NoticeLine) []pages.Notice {
	views := make([]pages.Notice, len(list))
	for i, n := range list {
		views[i] = noticeLine(n)
	}
	return views
}

func noticeLine(n store.NoticeLine) pages.Notice {
	return pages.Notice{
		ID: n.ID, Title: n.Title, Category: n.Category, Priority: n.Priority, Since: n.Since, Until: n.Until, TimeZone: n.TimeZone, Read: n.Read,
	}
}
