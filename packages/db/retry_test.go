package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// opened is what a failure looks like while a connection is being made.
func opened(err error) error { return fmt.Errorf("%w: %w", errNotOpened, err) }

func state(code string) error {
	return fmt.Errorf("wrapped: %w", &pgconn.PgError{Severity: "ERROR", Code: code})
}

// neverSent is an error as the driver makes it for a statement that it has not written.
func neverSent(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := pgconn.Connect(ctx, "postgres://127.0.0.1:1/none?sslmode=disable")
	if err == nil {
		t.Fatal("connected to nothing")
	}
	return err
}

func TestJudge(t *testing.T) {
	t.Parallel()
	reset := &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	for name, test := range map[string]struct {
		err  error
		want verdict
	}{
		"nothing": {nil, final},

		"end of file":          {fmt.Errorf("read: %w", io.ErrUnexpectedEOF), severed},
		"reset":                {reset, severed},
		"broken pipe":          {&net.OpError{Op: "write", Err: os.NewSyscallError("write", syscall.EPIPE)}, severed},
		"closed under us":      {net.ErrClosed, severed},
		"backend ended":        {state("57P01"), severed},
		"crash elsewhere":      {state("57P02"), severed},
		"connection failure":   {state("08006"), severed},
		"pooler has given up":  {state("08P01"), severed},
		"serialization":        {state("40001"), undone},
		"deadlock":             {state("40P01"), undone},
		"did not commit":       {fmt.Errorf("%w: %w", errAborted, io.EOF), undone},
		"statement unknown":    {state("26000"), unrun},
		"statement known":      {state("42P05"), unrun},
		"stale plan":           {&pgconn.PgError{Code: "0A000", Message: "cached plan must not change result type"}, unrun},
		"not supported":        {&pgconn.PgError{Code: "0A000", Message: "cannot do this"}, final},
		"read-only":            {state("25006"), demoted},
		"starting":             {state("57P03"), away},
		"standby":              {opened(errStandby), away},
		"no slot":              {opened(state("53300")), crowded},
		"no slot, driver's":    {state("53300"), crowded},
		"pooler is full":       {opened(state("08P01")), away},
		"ended while greeting": {opened(state("57P01")), away},
		"cut while greeting":   {opened(io.EOF), away},
		"too slow to greet":    {opened(context.DeadlineExceeded), away},
		"nobody listens":       {neverSent(t), away},

		"password":         {opened(state("28P01")), refused},
		"no such login":    {opened(state("28000")), refused},
		"no such database": {opened(state("3D000")), refused},
		"may not connect":  {opened(state("42501")), refused},
		"unsafe":           {opened(&Error{Op: "open", Kind: ErrUnsafe}), refused},
		"no such host":     {opened(fmt.Errorf("%w: x", errNoSuchHost)), refused},

		"statement timeout":  {state("57014"), final},
		"lock timeout":       {state("55P03"), final},
		"disk full":          {state("53100"), final},
		"unique":             {state("23505"), final},
		"foreign key":        {state("23503"), final},
		"check":              {state("23514"), final},
		"syntax":             {state("42601"), final},
		"no row":             {pgx.ErrNoRows, final},
		"client is gone":     {fmt.Errorf("x: %w", context.Canceled), final},
		"no time left":       {fmt.Errorf("x: %w", context.DeadlineExceeded), final},
		"gone, and cut":      {errors.Join(context.Canceled, reset), final},
		"busy":               {errors.New("conn busy"), final},
		"the callback's own": {errors.New("no such shelf"), final},
	} {
		if got := judge(test.err); got != test.want {
			t.Errorf("%s (%v): verdict %d, want %d", name, test.err, got, test.want)
		}
	}
}

func TestWhatMayBeRunAgain(t *testing.T) {
	t.Parallel()
	for v, want := range map[verdict]string{
		final: "", refused: "",
		unsent: "read write call", unrun: "read write call",
		undone: "read write", severed: "read write",
		demoted: "write",
		away:    "read write call wait", crowded: "read write call wait",
	} {
		got := ""
		for _, question := range []struct {
			word string
			may  bool
		}{
			{"read", v.mayReadAgain()}, {"write", v.mayWriteAgain()}, {"call", v.mayCallAgain()}, {"wait", v.isWorthWaiting()},
		} {
			if question.may && got != "" {
				got += " "
			}
			if question.may {
				got += question.word
			}
		}
		if got != want {
			t.Errorf("verdict %d: %q, want %q", v, got, want)
		}
	}
}

// Retries are paid for by requests: over time one for five, with a reserve of 200.
func TestTheBudgetOfRetries(t *testing.T) {
	t.Parallel()
	b := newBudget()
	spent := func() (n int) {
		for b.spend() {
			n++
		}
		return n
	}
	if n := spent(); n != 200 {
		t.Errorf("a reserve of %d, want 200", n)
	}
	for range 1000 {
		b.earn()
	}
	if n := spent(); n != 200 {
		t.Errorf("%d retries for 1000 requests, want 200", n)
	}
	for range 100_000 {
		b.earn()
	}
	if n := spent(); n != 200 {
		t.Errorf("%d retries saved up, want 200", n)
	}
}

func TestBackoffDoublesWithFullJitter(t *testing.T) {
	t.Parallel()
	for n, most := range map[int]time.Duration{1: 5, 2: 10, 4: 40, 6: 160, 7: 200, 50: 200} {
		low, high := time.Hour, time.Duration(0)
		for range 1000 {
			d := backoff(n, firstBackoff, maxBackoff)
			low, high = min(low, d), max(high, d)
		}
		most *= time.Millisecond
		if high > most+time.Millisecond || high < most*8/10 || low > most*2/10+time.Millisecond {
			t.Errorf("before attempt %d: %v to %v, want up to %v", n, low, high, most)
		}
	}
}
