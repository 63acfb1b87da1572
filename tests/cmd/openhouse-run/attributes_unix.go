//go:build unix && !linux

package main

import "syscall"

// attributes give a child a process group of its own. Only Linux can also end it with its parent.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
