package web

import (
	"embed"

	"openhouse.example/packages/ui/text"
)

// The sentences of this package, for JSON answers and for pages without a text
// of their own. None says more than the client may know. What the error pages of
// packages/ui say as well (error.403.text, error.404.text) stands there, once.
//
//go:embed words/*.json
var words embed.FS

func init() { text.MustRegister(words, "words") }

// What the portals, too, say about a field.
var (
	MsgRequired = text.M("input.required")
	MsgChoose   = text.M("input.choose")
	MsgUnknown  = text.M("input.unknown")
)
