package proxy

import (
	"errors"
	"syscall"
	"unsafe"
)

// dropAll is a socket filter in the kernel's classic form that accepts 0 bytes of every packet.
var dropAll = [...]syscall.SockFilter{{Code: syscall.BPF_RET | syscall.BPF_K}}

// deafen makes the kernel drop what arrives at a TCP socket before TCP sees it, or ends that. The other side notices
// what it would notice of a hole in the network. Unlike a rule of the firewall it needs no privilege.
func deafen(socket any, on bool) error {
	s, ok := socket.(syscall.Conn)
	if !ok {
		return errors.New("proxy: not a socket")
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		if on {
			failed = attach(fd)
		} else {
			failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_DETACH_FILTER, 0)
		}
	})
	return errors.Join(err, failed)
}

func attach(fd uintptr) error {
	program := syscall.SockFprog{Len: uint16(len(dropAll)), Filter: &dropAll[0]}
	_, _, errno := syscall.Syscall6(syscall.SYS_SETSOCKOPT, fd, syscall.SOL_SOCKET, syscall.SO_ATTACH_FILTER,
		uintptr(unsafe.Pointer(&program)), unsafe.Sizeof(program), 0)
	if errno != 0 {
		return errno
	}
	return nil
}
