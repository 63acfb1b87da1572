package portal

import (
	"net/http"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

const pageSize = 50

// pageOf reads which page of a list is asked for, counted from 1.
func pageOf(r *http.Request) (number int, page store.Page, err error) {
	p, err := web.PageOf(r, pageSize)
	return p.Number, store.Page{Size: p.Size, Offset: p.Offset()}, err
}

// paging leads to the pages beside this one.
func paging(r *http.Request, number int, more bool) pages.Paging {
	var p pages.Paging
	p.Previous, p.Next = web.Page{Number: number, Size: pageSize}.Beside(r, more)
	return p
}

// counted is paging where the length of the list is known.
func counted(r *http.Request, number, shown, total int) pages.Paging {
	first := (number - 1) * pageSize
	p := paging(r, number, first+shown < total)
	if shown > 0 {
		p.Summary = text.T(r.Context(), "paging.summary", first+1, first+shown, total)
	}
	return p
}

// next is the address of the next page for programs, null behind the last.
func next(p pages.Paging) *string { return web.OrNull(p.Next) }
