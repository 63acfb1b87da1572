package knowledge

import (
	"embed"

	"openhouse.example/packages/ui/text"
)

//go:embed words
var words embed.FS

func init() { text.MustRegister(words, "words") }
