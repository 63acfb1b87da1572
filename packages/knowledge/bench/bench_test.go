package bench

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"openhouse.example/packages/config"
	"openhouse.example/packages/db"
	"openhouse.example/packages/knowledge"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
)

// Set in the environment, they make the test's program read a folder and end.
const childFolder, childCache = "KNOWLEDGE_BENCH_FOLDER", "KNOWLEDGE_BENCH_CACHE"

func TestMain(m *testing.M) {
	if folder := os.Getenv(childFolder); folder != "" {
		if err := readFolder(folder, os.Getenv(childCache)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(pgtest.Wrap(m))
}

var (
	//go:embed questions-tuning.txt
	tuning string
	//go:embed questions-held.txt
	held string
)

// question is a line of a file of questions. Without a document, the papers have no answer.
type question struct{ home, document, has, text string }

func questions(t testing.TB, file string) []question {
	t.Helper()
	var all []question
	for line := range strings.SplitSeq(file, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.SplitN(line, "|", 4)
		if len(f) != 4 {
			t.Fatalf("not four parts: %s", line)
		}
		all = append(all, question{strings.TrimSpace(f[0]), strings.TrimSpace(f[1]), strings.TrimSpace(f[2]), strings.TrimSpace(f[3])})
	}
	return all
}

// town is the bench's database: one company, both developments, a resident in each home, all papers indexed.
type town struct {
	*pgtest.DB
	t         testing.TB
	tenant    uuid.UUID
	residents *db.Pool
	homes     map[string]home
	papers    map[uuid.UUID]paper // by version
}

type home struct {
	unit, resident         uuid.UUID
	development, houseType string
}

func newTown(t testing.TB) *town {
	t.Helper()
	w := &town{DB: pgtest.New(t), t: t, tenant: uuid.New(), homes: map[string]home{}, papers: map[uuid.UUID]paper{}}
	w.Exec(`insert into tenants (id, name, slug, demo) values ($1, 'Meadow Homes', 'meadow-homes', true)`, w.tenant)
	developments, types := map[string]uuid.UUID{}, map[string]uuid.UUID{}
	for name, units := range homes {
		developments[name] = uuid.New()
		w.Exec(`insert into developments (tenant_id, id, slug, name) values ($1, $2, $3, $3)`, w.tenant, developments[name], name)
		for _, unit := range units {
			code, number := unit[len(unit)-1:], unit[:len(unit)-1]
			types[code] = uuid.New()
			h := home{unit: uuid.New(), resident: uuid.New(), development: name, houseType: code}
			w.homes[number] = h
			w.Exec(`insert into house_types (tenant_id, id, development_id, code) values ($1, $2, $3, $4)`, w.tenant, types[code], developments[name], code)
			w.Exec(`insert into units (tenant_id, id, development_id, house_type_id, unit_number) values ($1, $2, $3, $4, $5)`, w.tenant, h.unit, developments[name], types[code], number)
			w.Exec(`insert into residents (tenant_id, id, email) values ($1, $2, $3)`, w.tenant, h.resident, "home"+number+"@example.org")
			w.Exec(`insert into occupancies (tenant_id, id, development_id, unit_id, resident_id) values ($1, $2, $3, $4, $5)`,
				w.tenant, uuid.New(), developments[name], h.unit, h.resident)
		}
	}
	w.residents = open(t, w.ResidentURL(), platform.RoleResident)
	w.index(developments, types)
	return w
}

// index uploads and reads every paper, as the portal and the worker do.
func (w *town) index(developments, types map[string]uuid.UUID) {
	w.t.Helper()
	worker := open(w.t, w.WorkerURL(), platform.RoleWorker)
	extractor, err := knowledge.NewExtractor(cacheDir(w.t))
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = extractor.Close(context.Background()) }() // the process ends soon
	documents := map[string]uuid.UUID{}
	for _, p := range papers(w.t) {
		id := strings.Join([]string{p.development, p.houseType, p.home, p.key}, "/")
		if documents[id] == uuid.Nil {
			documents[id] = uuid.New()
			scope, houseType, unit := "development", uuid.NullUUID{}, uuid.NullUUID{}
			if p.houseType != "" {
				scope, houseType = "house_type", uuid.NullUUID{UUID: types[p.houseType], Valid: true}
			}
			if p.home != "" {
				scope, unit = "unit", uuid.NullUUID{UUID: w.homes[p.home].unit, Valid: true}
			}
			w.Exec(`insert into documents (tenant_id, id, development_id, scope, house_type_id, unit_id, title, category, must_read) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
				w.tenant, documents[id], developments[p.development], scope, houseType, unit, p.title, p.category, p.mustRead)
		}
		v := knowledge.Version{TenantID: w.tenant, DocumentID: documents[id], VersionID: uuid.New()}
		w.papers[v.VersionID] = p
		number := 2
		if p.superseded {
			number = 1
		}
		w.Exec(`insert into document_versions (tenant_id, id, development_id, document_id, number, sha256, file_name, mime, size_bytes)
			values ($1, $2, $3, $4, $5, decode(repeat('00', 32), 'hex'), 'file', 'application/pdf', 1)`, w.tenant, v.VersionID, developments[p.development], v.DocumentID, number)
		if !p.superseded {
			w.Exec(`update documents set current_version_id = $3 where tenant_id = $1 and id = $2`, w.tenant, v.DocumentID, v.VersionID)
		}
		raw := p.file(w.t)
		doc, err := extractor.Extract(w.t.Context(), bytes.NewReader(raw), int64(len(raw)))
		if err != nil || doc.Reason != "" {
			w.t.Fatalf("%s (%s): %v, reason %q", id, p.format, err, doc.Reason)
		}
		_, err = db.Write(w.t.Context(), worker, db.Scope{Role: platform.RoleWorker, TenantID: w.tenant}, db.Intent{},
			func(ctx context.Context, tx *db.Tx) (struct{}, error) {
				return struct{}{}, knowledge.Index(ctx, tx, v, doc)
			})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// cacheDir keeps the compiled PDF reader between runs.
func cacheDir(t testing.TB) string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return t.TempDir()
	}
	return filepath.Join(dir, "openhouse-tests", "pdf")
}

func open(t testing.TB, url, role string) *db.Pool {
	t.Helper()
	var c db.Config
	set := map[string]string{"DATABASE_URL": url, "DB_POOL_MAX": "4", "DB_POOL_MIN": "0"}
	if err := config.LoadFrom(&c, func(name string) (string, bool) { v, ok := set[name]; return v, ok }, nil); err != nil {
		t.Fatal(err)
	}
	p, err := db.Open(context.Background(), c, db.WithRole(role), db.WithLedger(platform.Ledger{}), db.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.ClosePool(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

// scope is that of a home's resident.
func (w *town) scope(h home) db.Scope {
	return db.Scope{Role: platform.RoleResident, TenantID: w.tenant, Settings: []db.Setting{
		{Name: "app.resident_id", Value: h.resident.String()}, {Name: "app.unit_id", Value: h.unit.String()},
	}}
}

// hit is a passage as one way of searching found it.
type hit struct {
	version uuid.UUID
	page    int
	text    string
}

// way is one way of searching: passages best first, and the answer, which may be none.
type way struct {
	name string
	ask  func(ctx context.Context, q db.Querier, h home, text string) (hits, answer []hit, err error)
}

const (
	plainLike = `select version_id, page_from, body from document_chunks where tenant_id = $1 and body ilike '%' || $2 || '%' order by page_from, body limit 5`
	plainText = `select version_id, page_from, body from document_chunks where tenant_id = $1 and words @@ plainto_tsquery('openhouse_english', $2)
		order by ts_rank(words, plainto_tsquery('openhouse_english', $2)) desc, page_from, body limit 5`
)

func (w *town) ways() []way {
	return []way{
		{"ILIKE", func(ctx context.Context, q db.Querier, _ home, text string) ([]hit, []hit, error) {
			rows, err := q.Query(ctx, plainLike, w.tenant, text)
			return plain(rows, err)
		}},
		{"plainto_tsquery", func(ctx context.Context, q db.Querier, _ home, text string) ([]hit, []hit, error) {
			rows, err := q.Query(ctx, plainText, w.tenant, text)
			return plain(rows, err)
		}},
		{"knowledge", func(ctx context.Context, q db.Querier, h home, text string) ([]hit, []hit, error) {
			passages, err := knowledge.Search(ctx, q, w.tenant, h.unit, text, 5)
			if err != nil {
				return nil, nil, err
			}
			answer, err := knowledge.Ask(ctx, q, w.tenant, h.unit, text)
			return hitsOf(passages), hitsOf(answer.Quotes), err
		}},
	}
}

func hitsOf(passages []knowledge.Passage) []hit {
	var out []hit
	for _, p := range passages {
		out = append(out, hit{p.VersionID, p.Page, p.Heading + " " + p.Quote})
	}
	return out
}

// score counts how one way did with one half.
type score struct {
	asked, hit1, hit5, answered int // of questions with an answer
	none, refused               int // of those without
	wrong                       int // answers that don't say it, and answers where there is none
	outside                     int // passages of another home, house type or development, or of a superseded version
}

func (w *town) run(t *testing.T, way way, all []question, explain bool) score {
	t.Helper()
	var s score
	for _, q := range all {
		h := w.homes[q.home]
		type result struct{ hits, answer []hit }
		r, err := db.Read(t.Context(), w.residents, w.scope(h), func(ctx context.Context, querier db.Querier) (result, error) {
			hits, answer, err := way.ask(ctx, querier, h, q.text)
			return result{hits, answer}, err
		})
		if err != nil {
			t.Fatalf("%s: %v", q.text, err)
		}
		for _, x := range append(r.hits, r.answer...) {
			if w.isOutside(x, h) {
				s.outside++
			}
		}
		at, said := 0, false
		for i, x := range r.hits {
			if at == 0 && w.says(x, q) {
				at = i + 1
			}
		}
		for _, x := range r.answer {
			said = said || w.says(x, q)
		}
		trouble := ""
		if q.document == "" {
			s.none++
			if len(r.answer) == 0 {
				s.refused++
			} else {
				s.wrong++
				trouble = "answered although the papers don't say"
			}
		} else {
			s.asked++
			if at == 1 {
				s.hit1++
			}
			if at > 0 {
				s.hit5++
			}
			switch {
			case len(r.answer) == 0:
				trouble = fmt.Sprintf("refused, found at %d", at)
			case !said:
				s.wrong++
				trouble = fmt.Sprintf("wrong answer, found at %d", at)
			default:
				s.answered++
				if at != 1 {
					trouble = fmt.Sprintf("found at %d", at)
				}
			}
		}
		if explain && trouble != "" {
			first := ""
			if len(r.hits) > 0 {
				first = fmt.Sprintf("%s p%d: %.150s", w.papers[r.hits[0].version].key, r.hits[0].page, r.hits[0].text)
			}
			t.Logf("home %s %q [%s: %s]: %s\n      first: %s", q.home, q.text, q.document, q.has, trouble, first)
		}
	}
	return s
}

// says whether a hit is the passage that was asked for: of the current version of the right paper, with the words,
// and on the page where they stand.
func (w *town) says(x hit, q question) bool {
	p, ok := w.papers[x.version]
	if !ok || p.superseded || p.key != q.document {
		return false
	}
	return strings.Contains(squeezed(x.text), squeezed(q.has)) && (x.page == 0 || slices.Contains(p.pages(q.has), x.page))
}

func squeezed(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "|", " ")), " ")
}

func (w *town) isOutside(x hit, h home) bool {
	p, ok := w.papers[x.version]
	return !ok || p.superseded || p.development != h.development || p.houseType != "" && p.houseType != h.houseType || p.home != "" && w.homes[p.home] != h
}

func share(a, b int) float64 { return float64(a) / float64(max(b, 1)) }

func (s score) String() string {
	return fmt.Sprintf("%6.3f %6.3f %9.3f %8.3f %7.3f %8d", share(s.hit1, s.asked), share(s.hit5, s.asked), share(s.answered, s.asked),
		share(s.refused, s.none), share(s.wrong, s.asked+s.none), s.outside)
}

// TestBench holds the bars on both halves. EXPLAIN=1 prints what went
// wrong on the tuning half, and on that one only.
func TestBench(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	var table strings.Builder
	fmt.Fprintf(&table, "%-8s %-16s %6s %6s %9s %8s %7s %8s\n", "half", "way", "hit@1", "hit@5", "answered", "refused", "wrong", "outside")
	for _, half := range []struct{ name, file string }{{"tuning", tuning}, {"held", held}} {
		all := questions(t, half.file)
		for _, way := range w.ways() {
			s := w.run(t, way, all, os.Getenv("EXPLAIN") != "" && half.name == "tuning" && way.name == "knowledge")
			fmt.Fprintf(&table, "%-8s %-16s %s\n", half.name, way.name, s)
			if way.name != "knowledge" {
				continue
			}
			for _, bar := range []struct {
				what  string
				holds bool
			}{
				{"hit@1 >= 0.75", share(s.hit1, s.asked) >= 0.75},
				{"hit@5 >= 0.90", share(s.hit5, s.asked) >= 0.90},
				{"refused >= 0.95", share(s.refused, s.none) >= 0.95},
				{"wrong <= 0.02", share(s.wrong, s.asked+s.none) <= 0.02},
				{"nothing from outside", s.outside == 0},
			} {
				if !bar.holds {
					t.Errorf("%s half: not %s", half.name, bar.what)
				}
			}
		}
	}
	t.Logf("%d papers, %d + %d questions\n%s", len(w.papers), len(questions(t, tuning)), len(questions(t, held)), table.String())
}

// TestQuestionsAreTrue holds that each answer stands in its paper, and nowhere that would make the question unfair.
func TestQuestionsAreTrue(t *testing.T) {
	t.Parallel()
	all := papers(t)
	if len(all) < 25 {
		t.Errorf("only %d papers", len(all))
	}
	without := 0
	for _, q := range append(questions(t, tuning), questions(t, held)...) {
		if q.document == "" {
			without++
			continue
		}
		found := false
		for _, p := range all {
			for development, units := range homes {
				for _, unit := range units {
					if unit[:len(unit)-1] == q.home && p.development == development && p.key == q.document && !p.superseded &&
						(p.houseType == "" || p.houseType == unit[len(unit)-1:]) && (p.home == "" || p.home == q.home) {
						found = found || len(p.pages(q.has)) > 0
					}
				}
			}
		}
		if !found {
			t.Errorf("home %s, %s: %q doesn't stand there (%s)", q.home, q.document, q.has, q.text)
		}
	}
	if without < 40 {
		t.Errorf("only %d questions have no answer", without)
	}
}

func plain(rows interface {
	Next() bool
	Scan(...any) error
	Err() error
	Close()
}, err error,
) ([]hit, []hit, error) {
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var out []hit
	for rows.Next() {
		var h hit
		if err := rows.Scan(&h.version, &h.page, &h.text); err != nil {
			return nil, nil, err
		}
		h.page = 0 // a whole passage is not held to its page
		out = append(out, h)
	}
	return out, out[:min(1, len(out))], rows.Err()
}
