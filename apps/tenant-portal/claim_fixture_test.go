package main

import (
	"log/slog"
	"net/url"
	"regexp"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web/webtest"
)

// newSiteBehindAProxy believes X-Forwarded-For, so that clients can come from many places.
func newSiteBehindAProxy(t *testing.T) *site {
	t.Helper()
	return newSiteWith(t, pgtest.New(t), slog.New(slog.DiscardHandler), map[string]string{"TRUSTED_PROXIES": "127.0.0.1/32"})
}

// addCodes prints a code for each of these homes of Longview Park.
func (s *site) addCodes(homes ...uuid.UUID) []string {
	batch := uuid.New()
	s.db.Exec(`insert into invite_batches (tenant_id, id, development_id, reach, state, homes, ready_at) values ($1, $2, $3, 'development', 'ready', $4, now())`,
		s.company, batch, s.development, len(homes))
	codes, hashes := make([]string, len(homes)), make([][]byte, len(homes))
	for i := range homes {
		codes[i], hashes[i] = platform.NewInviteCode()
	}
	s.db.Exec(`insert into unit_invites (tenant_id, id, development_id, unit_id, batch_id, token_hash)
		select $1, gen_random_uuid(), $2, h.unit, $3, h.hash from unnest($4::uuid[], $5::bytea[]) h (unit, hash)`,
		s.company, s.development, batch, homes, hashes)
	return codes
}

func (s *site) addCode(home uuid.UUID) string { return s.addCodes(home)[0] }

// addResident lets somebody live in a home, as staff do who approve a request.
func (s *site) addResident(home uuid.UUID, kind, email string) uuid.UUID {
	id := uuid.New()
	s.db.Exec(`insert into residents (tenant_id, id, email, full_name) values ($1, $2, $3, 'Resident')`, s.company, id, email)
	s.db.Exec(`insert into occupancies (tenant_id, id, development_id, unit_id, resident_id, kind) values ($1, gen_random_uuid(), $2, $3, $4, $5)`,
		s.company, s.development, home, id, kind)
	return id
}

// claim comes with a code, in a browser of its own.
func (s *site) claim(code, email string, header ...string) webtest.Answer {
	s.t.Helper()
	return s.client().Post("/onboarding/"+code, claimForm(email), header...)
}

func claimForm(email string) url.Values {
	return url.Values{"fullName": {"Una Gale"}, "email": {email}}
}

// claims are those of a home in the order in which they came: "address, state, decided through".
func (s *site) claims(home uuid.UUID) []string {
	return pgtest.Value[[]string](s.db, `select coalesce(array_agg(email || ', ' || state || ', ' || decided_through order by created_at, email), '{}') from unit_claims where unit_id = $1`, home)
}

// mail are the kinds of the messages to somebody, in the order in which they were written.
func (s *site) mail(to string) []string {
	return pgtest.Value[[]string](s.db, `select coalesce(array_agg(kind order by created_at), '{}') from mail_outbox where to_email = $1`, to)
}

// body is the newest message to somebody.
func (s *site) body(to string) string {
	return pgtest.Value[string](s.db, `select subject || E'\n' || body from mail_outbox where to_email = $1 order by created_at desc limit 1`, to)
}

// lastLink is the path of the link in the newest message to somebody.
func (s *site) lastLink(to string) string {
	s.t.Helper()
	found := regexp.MustCompile(regexp.QuoteMeta(s.http.URL) + `(/link/\S+)`).FindStringSubmatch(s.body(to))
	if found == nil {
		s.t.Fatalf("no link in the mail:\n%s", s.body(to))
	}
	return found[1]
}

// rows counts the rows of every table of company data.
func (s *site) rows() map[string]int {
	counts := map[string]int{}
	for _, table := range pgtest.Value[[]string](s.db, `select array_agg(c.relname::text) from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
		where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'`) {
		counts[table] = pgtest.Value[int](s.db, `select count(*) from `+table)
	}
	return counts
}

// added is what has come to rows since before.
func (s *site) added(before map[string]int) map[string]int {
	more := map[string]int{}
	for table, n := range s.rows() {
		if n != before[table] {
			more[table] = n - before[table]
		}
	}
	return more
}
