// Package schema holds statements that the migrated schema, its grants or the
// second wall refuse, beside some that are right.
package schema

import (
	"context"

	"openhouse.example/packages/db"
)

func statements(ctx context.Context, q db.Querier) {
	for _, sql := range []string{
		"select name from developments where tenant_id = $1 and id = $2",
		"select nom from developments where tenant_id = $1",                                     // want "column \"nom\" does not exist"
		"select name from developmnets where tenant_id = $1",                                    // want "relation \"developmnets\" does not exist"
		"select name from developments where tenant_id = $1 and name = 7",                       // want "operator does not exist"
		"select name from developments where tenant_id = $1 ordered by name",                    // want "syntax error"
		"select name from developments where id = $1",                                           // want "without tenant_id"
		"select name from developments -- where tenant_id = $1",                                 // want "without tenant_id"
		"select d.name from developments d where (d.tenant_id, d.id) = ($1, $2)",                //
		"insert into development_notes (tenant_id) values ($1)",                                 // want "does not exist"
		"select rate_hit('bucket', 1, '1 minute')",                                              //
		"select password_hash from staff where tenant_id = $1",                                  // want "may not run it"
		"update audit_log set action = 'nothing' where tenant_id = $1",                          // want "may not run it"
		"select count(*) from units u where u.tenant_id = $1 and u.development_id = any($2)",    //
		"select set_config('application_name', $1, true)",                                       //
		"select u.id from units u join house_types h on h.id = u.house_type_id where u.id = $1", // want "without tenant_id"
	} {
		_, _ = q.Exec(ctx, sql)
	}
}
