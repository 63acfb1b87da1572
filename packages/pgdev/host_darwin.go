package pgdev

import (
	"os/exec"
	"strconv"
	"syscall"
)

// setDeathSignal does nothing: the system has no such thing. The next start
// stops and removes what a killed launcher left.
func setDeathSignal(*syscall.SysProcAttr, syscall.Signal) {}

const memoryDir = ""

func freeBytes(string) uint64 { return 0 }

func commandLine(pid int) string {
	out, err := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return string(out)
}
