package knowledge

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
	"openhouse.example/packages/platform"
)

func TestAnAnswerIsAQuoteWithItsPlace(t *testing.T) {
	t.Parallel()
	w := newEstate(t)
	v := w.document("B", "Kitchen guide")
	w.index(v, "# Kitchen\n\nNothing here.\n\f\n# Water\n\nThe cold water stop valve stands in the cloakroom, behind the white panel. Turn it clockwise.\n")
	a := w.ask("14", "Where is the stopcock?")
	if len(a.Quotes) != 1 || a.Emergency != "" {
		t.Fatalf("%+v", a)
	}
	got := a.Quotes[0]
	got.Score = 0
	want := Passage{
		Source: Source{DocumentID: v.DocumentID, VersionID: v.VersionID, Number: 1, Title: "Kitchen guide"}, Heading: "Water", Page: 2,
		Quote: "The cold water stop valve stands in the cloakroom, behind the white panel. Turn it clockwise.",
	}
	if got != want {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if a := w.ask("12", "Where is the stopcock?"); len(a.Quotes)+len(a.Near) > 0 {
		t.Errorf("a home of type A is answered from type B's guide: %+v", a)
	}
	if a := w.ask("14", "When is bin day?"); len(a.Quotes) > 0 {
		t.Errorf("what no paper says: %+v", a)
	}
}

func TestTheNarrowestScopeIsMeant(t *testing.T) {
	t.Parallel()
	w := newEstate(t)
	for scope, text := range map[string]string{"": "Press the bell button twice.", "B": "Press the bell button once.", "14": "Press the bell button thrice."} {
		w.index(w.document(scope, "Door bell"), text+"\n")
	}
	for home, want := range map[string][]string{"14": {"thrice", "once"}, "12": {"twice"}} {
		a := w.ask(home, "Which bell button do I press?")
		for i, word := range want {
			if i >= len(a.Quotes) || !strings.Contains(a.Quotes[i].Quote, word) {
				t.Errorf("home %s: quote %d of %q is not %s", home, i, said(a), word)
			}
		}
		if len(a.Quotes) != len(want) {
			t.Errorf("home %s: %q", home, said(a))
		}
	}
}

func TestWhatIsNoLongerTrueIsNotFound(t *testing.T) {
	t.Parallel()
	w := newEstate(t)
	v := w.document("", "Boiler manual")
	w.index(v, "The boiler pressure is 0.8 bar.\n")
	next := w.version(v)
	if got := w.ask("14", "boiler pressure"); len(got.Quotes)+len(got.Near) > 0 {
		t.Errorf("a version that was replaced answers: %+v", got)
	}
	w.index(next, "The boiler pressure is 1.2 bar.\n")
	if got := w.ask("14", "boiler pressure"); said(got) != "The boiler pressure is 1.2 bar." || got.Quotes[0].Number != 2 {
		t.Errorf("%+v", got)
	}
	w.Exec(`update documents set archived_at = now()`)
	if got := w.ask("14", "boiler pressure"); len(got.Quotes)+len(got.Near) > 0 {
		t.Errorf("an archived paper answers: %+v", got)
	}
}

// A document that is narrowed is so at once, before its passages are made anew.
func TestANarrowedDocumentIsNarrowAtOnce(t *testing.T) {
	t.Parallel()
	w := newEstate(t)
	w.index(w.document("", "Boiler manual"), "The boiler pressure is 1.2 bar.\n")
	w.Exec(`update documents set scope = 'house_type', house_type_id = $1`, w.types["A"])
	for home, want := range map[string]string{"12": "The boiler pressure is 1.2 bar.", "14": ""} {
		if got := said(w.ask(home, "boiler pressure")); got != want {
			t.Errorf("home %s: %q", home, got)
		}
	}
}

func TestNobodyFindsWhatTheScopeDoesNotShow(t *testing.T) {
	t.Parallel()
	w := newEstate(t)
	mine, home := w.tenant, w.homes["14"]
	scope := w.resident("14")
	w.company("other-homes")
	w.index(w.document("", "Secret"), "The boiler pressure is 9 bar.\n")
	for name, ids := range map[string][2]uuid.UUID{
		"another company's home": {w.tenant, w.homes["14"].unit}, "another company": {w.tenant, home.unit}, "another's home in mine": {mine, w.homes["14"].unit},
	} {
		a, err := db.Read(t.Context(), w.residents, scope, func(ctx context.Context, q db.Querier) (Answer, error) {
			return Ask(ctx, q, ids[0], ids[1], "boiler pressure")
		})
		if err != nil || len(a.Quotes)+len(a.Near) > 0 {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

func TestStaffSeeWhatAHomeWouldBeTold(t *testing.T) {
	t.Parallel()
	w := newEstate(t)
	w.index(w.document("A", "Guide A"), "The boiler pressure is 1.0 bar.\n")
	w.index(w.document("B", "Guide B"), "The boiler pressure is 1.2 bar.\n")
	pool := w.open(w.StaffURL(), platform.RoleStaff)
	scope := db.Scope{Role: platform.RoleStaff, TenantID: w.tenant, Settings: []db.Setting{{Name: "app.staff_id", Value: w.staff.String()}}}
	a, err := db.Read(t.Context(), pool, scope, func(ctx context.Context, q db.Querier) (Answer, error) {
		return Ask(ctx, q, w.tenant, w.homes["14"].unit, "boiler pressure")
	})
	if err != nil || said(a) != "The boiler pressure is 1.2 bar." {
		t.Errorf("%+v, %v", a, err)
	}
}

// counting counts round trips.
type counting struct {
	db.Querier
	n int
}

func (c *counting) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	c.n++
	return c.Querier.Query(ctx, sql, args...)
}

func (c *counting) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	c.n++
	return c.Querier.QueryRow(ctx, sql, args...)
}

func TestAnAnswerCostsOneRoundTrip(t *testing.T) {
	t.Parallel()
	w := newEstate(t)
	w.index(w.document("", "Guide"), "The boiler pressure is 1.0 bar.\n")
	n, err := db.Read(t.Context(), w.residents, w.resident("14"), func(ctx context.Context, q db.Querier) (int, error) {
		c := &counting{Querier: q}
		_, err := Ask(ctx, c, w.tenant, w.homes["14"].unit, "boiler presure and heating tempreature")
		return c.n, err
	})
	if err != nil || n != 1 {
		t.Errorf("%d statements, %v", n, err)
	}
}

func TestSlipsOfThePen(t *testing.T) {
	t.Parallel()
	w := newEstate(t)
	w.index(w.document("", "Guide"), "# Heating\n\nThe boiler pressure is 1.0 bar.\n\n# Garden\n\nThe pergola is painted every third year.\n")
	for question, want := range map[string]string{
		"boilr presure":                    "1.0 bar",
		"waht is teh bolier pressure":      "1.0 bar",
		"how often is the pregola painted": "third year",
		"perglola painting":                "third year",
	} {
		if got := said(w.ask("14", question)); !strings.Contains(got, want) {
			t.Errorf("%q: %q", question, got)
		}
	}
}

func TestPolish(t *testing.T) {
	t.Parallel()
	w := newEstate(t)
	w.index(w.document("", "Instrukcja"), "# Woda\n\nZawór odcinający wodę jest w łazience, za białą płytą. Należy go zamykać przy dłuższym wyjeździe.\n\n"+
		"# Śmieci\n\nPojemnik na śmieci jest opróżniany w każdy wtorek, o ile nie jest to święto.\n")
	for question, want := range map[string]string{
		"Gdzie jest zawór wody?": "łazience", "gdzie zawor odcinajacy": "łazience", "kiedy opróżniają pojemniki na śmieci": "wtorek", "Ile kosztuje parking?": "",
	} {
		if got := said(w.ask("14", question)); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %q", question, got)
		}
	}
}

func TestHostileQuestions(t *testing.T) {
	t.Parallel()
	w := newEstate(t)
	w.index(w.document("", "Guide"), "The boiler pressure is 1.0 bar.\n")
	for _, question := range []string{
		"", " ", "?", "the", "'", `\`, "boiler' & ('x':*", `boiler \' || drop table`, "a|b|c:*<->d", "\x00boiler\x00", "\xff\xfe",
		strings.Repeat("boiler ", 5000), strings.Repeat("x", 100_000), "'''':A & !boiler", "💧🔥", "-- boiler /*", "$1 $2 %s",
	} {
		w.ask("14", question)
	}
	if got := said(w.ask("14", "boiler' & pressure:*")); got == "" {
		t.Error("the words between the signs are not looked for")
	}
}

func TestEmergencies(t *testing.T) {
	t.Parallel()
	for question, want := range map[string]string{
		"I can smell gas in the kitchen": "gas", "there's a smell of gas": "gas", "I think gas is leaking": "gas", "it smells like rotten eggs": "gas",
		"The carbon monoxide alarm is going off": "carbon-monoxide", "CO alarm beeping": "carbon-monoxide",
		"my kitchen is on fire": "fire", "FIRE!! help": "fire", "smoke is coming out of the fuse box": "fire",
		"water is pouring through the ceiling": "flood", "the basement is flooded": "flood", "burst pipe!": "flood", "a pipe has burst": "flood",
		"there is no power in the house": "power", "power cut": "power", "the electricity is gone": "power",
		"sparks from the socket": "electric-shock", "I got an electric shock": "electric-shock",
		"someone is trapped in the lift": "person", "somebody is breaking in": "intruder",
		"czuć gaz w kuchni": "gas", "Śmierdzi gazem": "gas", "pali się kuchnia": "fire", "pożar": "fire", "nie ma prądu": "power", "pękła rura": "flood", "zalało łazienkę": "flood", "czad": "carbon-monoxide",
		"Where is the gas meter?": "", "when is the gas boiler serviced": "", "Where is the fire extinguisher?": "", "where is the fire assembly point": "",
		"how do I test the carbon monoxide detector": "", "how do I change the battery of the smoke alarm": "", "what is the water pressure": "",
		"which electricity supplier do I have": "", "flood risk of the area": "", "can I install a fireplace": "", "is the door a fire door": "", "Gdzie jest gazomierz?": "",
		"where do I park": "", "": "",
	} {
		if got := Emergency(question); got != want {
			t.Errorf("%q: %q, want %q", question, got, want)
		}
	}
}
