// Package pages is what staff read: each page is a function of a view, a plain value with everything on it. Lists and
// single things come as the store's plain values.
//
// It refuses to know requests, tokens and SQL. Words come from the catalogue in words.
package pages

import (
	"context"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web/auth"
)

// Frame is what stands around a page of a signed-in member of staff.
type Frame struct {
	store.Frame
	Flash  *ui.Flash
	Outbox bool // development only: the mail that would have been sent
}

// May asks the table of actions what the page may offer to the person; the routes' guards decide in earnest.
func (f Frame) May(a auth.Action) bool { return auth.Role(f.Role).May(a) }

// CanEdit is for pages whose subject has no action of its own in the table yet.
func (f Frame) CanEdit() bool { return f.May(auth.EditDevelopments) }

// CanCreate says whether the person may make developments.
func (f Frame) CanCreate() bool { return f.May(auth.EditDevelopments) && !f.Limited }

// The places of the navigation.
const (
	navDevelopments = "developments"
	navRequests     = "requests"
	navNotices      = "notices"
	navQuestions    = "questions"
	navTeam         = "team"
	navAudit        = "audit"
	navOutbox       = "outbox"
)

// inside is a page of a signed-in member of staff.
func inside(ctx context.Context, f Frame, title, place string, crumbs ...ui.Crumb) ui.Page {
	nav := []ui.NavItem{{Label: text.T(ctx, "nav.developments"), Href: "/developments", Icon: "building", Active: place == navDevelopments}}
	nav = append(nav, ui.NavItem{Label: text.T(ctx, "nav.requests"), Href: RequestsPath, Icon: "door", Active: place == navRequests, Count: int(f.Waiting)})
	nav = append(nav, ui.NavItem{Label: text.T(ctx, "notices.title"), Href: NoticesPath, Icon: "bell", Active: place == navNotices})
	if f.May(auth.AnswerQuestions) {
		nav = append(nav, ui.NavItem{Label: text.T(ctx, "questions.title"), Href: QuestionsPath, Icon: "message", Active: place == navQuestions})
	}
	if f.May(auth.ManageTeam) {
		nav = append(nav, ui.NavItem{Label: text.T(ctx, "team.title"), Href: "/team", Icon: "users", Active: place == navTeam})
	}
	if f.May(auth.SeeAudit) {
		nav = append(nav, ui.NavItem{Label: text.T(ctx, "audit.title"), Href: "/audit", Icon: "list", Active: place == navAudit})
	}
	if f.Outbox && f.May(auth.SeeOutbox) {
		nav = append(nav, ui.NavItem{Label: text.T(ctx, "nav.outbox"), Href: "/outbox", Icon: "mail", Active: place == navOutbox})
	}
	return ui.Page{
		Title: title, Portal: ui.DeveloperPortal, Brand: f.Company, Home: "/developments", Nav: nav,
		User: &ui.User{Name: f.person(), Detail: text.T(ctx, "role."+f.Role)}, Flash: f.Flash, Breadcrumbs: crumbs,
	}
}

// form is a page with a form on it.
func form(p ui.Page, errors map[string]string) ui.Page {
	p.Narrow, p.Invalid = true, len(errors) > 0
	return p
}

// named is a field with its label, for the list of a form's mistakes.
func named(name, label string) ui.FormField { return ui.FormField{Name: name, Label: label} }

// bare is a page for somebody who is not signed in.
func bare(title string, invalid bool) ui.Page {
	return ui.Page{Title: title, Portal: ui.DeveloperPortal, Invalid: invalid}
}

func (f Frame) person() string {
	if f.Name != "" {
		return f.Name
	}
	return f.Email
}

// crumbs lead from the list of developments to a page; each pair is a label and an address, the last one has none.
func crumbs(ctx context.Context, pairs ...string) []ui.Crumb {
	list := []ui.Crumb{{Label: text.T(ctx, "nav.developments"), Href: "/developments"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, ui.Crumb{Label: pairs[i], Href: pairs[i+1]})
	}
	return list
}

// Conflict stands above a form whose row somebody else has changed: what is stored now, where it differs from what was
// typed. Nothing that was typed is lost.
type Conflict struct {
	Label, Stored string
}

// Conflicts are those of one form.
type Conflicts []Conflict

// Add adds a field in which something else is stored than was typed. says is what is stored, in words.
func (c *Conflicts) Add(label, stored, typed, says string) {
	if stored != typed {
		*c = append(*c, Conflict{Label: label, Stored: says})
	}
}
