package fault

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"openhouse.example/packages/pgdev/pgtest"

	"openhouse.example/tests/stack"
)

// TestDiskFull is F22: there is no room left for rows. Writes are refused with their reason, not tried again and not
// half done; reads go on. To have a disk that is full it mounts a small one, which only root may.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("F22 (disk full) was NOT tried: mounting a small disk needs root. Continuous integration runs it; here: run the tests as root")
	}
	l := newLab(t, labOptions{server: pgtest.Server(t)})
	disk := smallDisk(t, l)
	l.sql(fmt.Sprintf("create tablespace small location '%s'", disk))
	for _, table := range []string{"developments", "audit_log"} {
		l.sql("alter table " + table + " set tablespace small")
	}
	l.sql("create table filler (text text) tablespace small")
	fill := func() string {
		conn := l.admin()
		defer func() { _ = conn.Close(t.Context()) }()
		for {
			if _, err := conn.Exec(t.Context(), "insert into filler select repeat('x', 1000) from generate_series(1, 200)"); err != nil {
				return err.Error()
			}
		}
	}
	if said := fill(); !strings.Contains(said, "53100") {
		t.Fatalf("filling the disk ended with %s", said)
	}
	ask, say, stop := l.fullDisk(t)
	reads := startLoad(readers, readPause, l.reader(l.contestants[0]).ask)
	for i := range l.contestants {
		say[i] = ask(i)
	}
	time.Sleep(stack.Scaled(time.Second, 5*time.Second))
	got := summarise(reads.stop(), moments{})
	if got.Failed > 0 {
		t.Errorf("of %d reads: %v", got.Requests, got.Causes)
	}
	if status, body := l.stack.Developer.Health(); status != http.StatusOK {
		t.Errorf("the health route says %d %s", status, body)
	}
	l.sql("drop table filler") // to truncate it would need room
	stop()
	report.note(fact{"F22", "60 writes to a full disk, and reads meanwhile", fmt.Sprintf("%s; %d of %d reads failed", say[0], got.Failed, got.Requests), say[1], say[2]})
}

// fullDisk gives a function that sends writes to a contestant and says what became of them, and one that looks at the
// ledger of the portal's.
func (l *lab) fullDisk(t *testing.T) (ask func(i int) string, say []string, settle func()) {
	t.Helper()
	const each = 60
	writers := make([]*writer, len(l.contestants))
	ask = func(i int) string {
		writers[i] = l.writer(l.contestants[i], "disk "+l.contestants[i].name)
		causes := map[string]int{}
		for range each { // one after another: what still fits into a page that is there is stored
			causes[writers[i].ask()]++
		}
		if i == 0 && (causes[diskFull] == 0 || causes[diskFull]+causes[""] != each) {
			t.Errorf("writes to a full disk: %v, want %q", causes, diskFull)
		}
		return outcomes{causes: causes}.String()
	}
	settle = func() {
		for _, broken := range judge(writers[0].entries, l.rows(writers[0].prefix)).faults() {
			t.Error(broken)
		}
		l.repeat(writers[0])
	}
	return ask, make([]string, len(l.contestants)), settle
}

// smallDisk mounts 16 MB of memory where the server can write, until the test's end.
func smallDisk(t *testing.T, l *lab) string {
	t.Helper()
	folder := look[string](l, "show data_directory")
	info, err := os.Stat(folder)
	if err != nil {
		t.Fatal(err)
	}
	disk, err := os.MkdirTemp("/var/tmp", "openhouse-full-") // where every account can go
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(disk) })
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=16m"); err != nil {
		t.Fatalf("mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := l.server.Stop(); err != nil { // it has files open there
			t.Error(err)
		}
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	owner := info.Sys().(*syscall.Stat_t)
	if err := os.Chown(disk, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
	return disk
}
