package demo

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// notice is something that a company tells its residents. Days are counted from the day of loading, at 9 in the morning.
type notice struct {
	development        string // slug; "" = the whole company
	houseType          string // code; "" = all homes
	title, body        string
	category, priority string
	draft              bool
	starts             int
	ends               *int
}

// noticeZone is whose clock the demo's companies tell their times by.
const noticeZone = "Europe/Dublin"

var kestrelNotices = []notice{
	{
		development: "longview-park", title: "Water off on Thursday morning", category: "utilities", priority: "important", starts: -1, ends: in(6),
		body: "The water is off on **Thursday from 9 to 12** while the main in Mill Road gets a new valve.\n\n" +
			"- Fill a kettle and a bucket before.\n- Keep taps closed, so that nothing runs when it comes back.\n\n" +
			"If it is not back by one o’clock, call [the caretaker](tel:+353209150142).",
	},
	{
		development: "longview-park", title: "The playground is open", category: "event", priority: "normal", starts: -9, ends: in(30),
		body: "Swings, a slide and two benches, behind no. 12. Come and see it on Saturday at three: there is tea.",
	},
	{
		title: "How to reach us over the holidays", category: "general", priority: "normal", starts: -20,
		body: "The office is closed from 24 December to 2 January.\n\n## In an emergency\n\nThe number on your first page is answered day and night.",
	},
	{
		development: "longview-park", houseType: "B", title: "Your heat pump’s first service", category: "works", priority: "normal", starts: -3, ends: in(40),
		body: "Homes of type B have their heat pump looked at in the first year. The fitter writes to you with a day; somebody has to be at home for half an hour.",
	},
	{
		development: "longview-park", title: "Fire drill", category: "safety", priority: "normal", starts: 3, ends: in(4),
		body: "At ten in the morning all alarms sound for a minute. You needn’t do anything.",
	},
	{
		development: "longview-park", title: "Crane on Mill Road", category: "works", priority: "normal", starts: -40, ends: in(-33),
		body: "A crane lifts the roof of the last terrace. Please don’t park along the fence.",
	},
	{
		development: "longview-park", title: "New bins", category: "general", priority: "normal", draft: true, starts: 0,
		body: "Brown bins for garden cuttings come next month. *To be confirmed with the council.*",
	},
}

// notices adds what a company tells its residents.
func (l *loader) notices(ctx context.Context, company uuid.UUID, list []notice, developments map[string]uuid.UUID) error {
	b := &pgx.Batch{}
	for _, n := range list {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		scope, development := "company", (*uuid.UUID)(nil)
		if n.development != "" {
			at := developments[n.development]
			scope, development = "development", &at
		}
		if n.houseType != "" {
			scope = "house_type"
		}
		b.Queue(`insert into notices (tenant_id, id, scope, development_id, house_type_id, title, body, category, priority, time_zone, starts_at, ends_at, published_at)
			values ($1, $2, $3, $4, (select h.id from house_types h where h.tenant_id = $1 and h.development_id = $4 and h.code = $5),
				$6, $7, $8, $9, $10::text, ($11::date + $12::int + time '09:00') at time zone $10::text, ($11::date + $13::int + time '09:00') at time zone $10::text,
				case when not $14 then ($11::date - 60 + time '09:00') at time zone $10::text end)`,
			company, id, scope, development, n.houseType, n.title, n.body, n.category, n.priority, noticeZone, l.today.UTC(), n.starts, n.ends, n.draft)
	}
	if err := l.tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("notices: %w", err)
	}
	return nil
}
