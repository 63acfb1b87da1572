package below_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
	"openhouse.example/tests/isolation/below"
	"openhouse.example/tests/isolation/tries"
)

// seed is another one in each run, unless SEED says which.
func seed(t *testing.T) uint64 {
	t.Helper()
	if given := os.Getenv("SEED"); given != "" {
		n, err := strconv.ParseUint(given, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return rand.Uint64() //nolint:gosec // attacks are to be repeatable, not secret
}

// waysThrough are the ways through a pool of each login, without and with PgBouncer.
func waysThrough(t *testing.T, origin *pgtest.DB) map[string][]below.Way {
	t.Helper()
	p := pgtest.NewPooler(t, origin, map[string]string{"default_pool_size": "2"}, "openhouse_worker_login")
	ways := map[string][]below.Way{}
	for role, url := range map[string]string{platform.RoleStaff: origin.StaffURL(), platform.RoleResident: origin.ResidentURL(), platform.RoleWorker: origin.WorkerURL()} {
		for what, c := range map[string]struct {
			url  string
			mode db.PoolerMode
		}{"straight": {url, db.PoolerNone}, "through PgBouncer": {p.URL(url), db.PoolerTransaction}} {
			list, err := below.OpenWays(t.Context(), what, c.url, role, c.mode)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := list[0].Pool.ClosePool(context.Background()); err != nil {
					t.Error(err)
				}
			})
			ways[role] = append(ways[role], list...)
		}
	}
	return ways
}

// Nothing of one scope is seen, told, changed or left behind in another: in every shape on the bare protocol, and in
// the stores' own statements through the pool, while everything goes wrong that can.
func TestNothingCrosses(t *testing.T) {
	t.Parallel()
	origin := pgtest.New(t)
	e, err := below.NewEnv(t.Context(), origin)
	if err != nil {
		t.Fatal(err)
	}
	var r tries.Report
	attacked := origin.Clone(t)
	n := seed(t)
	t.Logf("SEED=%d", n)
	if !full() {
		e.Part = rand.New(rand.NewPCG(n, 1)) //nolint:gosec // as for the seed
	}
	t.Run("shapes", func(t *testing.T) {
		l, err := below.DialAll(t.Context(), attacked)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if err := e.Attack(t.Context(), l, connect(t, attacked.AdminURL()), &r); err != nil {
			t.Error(err)
		}
	})
	t.Run("statements", func(t *testing.T) {
		admin := connect(t, origin.AdminURL())
		f, err := below.NewFuzzer(t.Context(), e, admin, waysThrough(t, origin), &r)
		if err != nil {
			t.Fatal(err)
		}
		length := 8 * time.Second
		if full() {
			length = 3 * time.Minute
		}
		ctx, cancel := context.WithTimeout(t.Context(), length)
		defer cancel()
		killed := make(chan int, 1)
		killer := connect(t, origin.AdminURL())
		go func() { killed <- below.Kill(ctx, killer) }()
		f.Run(ctx, 6, n)
		if k := <-killed; k == 0 {
			t.Error("no connection was killed")
		} else {
			t.Logf("%d connections were killed", k)
		}
		if err := f.Kept(t.Context(), admin); err != nil {
			t.Error(err)
		}
		idle, all := f.Idle()
		t.Logf("%d of %d statements never found or changed a row", len(idle), all)
		if full() {
			t.Log(strings.Join(idle, "\n"))
		}
	})
	fmt.Printf("\nBelow the routes\n%s\n", r.String())
	if n := r.Crossings(); n > 0 {
		t.Errorf("%d crossings", n)
	}
	enough(t, &r)
	root, err := pgdev.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write(filepath.Join(root, "build", "isolation-below.json")); err != nil {
		t.Error(err)
	}
}

// enough wants every class to have tried something: none may fall silent.
func enough(t *testing.T, r *tries.Report) {
	t.Helper()
	classes := r.Classes()
	if len(classes) < 14 {
		t.Errorf("only %d classes", len(classes))
	}
	for _, c := range classes {
		if c.Attempts < 10 {
			t.Errorf("%s: only %d attempts", c.Name, c.Attempts)
		}
	}
}
