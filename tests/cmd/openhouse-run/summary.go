package main

import (
	"fmt"
	"path/filepath"

	"openhouse.example/packages/pgdev"
	"openhouse.example/tests/demo"
)

// summary is what a person wants to know first.
func summary(root string, set settings, server *pgdev.Server, people demo.Summary, link string) []string {
	developer, tenant := set.public(set.developerPort), set.public(set.tenantPort)
	lines := []string{
		"OpenHouse is running.",
		"",
		"Developer portal   " + developer,
		"Tenant portal      " + tenant,
		"",
		"Sign in to the developer portal as",
	}
	for _, a := range people.Accounts {
		role := a.Role
		if a.Limited {
			role = "limited"
		}
		lines = append(lines, fmt.Sprintf("  %-9s  %-28s  %s  %s", role, a.Email, a.Password, a.Company))
	}
	lines = append(lines, "", fmt.Sprintf("Resident of %s (%s): open within 15 minutes, works once", people.Home, people.Resident))
	if link != "" {
		lines = append(lines, "  "+link)
	} else {
		lines = append(lines, "  no link this time: several were asked for in the last minutes.", "  Ask for one in a while at "+tenant+"/sign-in")
	}
	lines = append(lines,
		"Mails that would be sent    "+set.here(set.developerPort)+"/outbox",
		"Sample imports              "+filepath.Join("tests", "testdata", "samples"),
		"",
		fmt.Sprintf("Postgres %s on port %d, its data in %s", server.Version(), server.Port(), server.Home()),
		"Passwords again in          "+relative(root, passwordFile(root)),
		"Ctrl-C stops everything and keeps the data; make demo-reset removes it.",
	)
	if set.lan != "" {
		lines = append(lines, "", "LAN=1: every device on this network can open these pages, without encryption.",
			"The links lead to "+set.lan+", and work on this machine too.",
			"A resident's link for the phone is printed above, and in the outbox, which only this machine can open.")
	}
	return lines
}

func relative(root, path string) string {
	if short, err := filepath.Rel(root, path); err == nil {
		return short
	}
	return path
}
