package db

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// setUserTimeout makes TCP report a peer that acknowledges nothing; without it a write to a dead peer looks fine
// for a quarter of an hour.
func setUserTimeout(_, _ string, raw syscall.RawConn) error {
	var failed error
	err := raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(userTimeout.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
