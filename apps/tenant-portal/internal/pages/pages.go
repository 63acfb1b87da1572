// Package pages is what residents read: each page is a function of a view, a plain value with everything on it.
//
// It refuses to know requests, tokens and the database. Words come from the catalogue in words.
package pages

import (
	"context"

	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
)

// bare is a page for somebody who is not signed in.
func bare(ctx context.Context, title string, invalid bool) ui.Page {
	return ui.Page{Title: title, Portal: ui.TenantPortal, Invalid: invalid}
}

// inside is a page of a signed-in resident.
func inside(ctx context.Context, title string, h Home) ui.Page {
	return ui.Page{
		Title:  title,
		Portal: ui.TenantPortal,
		Brand:  h.Company,
		Nav: []ui.NavItem{
			{Label: text.T(ctx, "nav.home"), Href: "/", Icon: "home", Active: true},
			{Label: text.T(ctx, "nav.emergency"), Href: "/#emergency", Icon: "phone"},
		},
		User: &ui.User{Name: h.person(), Detail: h.Resident.Email},
	}
}
