package pages

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the names are known wherever the program runs

	"openhouse.example/packages/ui"
)

// zones are the time zones that can be chosen on a page, by continent and city. A program may name any that Go knows.
var zones = []string{
	"Africa/Casablanca", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi",
	"America/Chicago", "America/Denver", "America/Halifax", "America/Los_Angeles", "America/Mexico_City", "America/New_York",
	"America/Phoenix", "America/Sao_Paulo", "America/Toronto", "America/Vancouver",
	"Asia/Dubai", "Asia/Hong_Kong", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo",
	"Atlantic/Azores", "Atlantic/Canary", "Atlantic/Reykjavik",
	"Australia/Adelaide", "Australia/Brisbane", "Australia/Perth", "Australia/Sydney",
	"Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Brussels", "Europe/Bucharest", "Europe/Budapest", "Europe/Copenhagen",
	"Europe/Dublin", "Europe/Helsinki", "Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Luxembourg", "Europe/Madrid", "Europe/Oslo",
	"Europe/Paris", "Europe/Prague", "Europe/Riga", "Europe/Rome", "Europe/Sofia", "Europe/Stockholm", "Europe/Tallinn", "Europe/Vienna",
	"Europe/Vilnius", "Europe/Warsaw", "Europe/Zagreb", "Europe/Zurich",
	"Pacific/Auckland", "UTC",
}

// Zone is a time zone by its name; nil if there is none. Neither the server's own zone nor a nameless one counts.
func Zone(name string) *time.Location {
	if name == "" || name == "Local" {
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return zone
}

// zoneOr is a stored zone, or UTC if it is none that this program knows.
func zoneOr(name string) *time.Location {
	if zone := Zone(name); zone != nil {
		return zone
	}
	return time.UTC
}

// zoneOptions are the zones to choose from, with the one that is chosen now.
func zoneOptions(chosen string) []ui.Option {
	names := zones
	if Zone(chosen) != nil && !slices.Contains(names, chosen) {
		names = append([]string{chosen}, names...)
	}
	list := make([]ui.Option, len(names))
	for i, name := range names {
		list[i] = ui.Option{Value: name, Label: strings.ReplaceAll(name, "_", " ")}
	}
	return list
}
