//go:build linux || darwin

package pgdev

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

func TestKilledLauncherLeavesNothing(t *testing.T) {
	t.Parallel()
	base := openDir(t)
	orphaned := startHelper(t, "throwaway", base)
	living := startHelper(t, "throwaway", base)
	if err := orphaned.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = orphaned.cmd.Wait()
	if runtime.GOOS == "linux" {
		eventually(t, "the server ends with its launcher", func() bool { return !runsOn(orphaned.PID, orphaned.Home) })
	}
	var said []string
	s, err := throwaway{say: func(l string) { said = append(said, l) }, bases: []string{base}}.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if exists(orphaned.Home) || runsOn(orphaned.PID, orphaned.Home) {
		t.Errorf("the next start left %s (it said %q)", orphaned.Home, said)
	}
	if got := query(t, living.URL, "select 'alive'"); got != "alive" {
		t.Error("the next start touched a living launcher's server")
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	living.end(t)
	if left := entries(t, base); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A server that outlived its launcher (as on macOS) is stopped, then removed.
func TestSweepStopsARunningOrphan(t *testing.T) {
	t.Parallel()
	s := startThrowaway(t)
	pid := s.PID()
	if err := s.release(); err != nil { // as if the launcher were dead
		t.Fatal(err)
	}
	if !sweepOne(s.Home()) {
		t.Error("the orphan was not removed")
	}
	if runsOn(pid, s.Home()) || exists(s.Home()) {
		t.Error("the orphan is still there")
	}
}

func TestSweepTouchesOnlyWhatIsProven(t *testing.T) {
	t.Parallel()
	base := openDir(t)
	hour := time.Now().Add(-time.Hour)
	make1 := func(name string, fill func(dir string) error) string {
		dir := filepath.Join(base, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := fill(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, hour, hour); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	ours := marker{ID: "x", Kind: kindThrowaway}
	file := func(dir, name, text string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600) }

	target := make1("somebody's data", ours.write)
	link := filepath.Join(base, throwawayPrefix+"link")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	kept := []string{
		target, link,
		make1("openhouse-other", ours.write), // not our prefix
		make1(throwawayPrefix+"dev", marker{ID: "x", Kind: kindDev}.write),
		make1(throwawayPrefix+"foreign", func(d string) error { return file(d, markerFile, `{"name":"not ours"}`) }),
		make1(throwawayPrefix+"unmarked", func(d string) error { return file(d, "thesis.txt", "years of work") }),
	}
	locked := make1(throwawayPrefix+"locked", ours.write)
	lock, err := holdLock(locked, alone)
	if err != nil || lock == nil {
		t.Fatal(lock, err)
	}
	defer lock.Close()
	young := filepath.Join(base, throwawayPrefix+"young")
	if err := os.Mkdir(young, 0o755); err != nil {
		t.Fatal(err)
	}
	kept = append(kept, locked, young)
	removed := []string{
		make1(throwawayPrefix+"dead", ours.write),
		make1(throwawayPrefix+"empty", func(string) error { return nil }),
	}

	sweep(base, func(string) {})
	for _, path := range kept {
		if !exists(path) {
			t.Errorf("%s was removed", path)
		}
	}
	if !exists(filepath.Join(kept[5], "thesis.txt")) {
		t.Error("a file that is not ours was removed")
	}
	for _, path := range removed {
		if exists(path) {
			t.Errorf("%s was left", path)
		}
	}
}
