package pages

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
)

// DevelopmentStates and HomeStates are the states that can be chosen, in the order of life.
var (
	DevelopmentStates = []string{"planned", "active", "completed", "archived"}
	HomeStates        = []string{"planned", "for_sale", "sale_agreed", "handed_over"}
)

// text:keys development.status.*
func developmentState(state string) text.Message { return text.M("development.status." + state) }

// text:keys home.status.*
func homeState(state string) text.Message { return text.M("home.status." + state) }

func developmentStatus(ctx context.Context, status string) ui.BadgeProps {
	tone := map[string]ui.Tone{"active": ui.Info, "completed": ui.Success}[status]
	return ui.BadgeProps{Label: developmentState(status).In(ctx), Tone: tone}
}

func homeStatus(ctx context.Context, status string) ui.BadgeProps {
	tone := map[string]ui.Tone{"for_sale": ui.Info, "sale_agreed": ui.Warning, "handed_over": ui.Success}[status]
	return ui.BadgeProps{Label: homeState(status).In(ctx), Tone: tone}
}

func options(ctx context.Context, values []string, name func(string) text.Message) []ui.Option {
	list := make([]ui.Option, len(values))
	for i, v := range values {
		list[i] = ui.Option{Value: v, Label: name(v).In(ctx)}
	}
	return list
}

func typeOptions(types []store.HouseType) []ui.Option {
	list := make([]ui.Option, len(types))
	for i, t := range types {
		list[i] = ui.Option{Value: t.ID.String(), Label: TypeName(t.Code, t.Name)}
	}
	return list
}

// TypeName is "B · 3 bed semi-detached".
func TypeName(code, name string) string {
	if name == "" || strings.EqualFold(name, code) {
		return code
	}
	return code + " · " + name
}

// HomeNumber is a home's number with its block, if it has one.
func HomeNumber(block, number string) string {
	if block == "" {
		return number
	}
	return block + " · " + number
}

// homeTitle names a home by its address, which people know, or by its number.
func homeTitle(ctx context.Context, h store.Home) string {
	if h.AddressLine1 != "" {
		return h.AddressLine1
	}
	return text.T(ctx, "home.number", HomeNumber(h.Block, h.UnitNumber))
}

// address is the lines of an address below the first.
func address(h store.Home) string {
	return join(", ", h.AddressLine2, h.City, h.Postcode)
}

func join(with string, parts ...string) string {
	var there []string
	for _, p := range parts {
		if p != "" {
			there = append(there, p)
		}
	}
	return strings.Join(there, with)
}

// visible is a text out of a file that may hold anything, fit for a page.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

func orUnknown(ctx context.Context, s string) string {
	if s == "" {
		return text.T(ctx, "unknown")
	}
	return s
}

// whole is a number that may not be known.
func whole(n *int16) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(int(*n))
}

// area is a number of square metres that may not be known, as one types it.
func area(m2 *float64) string {
	if m2 == nil {
		return ""
	}
	return strconv.FormatFloat(*m2, 'f', -1, 64)
}

func squareMetres(ctx context.Context, m2 *float64) string {
	if m2 == nil {
		return text.T(ctx, "unknown")
	}
	return text.T(ctx, "home.square-metres", area(m2))
}

func day(ctx context.Context, d *store.Day) string {
	if d == nil {
		return ""
	}
	return text.DateShort(ctx, d.Time)
}

// dial is a telephone number as a link takes it.
func dial(number string) string {
	keep := func(r rune) rune {
		if r == '+' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}
	return "tel:" + strings.Map(keep, number)
}

// version is a row's state as a form carries it.
func version(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// The addresses of things.
func developmentPath(id uuid.UUID) string { return "/developments/" + id.String() }
func homesPath(id uuid.UUID) string       { return developmentPath(id) + "/homes" }
func uploadPath(id uuid.UUID) string      { return developmentPath(id) + "/import" }
func homePath(id uuid.UUID) string        { return "/homes/" + id.String() }
func importPath(id uuid.UUID) string      { return "/imports/" + id.String() }

// Paging is where one is in a long list.
type Paging struct {
	Previous, Next string // addresses; "" = there is none
	Summary        string
}

func pagination(p Paging) ui.PaginationProps {
	return ui.PaginationProps{Previous: p.Previous, Next: p.Next, Summary: p.Summary}
}

func (p Paging) needed() bool { return p.Previous != "" || p.Next != "" }
