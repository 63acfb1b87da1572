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

// The places of the navigation.
const (
	navHome      = "home"
	navNotices   = "notices"
	navDocuments = "documents"
	navAsk       = "ask"
)

// inside is a page of a signed-in resident.
func inside(ctx context.Context, title, place string, h Home) ui.Page {
	return ui.Page{
		Title:  title,
		Portal: ui.TenantPortal,
		Brand:  h.Company,
		Nav: []ui.NavItem{
			{Label: text.T(ctx, "nav.home"), Href: "/", Icon: "home", Active: place == navHome},
			{Label: text.T(ctx, "nav.notices"), Href: NoticesPath, Icon: "bell", Active: place == navNotices},
			{Label: text.T(ctx, "nav.documents"), Href: DocumentsPath, Icon: "file", Active: place == navDocuments},
			{Label: text.T(ctx, "ask.title"), Href: AskPath, Icon: "message", Active: place == navAsk},
			{Label: text.T(ctx, "nav.emergency"), Href: "/#emergency", Icon: "phone"},
		},
		User: &ui.User{Name: h.person(), Detail: h.Resident.Email},
	}
}
