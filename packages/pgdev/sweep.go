package pgdev

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// sweep removes the throw-away servers in base whose launcher is dead. It only
// touches what it can prove: a real directory of this user with our prefix,
// whose lock nobody holds, and in it our marker, or nothing yet from a launcher
// that died within its first moments.
func sweep(base string, say func(string)) {
	homes, err := filepath.Glob(filepath.Join(base, throwawayPrefix+"*"))
	if err != nil {
		return
	}
	for _, home := range homes {
		if sweepOne(home) {
			say("removed a throw-away server that a dead process had left in " + home)
		}
	}
}

func sweepOne(home string) bool {
	info, err := os.Lstat(home)
	if err != nil || !info.IsDir() {
		return false
	}
	if uid, _ := owner(info); uid != os.Geteuid() {
		return false
	}
	m, err := readMarker(home)
	if err == nil && m.Kind != kindThrowaway {
		return false
	}
	unmarked := os.IsNotExist(err)
	if err != nil && !unmarked {
		return false
	}
	if unmarked && time.Since(info.ModTime()) < time.Minute {
		return false // its launcher may be about to write the marker
	}
	lock, err := holdLock(home, alone)
	if err != nil || lock == nil {
		return false
	}
	defer lock.Close()
	if unmarked {
		return os.Remove(lock.Name()) == nil && os.Remove(home) == nil // only if it is empty
	}
	stopOrphan(home)
	stopOrphanStation(home)
	return removeHome(home) == nil
}

// stopOrphan ends the server that still runs on a dead launcher's data.
func stopOrphan(home string) {
	pid, _, err := readPidFile(home)
	if err != nil || !runsOn(pid, home) {
		return
	}
	_ = signalProcess(pid, syscall.SIGQUIT)
	for deadline := time.Now().Add(5 * time.Second); runsOn(pid, home); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = signalProcess(pid, syscall.SIGKILL)
			return
		}
	}
}

// runsOn reports whether pid is a server on the data below home: numbers are
// used again, so the process must also name the directory.
func runsOn(pid int, home string) bool {
	if !alive(pid) {
		return false
	}
	line := commandLine(pid)
	return strings.Contains(line, "postgres") && strings.Contains(line, filepath.Join(home, dataDir))
}
