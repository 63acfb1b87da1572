package knowledge

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/db"
)

// searchChunks finds the passages of a home that speak of the things asked for: first what the home may see, then
// what of that fits. Row-level security narrows the same, so that no full-text index would be used; what is read is
// what idx document_chunks_by_scope gives for the home.
//
// Each thing is a phrase, other phrases for it, and its beginning for languages without a stemmer. A word that no
// passage has is taken for a mistyped one, and the nearest word of the home's own papers stands in for it. How rare a
// thing is, is counted over the home's passages as well.
const searchChunks = `
with home as materialized (
	select u.id, u.development_id, u.house_type_id from units u where u.tenant_id = $1 and u.id = $2
), visible as materialized (
	select c.id, c.ordinal, case when c.language in ('en', 'ga') then c.language else '' end as language, c.words, c.document_id, c.version_id, c.faq_id,
		coalesce(d.title, f.question) as source_title, c.language as written_in, c.title, c.body, coalesce(c.page_from, 0) as page_from,
		case when c.unit_id is not null then 0 when c.house_type_id is not null then 1 when d.must_read then 2 else 3 end as tier
	from home h
	join document_chunks c on c.tenant_id = $1 and c.development_id = h.development_id
		and (c.house_type_id is null or c.house_type_id = h.house_type_id) and (c.unit_id is null or c.unit_id = h.id)
	left join documents d on d.tenant_id = $1 and d.id = c.document_id and d.archived_at is null and d.current_version_id = c.version_id
		and (d.house_type_id is null or d.house_type_id = h.house_type_id) and (d.unit_id is null or d.unit_id = h.id)
	left join faqs f on f.tenant_id = $1 and f.id = c.faq_id and f.published_at is not null
	where d.id is not null or f.id is not null
), languages as (
	select l.language, l.config
	from (values ('en', 'openhouse_english'::regconfig), ('ga', 'openhouse_irish'::regconfig), ('', 'openhouse_simple'::regconfig)) as l (language, config)
	where l.language in (select v.language from visible v)
), asked as materialized (
	select a.n, a.weight, a.said, l.language, s.said_query, s.said_query || coalesce(o.other_query, ''::tsquery) as query
	from unnest($3::integer[], $4::float8[], $5::text[], $6::text[], $7::text[]) as a (n, weight, said, other, beginning)
	cross join languages l
	cross join lateral (select case when l.language = '' then a.beginning::tsquery else phraseto_tsquery(l.config, a.said) end as said_query) s
	cross join lateral (
		select string_agg('(' || p::text || ')', ' | ')::tsquery as other_query
		from unnest(string_to_array(a.other, '|')) as w
		cross join lateral phraseto_tsquery(l.config, w) as p
		where numnode(p) > 0 and l.language <> ''
	) o
	where numnode(s.said_query) > 0 or o.other_query is not null
), titles as materialized (
	select distinct d.document_id, l.language, to_tsvector(l.config, d.source_title) as words
	from visible d join languages l on l.language = d.language
	where d.document_id is not null
), found as materialized (
	select v.id, v.tier, a.n, a.weight, v.words @@ a.query as here,
		case when v.words @@ a.said_query then 1 when v.words @@ a.query then 0.85 else 0.3 end
			+ case when ts_filter(v.words, '{a}') @@ a.query then 0.25 else 0 end as strength
	from visible v
	join asked a on a.language = v.language
	left join titles t on t.document_id = v.document_id and t.language = v.language
	where v.words @@ a.query or t.words @@ a.query
), unknown as materialized (
	select a.n, a.weight, a.language, a.said
	from asked a
	where strpos(a.said, ' ') = 0 and length(a.said) >= 4 and not exists (select from found f where f.n = a.n)
), vocabulary as materialized (
	select distinct v.language, w.lexeme
	from visible v
	cross join lateral unnest(tsvector_to_array(v.words)) as w (lexeme)
	where exists (select from unknown) and length(w.lexeme) >= 4
), guesses as materialized (
	select distinct on (u.n, u.language) u.n, u.weight, u.language, w.lexeme
	from unknown u
	join vocabulary w on w.language = u.language and left(w.lexeme, 1) = left(u.said, 1) and abs(length(w.lexeme) - length(u.said)) <= 4
	cross join lateral (select similarity(w.lexeme, u.said) as alike, length(w.lexeme) = length(u.said) and
		(select string_agg(l, '' order by l) from regexp_split_to_table(w.lexeme, '') as l) =
		(select string_agg(l, '' order by l) from regexp_split_to_table(u.said, '') as l) as swapped) s
	where s.swapped or length(u.said) >= 5 and s.alike >= 0.42
	order by u.n, u.language, s.swapped desc, s.alike desc, w.lexeme
), hits as materialized (
	select f.id, f.tier, f.n, f.weight, f.here, f.strength from found f
	union all
	select v.id, v.tier, g.n, g.weight, true, 0.8
	from guesses g
	join visible v on v.language = g.language and v.words @@ ('''' || replace(replace(g.lexeme, '\', '\\'), '''', '''''') || '''')::tsquery
), counted as materialized (
	select h.n, count(*) filter (where h.here) as passages from hits h group by h.n
), best as materialized (
	select h.id, h.tier, sum(h.weight * h.strength * ln(1 + (s.total - c.passages + 0.5) / (c.passages + 0.5)))
			* case h.tier when 0 then $8::float8 when 1 then $9::float8 when 2 then $10::float8 else 1 end as score,
		array_agg(h.n order by h.n) as things, array_agg(case when h.here then least(h.strength, 1) else 0 end order by h.n) as strengths
	from hits h
	join counted c on c.n = h.n
	cross join (select count(*) as total from visible) s
	group by h.id, h.tier
	order by score desc, h.tier, h.id
	limit $11
)
select b.score, b.tier, b.things, b.strengths,
	(select count(*) from visible)::integer, array(select coalesce(k.passages, 0)::integer from unnest($3::integer[]) with ordinality as a (n, place) left join counted k on k.n = a.n order by a.place),
	array(select coalesce(min(g.lexeme), '') from unnest($3::integer[]) with ordinality as a (n, place) left join guesses g on g.n = a.n group by a.place order by a.place),
	p.id, p.document_id, p.version_id, p.faq_id, coalesce(v.number, 0), p.source_title, p.written_in, p.title, p.body, p.page_from
from best b
join visible p on p.id = b.id
left join document_versions v on v.tenant_id = $1 and v.document_id = p.document_id and v.id = p.version_id
order by b.score desc, b.tier, p.source_title, p.ordinal, b.id`

