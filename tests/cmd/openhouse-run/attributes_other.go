//go:build !unix

package main

import "syscall"

// attributes has nothing to say here: package pgdev answers first that this system can't run Postgres.
func attributes() *syscall.SysProcAttr { return nil }
