package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// A COMMIT whose answer was lost is neither a success nor a failure until the server is asked. A Write reads its
// transaction id in its first round trip; afterwards pg_xact_status tells what became of it, on any connection to
// the same cluster and timeline (PostgreSQL documentation, 9.27.8).

// outcome is what became of a transaction.
type outcome string

const (
	committed  outcome = "committed"
	aborted    outcome = "aborted"
	inProgress outcome = "in progress"
	unknown    outcome = "unknown"
)

const (
	xidSQL = "select pg_current_xact_id()::text"

	// A backend that has not noticed that its client is gone still holds the transaction open. One that waits for a
	// synchronous standby has committed already and only waits to say so: it must not be ended.
	endBackendSQL = `select count(pg_terminate_backend(a.pid, 2000)) from pg_stat_activity a
 where a.backend_xid = $1::xid8::xid and a.usename = session_user and a.pid <> pg_backend_pid()
   and a.wait_event is distinct from 'SyncRep'`

	// The cluster's identity and timeline: after a failover to a standby that lacked the transaction its status
	// there says nothing.
	clusterSQL = `select c.system_identifier::text || '/' ||
 case when pg_is_in_recovery() then 'standby' else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end
 from pg_control_system() c`
)

// resolve finds out what became of transaction xid, which ran in cluster. It asks until deadline, while the
// database is away too.
func (p *Pool) resolve(ctx context.Context, xid, cluster string, deadline time.Time) outcome {
	limited, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()
	for attempt := 1; ; attempt++ {
		if !p.breaker.wait(limited, deadline) {
			return unknown
		}
		result, err := p.askOutcome(limited, xid, cluster)
		switch {
		case err == nil && result != inProgress:
			return result
		case err != nil && !isWorthWaiting(err):
			return unknown
		case err != nil && isDown(err):
			p.breaker.trip(time.Now())
		}
		if !pause(limited, attempt) {
			return unknown
		}
	}
}

// askOutcome asks once, over a connection of its own: the pool may be full of callers with the same question.
func (p *Pool) askOutcome(ctx context.Context, xid, cluster string) (outcome, error) {
	conn, err := pgx.ConnectConfig(ctx, p.prober.cfg)
	if err != nil {
		return unknown, err
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := p.peers.ready(conn); err != nil {
		return unknown, err
	}
	var now string
	if err := conn.QueryRow(ctx, clusterSQL, pgx.QueryExecModeExec).Scan(&now); err != nil {
		return unknown, err
	}
	if now != cluster {
		return unknown, nil
	}
	for ended := false; ; ended = true {
		var status *string
		if err := conn.QueryRow(ctx, "select pg_xact_status($1::xid8)", pgx.QueryExecModeExec, xid).Scan(&status); err != nil {
			return unknown, err
		}
		if status == nil { // so old that the server has forgotten it
			return unknown, nil
		}
		if outcome(*status) != inProgress || ended {
			return outcome(*status), nil
		}
		var n int
		if err := conn.QueryRow(ctx, endBackendSQL, pgx.QueryExecModeExec, xid).Scan(&n); err != nil {
			return unknown, err
		}
	}
}

const clusterKey = "openhouse.cluster"

// errStandby refuses a server that accepts no writes. It may be promoted, so it is waited for.
var errStandby = errors.New("the server is a standby, which accepts no writes: DATABASE_URL must lead to the primary")

// rememberCluster notes on a new connection which cluster it leads to, and refuses a standby.
func rememberCluster(ctx context.Context, conn *pgx.Conn) error {
	var cluster string
	if err := conn.QueryRow(ctx, clusterSQL, pgx.QueryExecModeExec).Scan(&cluster); err != nil {
		return err
	}
	if strings.HasSuffix(cluster, "/standby") {
		return errStandby
	}
	conn.PgConn().CustomData()[clusterKey] = cluster
	return nil
}

func clusterOf(conn *pgx.Conn) string {
	cluster, _ := conn.PgConn().CustomData()[clusterKey].(string)
	return cluster
}

// errAborted says that a lost COMMIT turned out not to have happened: the work can be done again.
var errAborted = errors.New("the transaction was not committed")

// afterLostCommit turns a lost COMMIT into a success (nil), a failure that may be repeated (decisive not nil), or
// ErrCommitUnknown.
func (t *Tx) afterLostCommit(ctx context.Context, lost error, deadline time.Time) (decisive, err error) {
	p := t.lease.p
	switch p.resolve(ctx, t.xid, clusterOf(t.lease.raw()), deadline) {
	case committed:
		return nil, nil
	case aborted:
		err := fmt.Errorf("%w: %w", errAborted, lost)
		return err, err
	}
	return nil, &Error{Op: "write", Kind: ErrCommitUnknown, Stats: p.GetPoolStats(), Attempts: t.lease.attempt, Cause: lost}
}
