package web

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"
)

const checkLimit = 2 * time.Second

// Check is a portal's -check: it asks the liveness route of the portal that
// listens on addr, and returns the exit code for a container's health check, 0
// for alive. What went wrong goes to standard error. It asks for liveness, since
// to restart a portal doesn't bring its database back.
func Check(addr string) int {
	if err := check(addr); err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		return 1
	}
	return 0
}

func check(addr string) error {
	target, err := reachable(addr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), checkLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+target+LivePath, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy on the way to ourselves
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", target, resp.Status)
	}
	return nil
}

// reachable turns an address to listen on into one to connect to.
func reachable(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("%q is no address and port: %w", addr, err)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.Is6() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port), nil
}
