package isolation

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// group is the rows of one owner in one table.
type group struct {
	table string
	owner Owner
}

// content is how many rows a group has, and a hash of them.
type content struct {
	rows int64
	hash string
}

// snapshot is what a database holds, owner by owner, as its superuser sees it.
type snapshot map[group]content

func take(ctx context.Context, conn *pgx.Conn, tables []table) (snapshot, error) {
	s := snapshot{}
	for _, t := range tables {
		g, c := group{table: t.name}, content{}
		o := &g.owner
		err := forEach(ctx, conn, []any{&o.Company, &o.Development, &o.HouseType, &o.Unit, &o.Resident, &c.rows, &c.hash}, func() error {
			s[g] = c
			return nil
		}, fmt.Sprintf(`
			select o.company, o.development, o.house_type, o.unit, o.resident, count(*), md5(string_agg(o.row, '|' order by o.row collate "C"))
			from (select %s, md5(x::text) from %s x) o (company, development, house_type, unit, resident, row)
			group by 1, 2, 3, 4, 5`, t.owner(), pgx.Identifier{t.name}.Sanitize()))
		if err != nil {
			return nil, fmt.Errorf("snapshot of %s: %w", t.name, err)
		}
	}
	return s, nil
}

// changed lists the groups that are not as they were, of those that the filter asks about.
func (s snapshot) changed(now snapshot, asked func(group) bool) (groups int, changed []string) {
	for g, was := range s {
		if !asked(g) {
			continue
		}
		groups++
		if is := now[g]; is != was {
			changed = append(changed, fmt.Sprintf("%s of %+v: %d rows have become %d, or others", g.table, g.owner, was.rows, is.rows))
		}
	}
	for g, is := range now {
		if _, known := s[g]; !known && asked(g) {
			groups++
			changed = append(changed, fmt.Sprintf("%s of %+v: %d rows where there were none", g.table, g.owner, is.rows))
		}
	}
	return groups, changed
}
