package pgdev

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/jackc/pgx/v5"
)

// Ours answers nil only for a server that this package started on this machine,
// and otherwise why it is not believed. address is a superuser's. The proof: the
// address is loopback, and the running server carries the random ID that lies in
// a marker of ours beside its data.
//
// Whatever wipes data asks this first.
func Ours(ctx context.Context, address string) error {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return errors.New("not an address of a Postgres server") // the cause may repeat the password
	}
	hosts := []string{config.Host}
	for _, other := range config.Fallbacks { // an address may name several servers
		hosts = append(hosts, other.Host)
	}
	for _, host := range hosts {
		if !isLoopback(host) {
			return fmt.Errorf("%s is not this machine", host)
		}
	}
	id, err := serverSetting(ctx, address, serverIDSetting)
	if err != nil {
		return err
	}
	if id == "" {
		return errors.New("this server was not started by the project")
	}
	data, err := serverSetting(ctx, address, "data_directory")
	if err != nil {
		return err
	}
	homes := []string{filepath.Dir(data)}
	// A server in a container names a directory that is not on this machine.
	if acct, err := serverAccount(); err == nil {
		if where, err := findPlace(acct, ""); err == nil {
			homes = append(homes, where.homes()...)
		}
	}
	for _, home := range homes {
		if mark, err := readMarker(home); err == nil && mark.ID == id {
			return nil
		}
	}
	return errors.New("the server's ID has no marker of the project on this machine")
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
