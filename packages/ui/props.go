package ui

// Tone is the meaning of a message, badge or figure. The zero value is neutral.
type Tone string

// The tones.
const (
	Neutral Tone = ""
	Info    Tone = "info"
	Success Tone = "success"
	Warning Tone = "warning"
)

// Danger is a Tone and a Variant.
const Danger = "danger"

func (t Tone) class() string {
	if t == Neutral {
		return "tone-neutral"
	}
	return "tone-" + string(t)
}

func (t Tone) icon() string {
	switch t {
	case Success:
		return "success"
	case Warning:
		return "alert"
	case Danger:
		return "error"
	default:
		return "info"
	}
}

// Variant is the weight of a button. The zero value is Secondary.
type Variant string

// The variants. One Primary on a page, for what most people came to do.
const (
	Secondary Variant = ""
	Primary   Variant = "primary"
	Quiet     Variant = "quiet"
)

// Size of a button. The zero value is Medium.
type Size string

// The sizes.
const (
	Medium Size = ""
	Small  Size = "small"
	Large  Size = "large"
)

// Width of a field: how much is usually typed there. The zero value is Full.
type Width string

// The widths.
const (
	Full      Width = ""
	Short     Width = "short"
	HalfWidth Width = "half"
)

// classes joins the given class names and leaves the empty ones out.
func classes(names ...string) string {
	out := ""
	for _, n := range names {
		switch {
		case n == "":
		case out == "":
			out = n
		default:
			out += " " + n
		}
	}
	return out
}

// when is name if yes, else nothing.
func when(yes bool, name string) string {
	if yes {
		return name
	}
	return ""
}

// prefixed is prefix + value unless value is empty.
func prefixed(prefix, value string) string {
	if value == "" {
		return ""
	}
	return prefix + value
}
