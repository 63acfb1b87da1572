package ui

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed icons.txt
var iconList string

// IconNames lists the names that Icon knows.
var IconNames = sync.OnceValue(func() []string {
	var names []string
	for line := range strings.Lines(iconList) {
		name, _, _ := strings.Cut(line, " ")
		names = append(names, name)
	}
	return names
})

func iconHref(name string) string { return Asset("icons.svg") + "#" + name }
