package gallery

import (
	"time"

	"openhouse.example/packages/ui"
)

// mistakes are those of the form that was sent back.
var mistakes = map[string]string{
	"name":      "Enter a name.",
	"email":     "Enter an address such as care@example.org.",
	"emergency": "Choose who answers at night.",
}

var opened = time.Date(2025, 11, 24, 14, 5, 0, 0, time.UTC)

func staffPage(title, active string) ui.Page {
	nav := []ui.NavItem{
		{Label: "Developments", Href: "/staff/developments", Icon: "building"},
		{Label: "Questions", Href: "/staff/everything", Icon: "message", Count: 4},
		{Label: "Team", Href: "/staff/empty", Icon: "users"},
		{Label: "Settings", Href: "/staff/new", Icon: "settings"},
	}
	for i := range nav {
		nav[i].Active = nav[i].Label == active
	}
	return ui.Page{
		Title: title, Portal: ui.DeveloperPortal, Brand: "Fenmoor Homes", Home: "/", Nav: nav,
		User: &ui.User{Name: "Orla Byrne", Detail: "orla@fenmoor.example.org", Links: []ui.NavItem{{Label: "Your account", Href: "/staff/new", Icon: "user"}}},
	}
}

func residentPage(title, active string) ui.Page {
	nav := []ui.NavItem{
		{Label: "My home", Href: "/resident/home", Icon: "home"},
		{Label: "Documents", Href: "/resident/documents", Icon: "file"},
		{Label: "Notices", Href: "/resident/everything", Icon: "bell", Count: 2},
		{Label: "Ask", Href: "/resident/long", Icon: "message"},
	}
	for i := range nav {
		nav[i].Active = nav[i].Label == active
	}
	return ui.Page{
		Title: title, Portal: ui.TenantPortal, Brand: "Fenmoor Homes", Home: "/", Nav: nav,
		User: &ui.User{Name: "Tomás Ó Briain", Detail: "14 Longview Park"},
	}
}

type developmentRow struct {
	name, place, phase string
	tone               ui.Tone
	homes, claimed     int
}

var developmentRows = []developmentRow{
	{"Longview Park", "Ashbourne, Co. Meath", "Handing over", ui.Success, 75, 41},
	{"Harbour Row", "Skerries, Co. Dublin", "For sale", ui.Info, 28, 0},
	{"The Old Mill", "Kilcullen, Co. Kildare", "Planned", ui.Neutral, 112, 0},
	{"St. Brendan’s Terrace", "Drogheda, Co. Louth", "Handed over", ui.Neutral, 1204, 1186},
}

type homeRow struct{ number, address, kind, buyer, state string }

var homeRows = []homeRow{
	{"12", "12 Longview Park", "Type A · 3 bed", "Aoife Nolan", "claimed"},
	{"13", "13 Longview Park", "Type A · 3 bed", "", "planned"},
	{"14", "14 Longview Park", "Type B · 4 bed", "Tomás Ó Briain", "claimed"},
	{"15", "15 Longview Park", "Type B · 4 bed", "Marta Zielińska", "invited"},
}

type badLine struct{ line, column, problem string }

var badLines = []badLine{
	{"17", "House type", "Type D has 2 bedrooms in line 9, here it has 3."},
	{"33", "E-mail", "“aoife@@example.org” is not an address."},
	{"61", "Handover", "31.02.2026 does not exist."},
}

const longWord = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
