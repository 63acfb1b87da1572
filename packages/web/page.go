package web

import (
	"net/http"
	"net/url"
	"strconv"

	"openhouse.example/packages/ui/text"
)

// lastPage is beyond the end of every list; it keeps the offset a small number.
const lastPage = 100_000

// Page is one page of a list.
type Page struct {
	Number int // counted from 1
	Size   int // lines on it
}

// PageOf reads from ?page= which page of a list is asked for; the error says that there is no such page.
func PageOf(r *http.Request, size int) (Page, error) {
	p := Page{Number: 1, Size: size}
	asked := r.URL.Query().Get("page")
	if asked == "" {
		return p, nil
	}
	var err error
	if p.Number, err = strconv.Atoi(asked); err != nil || p.Number < 1 || p.Number > lastPage {
		return Page{}, Invalid(map[string]text.Message{"page": text.M("answer.no-such-page")})
	}
	return p, nil
}

// Offset is how many lines of the list come before it.
func (p Page) Offset() int { return (p.Number - 1) * p.Size }

// Beside are the addresses of the pages before and after this one of the list that r asks for; "" where there is none.
// more says whether the list goes on.
func (p Page) Beside(r *http.Request, more bool) (previous, next string) {
	if p.Number > 1 {
		previous = pagePath(r, p.Number-1)
	}
	if more {
		next = pagePath(r, p.Number+1)
	}
	return previous, next
}

func pagePath(r *http.Request, number int) string {
	query := r.URL.Query()
	query.Set("page", strconv.Itoa(number))
	return (&url.URL{Path: r.URL.Path, RawQuery: query.Encode()}).String()
}

// OrNull tells programs of an address: null if there is none.
func OrNull(address string) *string {
	if address == "" {
		return nil
	}
	return &address
}
