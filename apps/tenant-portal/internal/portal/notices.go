package portal

import (
	"log/slog"
	"net/http"

	"openhouse.example/apps/tenant-portal/internal/pages"
	"openhouse.example/apps/tenant-portal/internal/store"
	"openhouse.example/packages/web"
)

const noticesOnPage = 20

// Notices shows what the company tells the residents of this home: GET /notices and GET /api/notices.
func (p *Portal) Notices(w http.ResponseWriter, r *http.Request) error {
	who, err := resident(r)
	if err != nil {
		return err
	}
	page, err := web.PageOf(r, noticesOnPage)
	if err != nil {
		return err
	}
	list, more, err := p.store.Notices(r.Context(), who, store.Page{Size: page.Size, Offset: page.Offset()})
	if err != nil {
		return err
	}
	view := pages.NoticesView{List: noticeViews(list)}
	view.Previous, view.Next = page.Beside(r, more)
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, struct {
			Notices []pages.Notice `json:"notices"`
			Next    *string        `json:"next"` // null behind the last page
		}{view.List, web.OrNull(view.Next)})
	}
	if view.Home, err = p.around(r, who); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.Notices(view))
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
