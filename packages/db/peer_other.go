//go:build !linux

package db

import "syscall"

// setUserTimeout does nothing here: the option is Linux's. Keep-alive probes notice a dead peer, later.
func setUserTimeout(_, _ string, _ syscall.RawConn) error { return nil }
