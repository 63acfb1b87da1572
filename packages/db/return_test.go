package db_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// A server that says that it is starting is about to come back, so it is asked sooner again than one that has been
// silent for long.
func TestAServerOnItsWayUpIsAskedSooner(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	address, line := through(t, h.StaffURL())
	p := open(t, settings(t, address))
	line.Refuse()
	eventually(t, 10*time.Second, "an outage", func() bool { return p.HealthCheck(t.Context()).Reason == "down" })
	time.Sleep(1500 * time.Millisecond) // by now the prober's pauses are as long as they get, 200 to 300 ms
	came := comingUp(t, line.Addr())
	first := <-came
	shortest := time.Hour
	for range 3 { // one of them may be late on a busy machine
		next := <-came
		shortest = min(shortest, next.Sub(first))
		first = next
	}
	if shortest > 150*time.Millisecond {
		t.Errorf("it was asked again after %v", shortest)
	}
}

// comingUp is a server that is starting for as long as the test runs. It says when somebody has come.
func comingUp(t *testing.T, address string) <-chan time.Time {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	came, done := make(chan time.Time, 100), make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			select {
			case came <- time.Now():
			default: // the test has seen enough
			}
			turnDown(conn)
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return came
}

// turnDown reads a client's first message and answers as Postgres does while it starts.
func turnDown(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	var length [4]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return
	}
	if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(length[:]))-4); err != nil {
		return
	}
	answer, err := (&pgproto3.ErrorResponse{Severity: "FATAL", Code: "57P03", Message: "the database system is starting up"}).Encode(nil)
	if err == nil {
		_, _ = conn.Write(answer)
	}
}
