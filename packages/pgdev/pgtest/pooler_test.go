package pgtest_test

import (
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev/pgtest"
)

// throughPooler asks over a connection that prepares nothing.
func throughPooler(t *testing.T, address, sql string) string {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var answer string
	if err := conn.QueryRow(t.Context(), sql).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestPoolerRunsWhatIsShipped(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	p := pgtest.NewPooler(t, db, map[string]string{"default_pool_size": "3"})
	for address, login := range map[string]string{p.StaffURL(): "openhouse_developer_portal", p.ResidentURL(): "openhouse_tenant_portal"} {
		got := throughPooler(t, address, "select current_database() || ' ' || session_user")
		if want := db.Name + " " + login; got != want {
			t.Errorf("through PgBouncer it is %s, want %s", got, want)
		}
	}
	in := map[string]string{}
	for _, row := range p.Command("show config") {
		in[row["key"]] = row["value"]
	}
	for key, want := range map[string]string{"pool_mode": "transaction", "auth_type": "scram-sha-256", "default_pool_size": "3", "listen_addr": "127.0.0.1"} {
		if in[key] != want {
			t.Errorf("%s = %q, want %q", key, in[key], want)
		}
	}
	// docs/configuration.md says what depends on these.
	for key, most := range map[string]float64{"server_login_retry": 1, "query_wait_timeout": 5, "server_check_delay": 1} {
		if seconds, err := strconv.ParseFloat(in[key], 64); err != nil || seconds <= 0 || seconds > most {
			t.Errorf("%s = %s, the product relies on %v s at most", key, in[key], most)
		}
	}
}
