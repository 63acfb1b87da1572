package structure

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/tools/go/packages"

	"openhouse.example/packages/pgdev/pgtest"
)

// runners are the roles that run a room's statements: first the one of its
// scopes, then the login itself, which calls the door functions.
var runners = []struct {
	room  string
	roles []string
}{
	{"apps/developer-portal/internal/company", []string{"openhouse_owner"}}, // an operator's command
	{"apps/developer-portal/internal/documents", []string{"openhouse_worker"}},
	{"apps/developer-portal", []string{"openhouse_staff", "openhouse_developer_portal"}},
	{"apps/tenant-portal", []string{"openhouse_resident", "openhouse_tenant_portal"}},
	{"packages/knowledge", []string{"openhouse_resident", "openhouse_staff", "openhouse_worker"}},
	{"packages/platform", []string{"openhouse_staff", "openhouse_resident", "openhouse_worker", "openhouse_developer_portal", "openhouse_tenant_portal"}},
}

func openSchema(t *testing.T) *schema {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), pgtest.New(t).AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	s, err := newSchema(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.companies) < 20 {
		t.Fatalf("only %d company tables", len(s.companies))
	}
	return s
}

// judgeStatements puts every statement before the schema.
func judgeStatements(ctx context.Context, s *schema, all []statement, roles func(room string) []string, unwalled func(statement) bool) []finding {
	var findings []finding
	for _, st := range all {
		report := func(format string, args ...any) {
			findings = append(findings, finding{st.pos, fmt.Sprintf(format, args...)})
		}
		if refusal := s.refusal(ctx, st.sql); refusal != "" {
			report("the migrated schema refuses it: %s", refusal)
			continue
		}
		if named := s.unwalled(st.sql); len(named) > 0 && !unwalled(st) {
			report("names %s without tenant_id = $n", strings.Join(slices.Compact(named), ", "))
			continue
		}
		if who := roles(st.room); len(who) > 0 {
			if refusal := s.forbidden(ctx, st.sql, who); refusal != "" {
				report("those who run it may not run it: %s", refusal)
			}
		}
	}
	sortFindings(findings)
	return findings
}

func TestSchemaRefusesWrongStatements(t *testing.T) {
	t.Parallel()
	s := openSchema(t)
	seeded(t, "schema", func(pkgs []*packages.Package) []finding {
		return judgeStatements(t.Context(), s, searchSQL(pkgs, nil).statements,
			func(string) []string { return []string{"openhouse_resident", "openhouse_tenant_portal"} },
			func(statement) bool { return false })
	})
}