// candidates is how many passages are looked at more closely.
const candidates = 30

// What the scope of a passage counts, beside that of a whole development: what was written for this home is meant
// before what was written for many.
const (
	unitBoost      = 1.2
	houseTypeBoost = 1.12
	mustReadBoost  = 1.04
)

// candidate is a passage as the search found it.
type candidate struct {
	score    float64
	tier     int
	here     map[int]float64 // concepts that the passage speaks of: 1 as they were asked for, less by another name
	inTitle  map[int]bool    // concepts that only its document's title speaks of
	language string
	id       uuid.UUID
	source   Source
	heading  string
	body     string
	pageFrom int
}

// found is the answer of searchChunks.
type found struct {
	candidates []candidate
	total      int      // passages that the home may see
	passages   []int    // with each concept
	meant      []string // the word that each concept was taken for, if it was mistyped
}

func find(ctx context.Context, q db.Querier, tenantID, unitID uuid.UUID, in inquiry) (found, error) {
	var f found
	if len(in.concepts) == 0 {
		return f, nil
	}
	rows, err := q.Query(ctx, searchChunks, searchArguments(tenantID, unitID, in)...)
	if err != nil {
		return f, fmt.Errorf("search passages: %w", err)
	}
	f.candidates, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (candidate, error) {
		var c candidate
		var things []int
		var strengths []float64
		var document, version, faq *uuid.UUID
		err := row.Scan(&c.score, &c.tier, &things, &strengths, &f.total, &f.passages, &f.meant,
			&c.id, &document, &version, &faq, &c.source.Number, &c.source.Title, &c.language, &c.heading, &c.body, &c.pageFrom)
		c.here, c.inTitle = map[int]float64{}, map[int]bool{}
		for i, n := range things {
			if strengths[i] > 0 {
				c.here[n] = strengths[i]
			} else {
				c.inTitle[n] = true
			}
		}
		for to, from := range map[*uuid.UUID]*uuid.UUID{&c.source.DocumentID: document, &c.source.VersionID: version, &c.source.FAQID: faq} {
			if from != nil {
				*to = *from
			}
		}
		return c, err
	})
	if err != nil {
		return f, fmt.Errorf("search passages: %w", err)
	}
	return f, nil
}

// searchArguments are those of searchChunks, in its order.
func searchArguments(tenantID, unitID uuid.UUID, in inquiry) []any {
	n := len(in.concepts)
	numbers, weights := make([]int32, n), make([]float64, n)
	said, also, beginnings := make([]string, n), make([]string, n), make([]string, n)
	for i, c := range in.concepts {
		numbers[i], weights[i], said[i], also[i] = int32(i), c.weight, c.said, strings.Join(c.also, "|") //nolint:gosec // at most maxConcepts
		var parts []string
		for w := range strings.FieldsSeq(c.said) {
			parts = append(parts, loose(w))
		}
		beginnings[i] = strings.Join(parts, " <-> ")
	}
	return []any{tenantID, unitID, numbers, weights, said, also, beginnings, unitBoost, houseTypeBoost, mustReadBoost, candidates}
}
