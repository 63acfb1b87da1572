package portal

import (
	"time"

	"openhouse.example/apps/developer-portal/internal/pages"
)

// How browsers write a local date and time, the way they show it first.
var localLayouts = []string{pages.LocalTime, "2006-01-02T15:04:05"}

// zone is the time zone that a field names; nil, with a complaint, if there is none.
func (in input) zone(field string) *time.Location {
	name := in.Line(field, 60)
	zone := pages.Zone(name)
	if zone == nil {
		in.fail(field, "zone")
	}
	return zone
}

// moment is when the clock in zone shows what a field says, nil for a blank field. Programs may also say a moment with
// its offset, as in 2027-03-28T09:00:00+01:00. zone may be nil: then it is somebody else's complaint.
//
// An hour that a change of the clock leaves out is refused; of one that comes twice the first is meant. stored, which
// may be nil, is what the field was filled with: left as it is it means that moment, to the second and in whichever of
// two such hours.
func (in input) moment(field string, zone *time.Location, stored *time.Time) *time.Time {
	typed := in.Line(field, 40)
	if typed == "" {
		return nil
	}
	if t, err := time.Parse(time.RFC3339, typed); err == nil {
		return in.within(field, t)
	}
	if zone == nil {
		return nil
	}
	if stored != nil && pages.InputTime(*stored, zone) == typed {
		return stored
	}
	for _, layout := range localLayouts {
		t, err := time.ParseInLocation(layout, typed, zone)
		if err != nil {
			continue
		}
		if t.Format(layout) != typed {
			in.fail(field, "clock-change")
			return nil
		}
		return in.within(field, first(t, layout))
	}
	in.fail(field, "moment")
	return nil
}

// first is the first of the moments at which the clock shows what it shows at t. Clocks are put back by an hour, or by
// half of one.
func first(t time.Time, layout string) time.Time {
	for _, back := range []time.Duration{time.Hour, 30 * time.Minute} {
		if earlier := t.Add(-back); earlier.Format(layout) == t.Format(layout) {
			return earlier
		}
	}
	return t
}

func (in input) within(field string, t time.Time) *time.Time {
	if t.Year() < 2000 || t.Year() > 2100 {
		in.fail(field, "moment")
		return nil
	}
	t = t.UTC()
	return &t
}
