//go:build !linux && !darwin

package main

import (
	"os"
	"syscall"
)

var forwarded = []os.Signal{os.Interrupt}

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

func signalGroup(pid int, _ syscall.Signal) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

func exitCode(state *os.ProcessState) int { return state.ExitCode() }
