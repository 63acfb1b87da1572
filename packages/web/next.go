package web

import (
	"net/http"
	"net/url"
	"strings"
)

const maxNext = 2000 // bytes; longer ones don't fit well in an address

// SafeNext returns next if it is a path on this portal, else fallback. It is for
// the place where somebody goes after signing in, which comes from the address
// and could otherwise lead anywhere.
func SafeNext(next, fallback string) string {
	if len(next) > maxNext || !strings.HasPrefix(next, "/") {
		return fallback
	}
	// Browsers make another host of what follows "//", however many there are, and
	// read "\" as "/". (Tabs and line breaks, which they drop, no address may have.)
	if strings.HasPrefix(next, "//") || strings.Contains(next, `\`) {
		return fallback
	}
	if _, err := url.Parse(next); err != nil {
		return fallback
	}
	return next
}

// signInURL is the sign-in page, which afterwards leads back to the page that
// was asked for. What a form wanted to do is not repeated.
func (a *App) signInURL(r *http.Request) string {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return a.SignInPath
	}
	next := SafeNext(r.URL.RequestURI(), "")
	if next == "" || next == "/" {
		return a.SignInPath
	}
	return a.SignInPath + "?next=" + url.QueryEscape(next)
}
