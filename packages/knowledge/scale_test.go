package knowledge

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev/pgtest"
)

// companies and passages of each. FULL=1 takes as many as the promise names.
func crowd() (companies, passages int) {
	if os.Getenv("FULL") != "" {
		return 200, 500
	}
	return 12, 120
}

// What passages of a crowd say: sentences of a few hundred words, so that the words of a question are in some of them.
const fillPassages = `
	insert into document_chunks (tenant_id, id, development_id, house_type_id, document_id, version_id, ordinal, page_from, page_to, title, body)
	select d.tenant_id, gen_random_uuid(), d.development_id, d.house_type_id, d.id, d.current_version_id, n, 1 + n / 4, 1 + n / 4, 'Part ' || n,
		(select string_agg((array['boiler','valve','pressure','window','garden','filter','alarm','parking','kitchen','warranty','the','and','of','is','to'])[1 + (n * 7 + i * i * 3 + i * n) % 15]
			|| ' word' || (n * 31 + i * 17) % 400, ' ' order by i) || '.' from generate_series(1, 50) i)
	from documents d cross join generate_series(1, $2::integer / 10) n
	where d.tenant_id = $1`

// newCrowd is an estate among other companies, each with ten documents. The estate's own is the first.
func newCrowd(t testing.TB, companies, passages int) *estate {
	t.Helper()
	w := newEstate(t)
	tenant, development, homes, types := w.tenant, w.development, w.homes, w.types
	for i := range companies {
		if i > 0 {
			w.homes, w.types = map[string]person{}, map[string]uuid.UUID{}
			w.company("company-" + string(rune('a'+i/26)) + string(rune('a'+i%26)))
		}
		for d := range 10 {
			w.document([]string{"", "A", "B"}[d%3], "Guide "+string(rune('a'+d)))
		}
		w.Exec(fillPassages, w.tenant, passages)
	}
	w.tenant, w.development, w.homes, w.types = tenant, development, homes, types
	w.Exec(`analyze`)
	return w
}

// node is a part of a plan, as EXPLAIN (ANALYZE, FORMAT JSON) has it.
type node struct {
	NodeType string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Removed  float64 `json:"Rows Removed by Filter"`
	Recheck  float64 `json:"Rows Removed by Index Recheck"`
	Plans    []node  `json:"Plans"`
}

// read adds up how many rows of a table were looked at.
func (n node) read(relation string) float64 {
	total := 0.0
	if n.Relation == relation && n.NodeType != "Bitmap Index Scan" {
		total = (n.Rows + n.Removed + n.Recheck) * max(n.Loops, 1)
	}
	for _, p := range n.Plans {
		total += p.read(relation)
	}
	return total
}

// explain runs the search for a home's resident and answers its plan.
func (w *estate) explain(number, question string) node {
	w.t.Helper()
	ctx := w.t.Context()
	conn, err := pgx.Connect(ctx, w.ResidentURL())
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // the test is over
	var plan string
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		p := w.homes[number]
		if _, err := tx.Exec(ctx, `select set_config('role', 'openhouse_resident', true), set_config('app.tenant_id', $1, true), set_config('app.resident_id', $2, true), set_config('app.unit_id', $3, true)`,
			w.tenant.String(), p.resident.String(), p.unit.String()); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "explain (analyze, format json) "+searchChunks, searchArguments(w.tenant, p.unit, takeApart(question))...).Scan(&plan)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if os.Getenv("PLAN") != "" {
		w.t.Log(plan)
	}
	var out []struct {
		Plan node `json:"Plan"`
	}
	if err := json.Unmarshal([]byte(plan), &out); err != nil {
		w.t.Fatal(err)
	}
	return out[0].Plan
}

// However many passages other companies have, a search reads only those of the home's own development, and each of them a
// fixed number of times.
func TestASearchReadsItsOwnScopeOnly(t *testing.T) {
	t.Parallel()
	companies, passages := crowd()
	w := newCrowd(t, companies, passages)
	own := pgtest.Value[int64](w.DB, `select count(*) from document_chunks where tenant_id = '`+w.tenant.String()+`'`)
	all := pgtest.Value[int64](w.DB, `select count(*) from document_chunks`)
	if all < 10*own {
		t.Fatalf("%d of %d passages are the company's", own, all)
	}
	for _, question := range []string{"boiler pressure", "Where is the valvve of the windoww?"} {
		if read := w.explain("14", question).read("document_chunks"); read > float64(own+candidates) {
			t.Errorf("%q reads %.0f rows of %d that the company has, %d in all", question, read, own, all)
		}
	}
}

// The promise of time, which wants a quiet machine: FULL=1 go test -run TestACrowdIsNotSlower -v.
func TestACrowdIsNotSlower(t *testing.T) {
	if os.Getenv("FULL") == "" {
		t.Skip("measures time: set FULL=1 on a quiet machine")
	}
	companies, passages := crowd()
	alone, crowded := newCrowd(t, 1, passages), newCrowd(t, companies, passages)
	questions := []string{"boiler pressure", "where is the valve", "warranty of the kitchen window", "how often is the filter changed", "Where is the valvve of the windoww?"}
	measure := func(w *estate, into *[]time.Duration, question string) {
		began := time.Now()
		w.ask("14", question)
		*into = append(*into, time.Since(began))
	}
	var a, c []time.Duration
	for round := range 90 {
		if round == 10 {
			a, c = nil, nil // warm
		}
		for _, q := range questions {
			measure(alone, &a, q)
			measure(crowded, &c, q)
		}
	}
	slices.Sort(a)
	slices.Sort(c)
	at := func(all []time.Duration, share float64) time.Duration { return all[int(float64(len(all))*share)] }
	ratio := float64(at(c, 0.95)) / float64(at(a, 0.95))
	t.Logf("%d companies with %d passages each: p50 %s, p95 %s; one alone: p50 %s, p95 %s; ratio of p95 %.2f",
		companies, passages, at(c, 0.5), at(c, 0.95), at(a, 0.5), at(a, 0.95), ratio)
	if ratio > 1.2 {
		t.Errorf("p95 is %.2f times what it is alone", ratio)
	}
}
