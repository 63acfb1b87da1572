//go:build !linux

package proxy

import "errors"

func deafen(any, bool) error {
	return errors.New("proxy: only Linux can drop the packets of one socket")
}
