package fault

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"openhouse.example/packages/pgdev/pgtest"
)

// pooled are the PgBouncers between the proxies of a lab and its Postgres, one for each program, so that none suffers
// from what another does to its own; the zero value is none.
type pooled struct {
	by    map[string]*pgtest.Pooler // by login
	rest  *pgtest.Pooler            // of the portals
	peers string                    // what the peers' addresses need beside
}

// url is a database's address through the pooler of its login.
func (p pooled) url(direct string) string {
	if p.rest == nil {
		return direct
	}
	if u, err := url.Parse(direct); err == nil && p.by[u.User.Username()] != nil {
		return p.by[u.User.Username()].URL(direct)
	}
	return p.rest.URL(direct)
}

// each does something to every PgBouncer.
func (p pooled) each(do func(p *pgtest.Pooler)) {
	do(p.rest)
	for _, pooler := range p.by {
		do(pooler)
	}
}

// How the programs to compare with talk to a pooler. In the driver's default mode they fail most of the time through one
// in transaction mode (F33); whoever uses them says this.
const (
	peersAsTheyCome = ""
	peersSuited     = "&default_query_exec_mode=exec"
)

// newPoolerLab is a lab whose three programs reach Postgres through PgBouncers on the configuration that
// deploy/pgbouncer ships. settings win over that.
func newPoolerLab(t *testing.T, peers string, env []string, settings map[string]string) *lab {
	t.Helper()
	return newLab(t, labOptions{server: pgtest.Server(t), env: env, pooled: func(db *pgtest.DB) pooled {
		p := pooled{by: map[string]*pgtest.Pooler{}, rest: pgtest.NewPooler(t, db, settings), peers: peers}
		for _, name := range []string{"pgxpool", "pgxpool+retry"} {
			login := strings.ReplaceAll(name, "+", "_")
			db.Exec(fmt.Sprintf("create role %s login bypassrls password 'peer'", login)) // PgBouncer must know its secret
			p.by[login] = pgtest.NewPooler(t, db, settings, login)
		}
		return p
	}})
}
