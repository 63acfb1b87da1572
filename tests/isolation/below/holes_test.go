package below_test

import (
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/isolation/below"
)

// harmless are holes that let nothing through, by their names, each with the reason.
var harmless = []struct {
	name   *regexp.Regexp
	reason string
}{
	{regexp.MustCompile(`^unique over all companies: unit_claims_`), "no portal inserts a claim or changes its key; the door that does is given a random id"},
	{regexp.MustCompile(`^reference to any company: unit_claims \S*(invite|unit)_id_fkey`), "no portal writes the column"},
	{regexp.MustCompile(`^unique over all companies: (notice_reads_pkey|chat_messages_resident_id_id_key|acknowledgements_resident_key) `), "the policy wants the resident's own id, which is part of the key"},
	{regexp.MustCompile(`^reference to any company: (questions|chat_messages|acknowledgements|notice_reads|sessions) \S*_(resident|unit|staff)_id_fkey`), "the policy wants the person's own id and home there"},
	{regexp.MustCompile(`^reference to any company: (acknowledgements \S*_release|notice_reads \S*_notice)_id_fkey`), "the policy asks first whether the resident sees it"},
	{regexp.MustCompile(`^reference to any company: (must_read_items|ingest_jobs|document_chunks) \S*_document_id_fkey`), "the version's key names the document as well"},
	{regexp.MustCompile(`^policy dropped: door_(select|update) on sessions`), "takes a right away and shows nothing; that a new password ends sessions is tested in migrations"},
	{regexp.MustCompile(`^door staff_link_use without "(e.expires_at > now\(\)|s.revoked_at is null|e.used_at is null)" \([134]\)`), "notes once more that what is over is over, for the same person"},
	{regexp.MustCompile(`^door resident_link_create without "[mu].tenant_id = p_tenant"`), "a home's id is of one company only, and the address is asked for as well"},
	{regexp.MustCompile(`^door resident_link_request without "r.email = w.email" \([13]\)`), "finds more reasons to refuse"},
	{regexp.MustCompile(`^door resident_may_enter without "(r.tenant_id = p_tenant|r.email = p_email|o.unit_id = p_unit)" \((2|3|4|8|10)\)`), "finds more reasons to refuse, or a home's id, which is of one company only, stands beside it"},
	{regexp.MustCompile(`^door (onboarding_claim|resident_enter) without "(o.ended_at|r.disabled_at) is null" \([123]\)`), "decides who else of the home is told by mail, or that an occupancy is there; tested where claims are"},
	{regexp.MustCompile(`^door rate_spent without`), "a count of attempts, of no company"},
	{regexp.MustCompile(`^reference to any company: units units_tenant_id_development_id_fkey`), "the house type's key names the development as well"},
}

func full() bool { return os.Getenv("ISOLATION") == "full" }

// A proof that can't fail proves nothing: whatever is spoilt on purpose must be found.
func TestEveryHoleIsFound(t *testing.T) {
	t.Parallel()
	origin := pgtest.New(t)
	e, err := below.NewEnv(t.Context(), origin)
	if err != nil {
		t.Fatal(err)
	}
	learn(t, e, origin.Clone(t))
	admin := connect(t, origin.AdminURL())
	holes, err := e.Holes(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	if err := admin.Close(t.Context()); err != nil { // a database that is being used can't be copied
		t.Fatal(err)
	}
	all := len(holes)
	if only := os.Getenv("HOLE"); only != "" {
		holes = matching(holes, only)
	} else if !full() {
		holes = some(holes, 3)
	}
	var mu sync.Mutex
	found, missed := 0, 0
	t.Run("holes", func(t *testing.T) {
		for _, h := range holes {
			t.Run(h.Name, func(t *testing.T) {
				t.Parallel()
				r, err := e.Seek(t.Context(), origin.Clone(t), h)
				if err != nil {
					t.Fatal(err)
				}
				classes := r.Found()
				mu.Lock()
				defer mu.Unlock()
				reason := ""
				for _, known := range harmless {
					if known.name.MatchString(h.Name) {
						reason = known.reason
					}
				}
				switch {
				case len(classes) > 0:
					found++
					t.Logf("found by %v: %s", classes, r.Details()[0])
				case reason != "":
					t.Logf("harmless: %s", reason)
				default:
					missed++
					t.Errorf("MISSED: %s", h.SQL)
				}
			})
		}
	})
	t.Logf("%d holes of %d: %d found, %d missed", len(holes), all, found, missed)
}

// learn has the attacks remember what comes of what is allowed.
func learn(t *testing.T, e *below.Env, db *pgtest.DB) {
	t.Helper()
	l, err := below.DialAll(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := e.Learn(t.Context(), l, connect(t, db.AdminURL())); err != nil {
		t.Fatal(err)
	}
}

// some are a few of each kind, evenly spread: the same ones in every run.
func some(holes []below.Hole, each int) (few []below.Hole) {
	kinds := map[string][]below.Hole{}
	var order []string
	for _, h := range holes {
		kind := h.Kind()
		if kinds[kind] == nil {
			order = append(order, kind)
		}
		kinds[kind] = append(kinds[kind], h)
	}
	for _, kind := range order {
		list := kinds[kind]
		n := min(each, len(list))
		for i := range n {
			few = append(few, list[i*len(list)/n])
		}
	}
	return few
}

func matching(holes []below.Hole, text string) (list []below.Hole) {
	for _, h := range holes {
		if strings.Contains(h.Name, text) {
			list = append(list, h)
		}
	}
	return list
}
