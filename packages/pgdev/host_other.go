//go:build !linux && !darwin

package pgdev

import (
	"io/fs"
	"os"
	"syscall"
)

const memoryDir = ""

func serverAccount() (account, error) { return account{}, ErrUnsupported }

func ownerAccount(account, string) (account, error) { return account{}, ErrUnsupported }

func owner(fs.FileInfo) (uid, gid int) { return -1, -1 }

func attributes(account, bool, syscall.Signal) *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

func tryLock(*os.File, hold) (bool, error) { return false, ErrUnsupported }

func alive(int) bool { return false }

func wake(*os.Process) {}

func signalProcess(int, syscall.Signal) error { return ErrUnsupported }

func freeBytes(string) uint64 { return 0 }

func commandLine(int) string { return "" }
