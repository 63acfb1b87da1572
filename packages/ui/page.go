package ui

import (
	"context"
	"strings"
	"unicode/utf8"

	"openhouse.example/packages/ui/text"
)

// Portal says which of the two portals a page belongs to, and so its colours,
// its density and its shape. The zero value looks like the developer portal.
type Portal string

// The two portals, by the names they have everywhere.
const (
	DeveloperPortal Portal = "developer-portal"
	TenantPortal    Portal = "tenant-portal"
)

// name is what people call the portal.
func (p Portal) name(ctx context.Context) string {
	if p == TenantPortal {
		return text.T(ctx, "layout.tenant-portal")
	}
	return text.T(ctx, "layout.developer-portal")
}

func (p Portal) key() string {
	if p == TenantPortal {
		return "resident"
	}
	return "staff"
}

// barColours are the colours of the bar (--bar in the style sheet), for the
// frame that a phone's browser draws around the page.
func (p Portal) barColours() (light, dark string) {
	if p == TenantPortal {
		return "#fffdf9", "#1c1613"
	}
	return "#0b2f30", "#0f1a1a"
}

func (p Portal) favicon() string {
	if p == TenantPortal {
		return Asset("favicon-resident.svg")
	}
	return Asset("favicon.svg")
}

// Page is what Layout and BareLayout need besides the content.
type Page struct {
	Title       string // for <title>; the heading is PageHeader's
	Portal      Portal
	Brand       string // name beside the mark: the company; "" is OpenHouse
	Home        string // where the mark leads; "" is "/"
	Nav         []NavItem
	User        *User
	Flash       *Flash
	Breadcrumbs []Crumb
	Narrow      bool // reading width, for forms and texts
	Invalid     bool // the form has errors: said first in the title
	Refresh     int  // seconds; reloads when there is no JavaScript; 0 is never
}

// NavItem is one place of the main navigation, or one link of the account menu.
type NavItem struct {
	Label, Href, Icon string
	Active            bool
	Count             int // shown when above 0
}

// User is the signed-in person.
type User struct {
	Name, Detail string // Detail: e-mail, role or home
	Links        []NavItem
	SignOut      string // action of the sign-out form; "" is "/sign-out"
}

// Flash is one message after an action.
type Flash struct {
	Tone Tone
	Text string
}

// Crumb is one step of the way to this page; the last has no Href.
type Crumb struct{ Label, Href string }

func (p Page) brand(ctx context.Context) string {
	if p.Brand != "" {
		return p.Brand
	}
	return text.T(ctx, "layout.product")
}

func (p Page) home() string {
	if p.Home != "" {
		return p.Home
	}
	return "/"
}

func (p Page) fullTitle(ctx context.Context) string {
	title := p.brand(ctx)
	if p.Title != "" {
		title = text.T(ctx, "layout.title", p.Title, title)
	}
	if p.Invalid {
		title = text.T(ctx, "layout.title-invalid", title)
	}
	return title
}

func (u User) signOut() string {
	if u.SignOut != "" {
		return u.SignOut
	}
	return "/sign-out"
}

// initials are at most two letters that stand for a person.
func (u User) initials() string {
	words := strings.Fields(u.Name)
	if len(words) > 2 {
		words = []string{words[0], words[len(words)-1]}
	}
	var out strings.Builder
	for _, w := range words {
		r, _ := utf8.DecodeRuneInString(w)
		out.WriteRune(r)
	}
	return strings.ToUpper(out.String())
}
