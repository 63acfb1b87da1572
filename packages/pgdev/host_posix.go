//go:build linux || darwin

package pgdev

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// serverAccount picks the account that servers run as: the launcher's own, or
// for root the first of postgres and nobody. initdb looks its user's name up, so
// a bare number would not do.
func serverAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{name: strconv.Itoa(os.Geteuid()), uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil || uid == 0 {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		return account{name: name, uid: int(uid), gid: int(gid), drop: true}, nil
	}
	return account{}, errors.New("Postgres refuses to run as root and there is neither a postgres nor a nobody account: " +
		"add one (useradd --system postgres) or run this as an ordinary user")
}

// ownerAccount is the account that data made earlier belongs to: root may have
// had another one to drop to then.
func ownerAccount(a account, data string) (account, error) {
	info, err := os.Stat(data)
	if err != nil {
		return account{}, err
	}
	uid, gid := owner(info)
	if uid == a.uid {
		return a, nil
	}
	u, err := user.LookupId(strconv.Itoa(uid))
	if !a.drop || uid == 0 || err != nil {
		return account{}, fmt.Errorf("%s belongs to user %d, not to %s", data, uid, a.name)
	}
	return account{name: u.Username, uid: uid, gid: gid, drop: true}, nil
}

func owner(info fs.FileInfo) (uid, gid int) {
	st := info.Sys().(*syscall.Stat_t)
	return int(st.Uid), int(st.Gid)
}

// attributes makes a child that leads its own process group, so that Ctrl-C at
// the terminal does not reach the server at the same moment as its clients, and
// that runs as the account.
func attributes(a account, detach bool, onDeath syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if detach {
		attr = &syscall.SysProcAttr{Setsid: true}
	} else {
		setDeathSignal(attr, onDeath)
	}
	if a.drop {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid), Groups: []uint32{}}
	}
	return attr
}

// tryLock takes the file's lock or reports false when another process stands in
// the way. The lock ends with the process, however it ends, which makes it a
// better sign of life than a process number.
func tryLock(f *os.File, how hold) (bool, error) {
	kind := syscall.LOCK_SH
	if how == alone {
		kind = syscall.LOCK_EX
	}
	err := syscall.Flock(int(f.Fd()), kind|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return true, nil
}

func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

func wake(p *os.Process) { _ = p.Signal(syscall.SIGCONT) } // fails only when it is gone

func signalProcess(pid int, sig syscall.Signal) error { return syscall.Kill(pid, sig) }
