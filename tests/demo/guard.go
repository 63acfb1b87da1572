package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/jackc/pgx/v5"
)

// connect opens the administrator's connection, on this machine or not at all.
func connect(ctx context.Context, adminURL string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(adminURL)
	if err != nil {
		return nil, errors.New("demo data: this is not a database address") // the cause may repeat the password
	}
	hosts := []string{config.Host}
	for _, f := range config.Fallbacks {
		hosts = append(hosts, f.Host)
	}
	for _, host := range hosts {
		if !loopback(host) {
			return nil, fmt.Errorf("demo data is only loaded on this machine: %s is not a loopback address", host)
		}
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("demo data: %w", err)
	}
	// What a name or a tunnel's configuration says is one thing, where the connection went another.
	if host, _, err := net.SplitHostPort(conn.PgConn().Conn().RemoteAddr().String()); err != nil || !loopback(host) {
		_ = conn.Close(ctx)
		return nil, errors.New("demo data is only loaded on this machine: the connection left it")
	}
	return conn, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// onlyDemo refuses a database in which somebody's own company lives.
func onlyDemo(ctx context.Context, tx pgx.Tx) error {
	var count int
	if err := tx.QueryRow(ctx, `select count(*) from tenants where not demo`).Scan(&count); err != nil {
		return fmt.Errorf("demo data: look at the companies that are there (was the database migrated?): %w", err)
	}
	if count > 0 {
		return fmt.Errorf("demo data is never loaded beside real data: this database holds %d companies that are not demo", count)
	}
	return nil
}
