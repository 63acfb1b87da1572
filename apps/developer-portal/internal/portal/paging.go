package portal

import (
	"net/http"
	"net/url"
	"strconv"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

const (
	pageSize = 50
	lastPage = 100_000 // no list is that long; keeps the offset a small number
)

// pageOf reads which page of a list is asked for, counted from 1.
func pageOf(r *http.Request) (number int, page store.Page, err error) {
	number = 1
	if asked := r.URL.Query().Get("page"); asked != "" {
		number, err = strconv.Atoi(asked)
		if err != nil || number < 1 || number > lastPage {
			return 0, store.Page{}, web.Invalid(map[string]text.Message{"page": text.M("invalid.page")})
		}
	}
	return number, store.Page{Size: pageSize, Offset: (number - 1) * pageSize}, nil
}

// pagePath is the address of another page of the same list.
func pagePath(r *http.Request, number int) string {
	query := r.URL.Query()
	query.Set("page", strconv.Itoa(number))
	return (&url.URL{Path: r.URL.Path, RawQuery: query.Encode()}).String()
}

// paging leads to the pages beside this one.
func paging(r *http.Request, number int, more bool) pages.Paging {
	var p pages.Paging
	if number > 1 {
		p.Previous = pagePath(r, number-1)
	}
	if more {
		p.Next = pagePath(r, number+1)
	}
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
func next(p pages.Paging) *string {
	if p.Next == "" {
		return nil
	}
	return &p.Next
}
