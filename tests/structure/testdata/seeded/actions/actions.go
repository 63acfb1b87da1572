// Package actions holds events whose action is known before the program runs, and others.
package actions

import "openhouse.example/packages/db"

const change = "thing." + "change"

func events(name string) []db.Event {
	return []db.Event{
		{Action: "thing.make", Object: "thing"},
		{Action: change},
		{"thing.end", "thing", [16]byte{}, nil},
		{Object: "thing"},
		{Action: name},            // want "an action must be a constant"
		{Action: "thing." + name}, // want "an action must be a constant"
	}
}
