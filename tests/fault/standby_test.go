package fault

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"openhouse.example/packages/pgdev"
	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/tests/stack"
)

// TestStandby is F21: the address leads to a standby, from one moment to the next or from the start. A portal that
// can't write says so instead of serving half, and is back when the server becomes a primary.
func TestStandby(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t, pgdev.WithSetting("wal_level", "replica"))
	l := newLab(t, labOptions{server: server})
	folder := look[string](l, "show data_directory")
	if err := server.Halt(pgdev.Fast); err != nil {
		t.Fatal(err)
	}
	makeStandby(t, folder)
	if err := server.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !look[bool](l, "select pg_is_in_recovery()") {
		t.Fatal("the server is no standby")
	}
	l.healthy(false, 10*time.Second)
	late := stack.Prepare(t, stack.DeveloperPortal) // one that has never seen it as a primary
	late.Launch("DEVELOPER_PUBLIC_URL="+late.URL, "OPENHOUSE_ENV=development", "DRAIN_DELAY_MS=0", "DEVELOPER_DATABASE_URL="+l.stack.DB.StaffURL())
	say := make([]string, len(l.contestants))
	for i, c := range l.contestants {
		w := l.writer(c, "standby "+c.name)
		got := allAtOnce(10, func(int) string { return w.ask() })
		reads := l.storm(c, 10)
		say[i] = "writes: " + got.String() + "; reads: " + reads.String()
		if i == 0 && (got.causes[""] > 0 || got.causes["500"]+reads.causes["500"] > 0) {
			t.Errorf("on a standby ten writes get %s and ten reads %s", got, reads)
		}
	}
	stack.Eventually(t, 20*time.Second, "the late portal to say that it is not ready", func() bool {
		status, body := late.Health()
		if status == http.StatusOK {
			t.Fatalf("a portal that was started on a standby says %s", body)
		}
		return strings.Contains(body, `"unhealthy"`)
	})
	l.sql("select pg_promote()")
	took := l.healthy(true, 20*time.Second)
	stack.Eventually(t, 20*time.Second, "the late portal to be ready", func() bool { status, _ := late.Health(); return status == http.StatusOK })
	if limit := 2500 * time.Millisecond; stack.Full() && took > limit {
		t.Errorf("ready again after %v, at most %v", round(took), limit)
	}
	if got := allAtOnce(10, func(int) string { return l.writer(l.contestants[0], "after").write("after the standby").cause }); got.causes[""] != 10 {
		t.Errorf("after it: %s", got)
	}
	report.note(fact{"F21", "ten writes and ten reads on a standby", say[0] + "; ready again after " + milliseconds(took), say[1], say[2]})
}

// makeStandby turns the data of a halted server into a standby's.
func makeStandby(t *testing.T, folder string) {
	t.Helper()
	info, err := os.Stat(folder)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "standby.signal")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t) // the server may run as another account
	if err := os.Chown(file, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
}
