package main

import "syscall"

// attributes give a child a process group of its own, and have the system end it when this program is killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
