package pages

import (
	"context"
	"strings"
	"time"

	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
)

// MaxEmail is the longest e-mail address that is looked at, in bytes.
const MaxEmail = 254

// Home is My home: the page shows exactly what GET /api/home answers. Empty text and null mean that the company
// has not said.
type Home struct {
	Company     string      `json:"company"`
	Development Development `json:"development"`
	Home        Unit        `json:"home"`
	Resident    Resident    `json:"resident"`
	Notices     []Notice    `json:"notices"` // the first few
	MoreNotices bool        `json:"-"`
}

// Development is the scheme that the home belongs to, and whom to ask there.
type Development struct {
	Name           string  `json:"name"`
	Contact        Contact `json:"contact"`
	EmergencyPhone string  `json:"emergencyPhone"`
}

// Contact is whom to ask in the company.
type Contact struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	Phone string `json:"phone"`
}

func (c Contact) known() bool { return c.Name != "" || c.Email != "" || c.Phone != "" }

// Unit is the home itself.
type Unit struct {
	Number      string    `json:"number"`
	Block       string    `json:"block"`
	Address     []string  `json:"address"` // its lines, none empty
	Postcode    string    `json:"postcode"`
	Type        HouseType `json:"houseType"`
	Bedrooms    *int      `json:"bedrooms"`
	Bathrooms   *int      `json:"bathrooms"`
	FloorAreaM2 *float64  `json:"floorAreaM2"`
	Status      string    `json:"status"`       // planned, for_sale, sale_agreed, handed_over
	Handover    *Day      `json:"handoverDate"` // null: not fixed yet
	DaysToGo    *int      `json:"daysToHandover"`
}

// HouseType is the plan that the home shares with others.
type HouseType struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// Resident is the person who reads this.
type Resident struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Day is a date without a time of day.
type Day struct{ time.Time }

// MarshalJSON writes "2027-02-14".
func (d Day) MarshalJSON() ([]byte, error) { return []byte(d.Format(`"` + time.DateOnly + `"`)), nil }

func (h Home) person() string {
	if h.Resident.Name != "" {
		return h.Resident.Name
	}
	return h.Resident.Email
}

// title names the home: its first line, which people know, or its number where there is no address yet.
func (u Unit) title(ctx context.Context) string {
	if len(u.Address) > 0 {
		return u.Address[0]
	}
	return text.T(ctx, "home.number", strings.TrimSpace(u.Block+" "+u.Number))
}

// rest is the address below the title.
func (u Unit) rest() string {
	var lines []string
	if len(u.Address) > 1 {
		lines = append(lines, u.Address[1:]...)
	}
	if u.Postcode != "" {
		lines = append(lines, u.Postcode)
	}
	return strings.Join(lines, ", ")
}

// label is "Type B · 3 bed semi-detached".
func (t HouseType) label(ctx context.Context) string {
	if t.Name == "" {
		return text.T(ctx, "home.type", t.Code)
	}
	return text.T(ctx, "home.type-named", t.Code, t.Name)
}

// handover tells how far away the handover is, in the unit a person would use.
func (u Unit) handover(ctx context.Context) string {
	switch {
	case u.DaysToGo == nil:
		return text.T(ctx, "home.handover.open")
	case u.Status == "handed_over" && *u.DaysToGo <= 0:
		return since(ctx, -*u.DaysToGo)
	case *u.DaysToGo > 0:
		return text.T(ctx, "home.handover.to-go", *u.DaysToGo)
	case *u.DaysToGo == 0:
		return text.T(ctx, "home.handover.today")
	default:
		return text.T(ctx, "home.handover.overdue")
	}
}

// handoverDay is the date, "" while there is none.
func (u Unit) handoverDay(ctx context.Context) string {
	if u.Handover == nil {
		return ""
	}
	return text.Date(ctx, u.Handover.Time)
}

func since(ctx context.Context, days int) string {
	switch {
	case days == 0:
		return text.T(ctx, "home.handover.today")
	case days < 60:
		return text.T(ctx, "home.handover.days", days)
	case days < 730:
		return text.T(ctx, "home.handover.months", days*12/365)
	default:
		return text.T(ctx, "home.handover.years", days/365)
	}
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

func (u Unit) tone() ui.Tone {
	switch u.Status {
	case "handed_over":
		return ui.Success
	case "sale_agreed":
		return ui.Info
	default:
		return ui.Neutral
	}
}
