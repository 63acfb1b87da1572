package db_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"openhouse.example/packages/db"
	"openhouse.example/packages/pgdev/pgtest"
)

// All of these run through a real PgBouncer, on the configuration that deploy/pgbouncer ships.

// behindPooler is a house with a PgBouncer in front. settings win over the shipped configuration.
func behindPooler(t testing.TB, settings map[string]string) (house, *pgtest.Pooler) {
	t.Helper()
	h := newHouse(t)
	return h, pgtest.NewPooler(t, h.DB, settings)
}

// two server connections, so that strangers meet on them all the time.
var two = map[string]string{"default_pool_size": "2"}

func mode(m db.PoolerMode) func(*db.Config) { return func(c *db.Config) { c.PoolerMode = m } }

func logging(to *lockedBuffer) db.Option {
	return db.WithLogger(slog.New(slog.NewTextHandler(to, nil)))
}

// wantNamed demands that the log names DB_POOLER_MODE in exactly one line, of this level.
func wantNamed(t *testing.T, log *lockedBuffer, level string) {
	t.Helper()
	if n := strings.Count(log.String(), "DB_POOLER_MODE"); n != 1+strings.Count(log.String(), "DB_POOLER_MODE=") {
		t.Errorf("DB_POOLER_MODE is named too often, or not at all:\n%s", log.String())
	}
	if n := linesNaming(log, level); n != 1 {
		t.Errorf("%d lines of level %s name DB_POOLER_MODE, want one:\n%s", n, level, log.String())
	}
}

func linesNaming(log *lockedBuffer, level string) (n int) {
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "DB_POOLER_MODE") {
			if !strings.Contains(line, "level="+level+" ") {
				return -1
			}
			n++
		}
	}
	return n
}

// ownNotes reads with an argument, so that a cached statement would be used, and checks what comes.
func ownNotes(ctx context.Context, p *db.Pool, tenant uuid.UUID) error {
	got, err := db.Read(ctx, p, scope(tenant), func(ctx context.Context, q db.Querier) ([]string, error) {
		return column(ctx, q, "select body from notes where body like $1 order by body", "note%")
	})
	if err == nil && (len(got) != 3 || !strings.Contains(got[0], tenant.String())) {
		err = fmt.Errorf("as %s read %q", tenant, got)
	}
	return err
}

// readMany reads n times from 16 goroutines; none may fail.
func readMany(t *testing.T, p *db.Pool, tenant uuid.UUID, n int64) {
	t.Helper()
	var failed, next atomic.Int64
	var first atomic.Pointer[error]
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for next.Add(1) <= n {
				if err := ownNotes(t.Context(), p, tenant); err != nil {
					failed.Add(1)
					first.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	wg.Wait()
	if failed.Load() > 0 {
		t.Errorf("%d of %d reads failed, the first with %v", failed.Load(), n, *first.Load())
	}
}

// stranger looks at a server connection as it is when a pooler lends it to somebody who is not us.
func stranger(t *testing.T, address string) (left string) {
	t.Helper()
	return askOnce(t, address, spotless)
}

// askOnce asks over a connection of its own, which prepares nothing.
func askOnce(t *testing.T, address, sql string) (answer string) {
	t.Helper()
	c, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if err := conn.QueryRow(t.Context(), sql).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestTwoHundredCompaniesShareTwoServerConnections(t *testing.T) {
	t.Parallel()
	h, pooler := behindPooler(t, two)
	h.Exec(`create function company(n int) returns uuid language sql immutable as $$ select md5('company ' || n)::uuid $$`)
	h.Exec(`insert into notes select company(c), gen_random_uuid(), format('note %s of %s', n, company(c))
	        from generate_series(1, 200) c, generate_series(0, 2) n`)
	var log lockedBuffer
	p := open(t, settings(t, pooler.StaffURL(), size(12), mode(db.PoolerTransaction)), logging(&log))
	var next atomic.Int64
	var wg sync.WaitGroup
	names := make([]string, 0, len(dirt))
	for name := range dirt {
		names = append(names, name)
	}
	for range 16 {
		wg.Go(func() {
			for i := next.Add(1); i <= 1600; i = next.Add(1) {
				tenant := companyOf(int(i%200) + 1)
				if err := ownNotes(t.Context(), p, tenant); err != nil {
					t.Error(err)
				}
				switch i % 4 {
				case 0:
					in := db.Intent{Key: "visit", Route: "POST /notes"}
					if _, err := db.Write(t.Context(), p, scope(tenant), in, addNote(tenant, "written once")); err != nil {
						t.Error("write:", err)
					}
				case 1:
					soil(t, p, tenant, names[int(i/4)%len(names)])
				default:
					left, err := db.Door(t.Context(), p, func(ctx context.Context, q db.Querier) (s string, err error) {
						err = q.QueryRow(ctx, spotless).Scan(&s)
						return s, err
					})
					if err != nil || left != "" {
						t.Errorf("a stranger finds %q, %v", left, err)
					}
				}
			}
		})
	}
	wg.Wait()
	if n := h.Count("select count(*) from notes where body = 'written once'"); n != 50 {
		t.Errorf("%d notes of 50 companies that wrote 8 times each with one key, want 50", n)
	}
	if n := h.Count("select count(*) from notes where body like '%dirty%'"); n != 0 {
		t.Errorf("%d rows of an open transaction were committed", n)
	}
	if n := len(pooler.Command("show servers")); n > 2 {
		t.Errorf("%d server connections, want two for all of this to have met on", n)
	}
	for range 4 {
		if left := stranger(t, pooler.StaffURL()); left != "" {
			t.Errorf("in the end a stranger finds %q", left)
		}
	}
	if direct, through := limits(t, h.StaffURL()), limits(t, pooler.StaffURL()); through != direct || !strings.HasPrefix(direct, "10s ") {
		t.Errorf("the login's limits are %q through the pooler, %q without", through, direct)
	}
	if strings.Contains(log.String(), "DB_POOLER_MODE") {
		t.Errorf("the right setting is complained about: %s", log.String())
	}
}

// limits are the times that Postgres gives a login's statements.
func limits(t *testing.T, address string) string {
	t.Helper()
	return askOnce(t, address, "select concat_ws(' ', current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'))")
}

func companyOf(n int) uuid.UUID { return md5.Sum(fmt.Appendf(nil, "company %d", n)) }

// soil leaves something behind on the connection that a callback was lent.
func soil(t *testing.T, p *db.Pool, tenant uuid.UUID, how string) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		_ = p.WithClient(t.Context(), scope(tenant), dirt[how]) // some kinds end in an error, which is not the point here
	}()
	<-done
}

func TestWritesSurviveAPoolerThatIsKilled(t *testing.T) {
	t.Parallel()
	h, pooler := behindPooler(t, nil)
	p := open(t, settings(t, pooler.StaffURL(), mode(db.PoolerTransaction)))
	l := writeAll(t, p, h.a, 8, 40, func(done int64) {
		if done%80 == 0 { // in the middle of what the others are doing
			pooler.Kill()
			if err := pooler.Start(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	l.check(t, h)
}

// tally is what the writers were told.
type tally struct {
	acknowledged sync.Map
	unknown      atomic.Int64
}

// writeAll writes one row for each body, from several goroutines, and keeps what it was told of each. after is called
// with the number of writes that are done, by whoever did the last of them.
func writeAll(t *testing.T, p *db.Pool, tenant uuid.UUID, writers, each int, after func(done int64)) *tally {
	l := &tally{}
	var done atomic.Int64
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				body := fmt.Sprintf("written %d-%d", w, i)
				_, err := db.Write(t.Context(), p, scope(tenant), db.Intent{}, addNoteQuietly(tenant, body))
				switch {
				case err == nil:
					l.acknowledged.Store(body, true)
				case errors.Is(err, db.ErrCommitUnknown):
					l.unknown.Add(1)
				default:
					t.Errorf("%s: %v", body, err)
				}
				after(done.Add(1))
			}
		})
	}
	wg.Wait()
	return l
}

// check compares what the writers were told with what is there.
func (l *tally) check(t *testing.T, h house) {
	t.Helper()
	var bodies []string
	l.acknowledged.Range(func(body, _ any) bool {
		bodies = append(bodies, body.(string))
		return true
	})
	if n := h.Count("select count(*) from unnest($1::text[]) b where (select count(*) from notes where body = b) <> 1", bodies); n != 0 {
		t.Errorf("%d of %d notes that were acknowledged are not there, or twice", n, len(bodies))
	}
	rows, unknown := h.Count("select count(*) from notes where body like 'written %'"), int(l.unknown.Load())
	if rows < len(bodies) || rows > len(bodies)+unknown {
		t.Errorf("%d rows for %d acknowledged and %d unknown", rows, len(bodies), unknown)
	}
	t.Logf("%d acknowledged, %d unknown, %d rows", len(bodies), unknown, rows)
}

func TestALostCommitIsResolvedBehindAPooler(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]time.Duration{"the answer is lost": 0, "COMMIT arrives after the client has gone": 700 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, pooler := behindPooler(t, nil)
			line := newLine(t, pooler.Addr())
			p := open(t, settings(t, line.address(pooler.StaffURL()), mode(db.PoolerTransaction)))
			db.MisrememberHome(p)
			line.loseCommit(late)
			calls, backend := 0, 0
			_, err := db.Write(t.Context(), p, scope(h.a), db.Intent{}, func(ctx context.Context, tx *db.Tx) (made, error) {
				calls++
				if err := tx.QueryRow(ctx, "select pg_backend_pid()").Scan(&backend); err != nil {
					return made{}, err
				}
				return addNoteQuietly(h.a, "written once")(ctx, tx)
			})
			if err != nil || calls != 1 {
				t.Errorf("%v after %d calls, want success after one: what was committed is not done again", err, calls)
			}
			if n := h.Count("select count(*) from notes where body = 'written once'"); n != 1 {
				t.Errorf("%d rows, want one", n)
			}
			if late > 0 && h.Count("select count(*) from pg_stat_activity where pid = $1", backend) != 1 {
				t.Error("the backend was ended, which the pooler may have given to somebody else")
			}
		})
	}
}

func TestALostCommitThatNeverArrivesIsUnknownBehindAPooler(t *testing.T) {
	t.Parallel()
	h, pooler := behindPooler(t, nil)
	line := newLine(t, pooler.Addr())
	p := open(t, settings(t, line.address(pooler.StaffURL()), mode(db.PoolerTransaction), patience(time.Second)))
	line.loseCommit(time.Hour)
	_, err := db.Write(t.Context(), p, scope(h.a), db.Intent{}, addNoteQuietly(h.a, "written perhaps"))
	if !errors.Is(err, db.ErrCommitUnknown) {
		t.Errorf("%v, want ErrCommitUnknown: it may still be committed", err)
	}
}

func TestAPoolerThatIsNotSaidIsNamedAndServed(t *testing.T) {
	t.Parallel()
	h, pooler := behindPooler(t, two)
	for i := range 3 { // whoever comes later meets the statements of those before
		var log lockedBuffer
		p := open(t, settings(t, pooler.StaffURL(), func(c *db.Config) { c.Instances = 100 }), logging(&log))
		wantNamed(t, &log, "ERROR")
		readMany(t, p, h.a, []int64{2000, 200, 200}[i])
		if _, err := db.Write(t.Context(), p, scope(h.a), db.Intent{Key: fmt.Sprint(i)}, addNote(h.a, fmt.Sprint("written ", i))); err != nil {
			t.Error(err)
		}
		soil(t, p, h.a, "setting")
		if left := stranger(t, pooler.StaffURL()); left != "" {
			t.Errorf("a stranger finds %q", left)
		}
		wantNamed(t, &log, "ERROR")
		if strings.Contains(log.String(), "fewer connections") {
			t.Errorf("the server's limit is compared with what only the pooler opens:\n%s", log.String())
		}
	}
}

func TestAPoolerThatRefusesAParameterIsNamedAndServed(t *testing.T) {
	t.Parallel()
	h, pooler := behindPooler(t, nil)
	var log lockedBuffer
	p := open(t, settings(t, pooler.StaffURL()+"&search_path=public"), logging(&log))
	wantNamed(t, &log, "ERROR")
	readMany(t, p, h.a, 100)
}

func TestAPoolerThatOnlyClaimsToKeepSessions(t *testing.T) {
	t.Parallel()
	for name, robin := range map[string]string{"it lends the last one first": "0", "it lends in turn": "1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, pooler := behindPooler(t, map[string]string{"server_round_robin": robin})
			for busy := range 4 { // other clients have left so many server connections behind
				for _, conn := range openServers(t, pooler.StaffURL(), busy) {
					_ = conn.Close(t.Context())
				}
				var log lockedBuffer
				p := open(t, settings(t, pooler.StaffURL(), mode(db.PoolerSession)), logging(&log))
				wantNamed(t, &log, "ERROR")
				readMany(t, p, h.a, 200)
				soil(t, p, h.a, "setting")
				if left := stranger(t, pooler.StaffURL()); left != "" {
					t.Errorf("a stranger finds %q", left)
				}
				pooler.Command("reconnect")
			}
		})
	}
}

// openServers makes a pooler open n server connections, by transactions at the same time, and returns its clients.
func openServers(t *testing.T, address string, n int) (all []*pgx.Conn) {
	t.Helper()
	for range n {
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), "begin"); err != nil {
			t.Fatal(err)
		}
		all = append(all, conn)
	}
	for _, conn := range all {
		if _, err := conn.Exec(t.Context(), "commit"); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestAPoolerThatKeepsSessionsIsBelieved(t *testing.T) {
	t.Parallel()
	h, pooler := behindPooler(t, map[string]string{"pool_mode": "session"})
	var log lockedBuffer
	p := open(t, settings(t, pooler.StaffURL(), size(4), mode(db.PoolerSession)), logging(&log))
	readMany(t, p, h.a, 200)
	err := p.WithClient(t.Context(), scope(h.a), func(ctx context.Context, c *db.Client) error {
		if _, err := c.Exec(ctx, "listen gossip"); err != nil {
			return err
		}
		h.Exec("select pg_notify('gossip', 'kettle is on')")
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		_, err := c.WaitForNotification(ctx)
		return err
	})
	if err != nil {
		t.Errorf("a session is not one: %v", err)
	}
	if strings.Contains(log.String(), "DB_POOLER_MODE") {
		t.Errorf("the right setting is complained about:\n%s", log.String())
	}
}

// A session pooler that has no second connection to give can't be told from one that doesn't keep them.
func TestAPoolerInDoubtIsNotBelieved(t *testing.T) {
	t.Parallel()
	h, pooler := behindPooler(t, map[string]string{"pool_mode": "session", "default_pool_size": "2", "query_wait_timeout": "1"})
	other, err := pgx.Connect(t.Context(), pooler.StaffURL())
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Ping(t.Context()); err != nil { // from now on it has one of the two
		t.Fatal(err)
	}
	var log lockedBuffer
	p := open(t, settings(t, pooler.StaffURL(), size(1), mode(db.PoolerSession), func(c *db.Config) { c.Min = 0 }), logging(&log))
	wantNamed(t, &log, "ERROR")
	if err := other.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	readMany(t, p, h.a, 50)
}

func TestAPoolerThatIsNotThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, m := range []db.PoolerMode{db.PoolerTransaction, db.PoolerSession} {
		var log lockedBuffer
		p := open(t, settings(t, h.StaffURL(), mode(m)), logging(&log))
		readMany(t, p, h.a, 100)
		wantNamed(t, &log, "WARN")
	}
}

func TestAPoolerThatComesLater(t *testing.T) {
	t.Parallel()
	h, pooler := behindPooler(t, two)
	direct, err := url.Parse(h.StaffURL())
	if err != nil {
		t.Fatal(err)
	}
	line := newLine(t, direct.Host)
	var log lockedBuffer
	p := open(t, settings(t, line.address(h.StaffURL()), size(8)), logging(&log))
	r := startReaders(p, h.a, 8)
	if strings.Contains(log.String(), "DB_POOLER_MODE") {
		t.Errorf("complained about without a reason:\n%s", log.String())
	}
	line.leadTo(pooler.Addr())
	eventually(t, 5*time.Second, "DB_POOLER_MODE to be named", func() bool { return linesNaming(&log, "ERROR") > 0 })
	readMany(t, p, h.a, 500)
	r.end(t)
	r.noFailure(t)
	wantNamed(t, &log, "ERROR")
}

func TestAPoolerThatIsFoundAfterAnOutageAtStart(t *testing.T) {
	t.Parallel()
	h, pooler := behindPooler(t, two)
	pooler.Kill()
	var log lockedBuffer
	p := open(t, settings(t, pooler.StaffURL(), patience(shortly)), logging(&log))
	if err := pooler.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "DB_POOLER_MODE to be named", func() bool { return linesNaming(&log, "ERROR") > 0 })
	eventually(t, 5*time.Second, "the database to be there", func() bool { return ownNotes(t.Context(), p, h.a) == nil })
	readMany(t, p, h.a, 500)
	wantNamed(t, &log, "ERROR")
}

func TestAPoolerThatChangesItsMode(t *testing.T) {
	t.Parallel()
	h, pooler := behindPooler(t, map[string]string{"pool_mode": "session", "default_pool_size": "10"})
	var log lockedBuffer
	p := open(t, settings(t, pooler.StaffURL(), size(8), mode(db.PoolerSession)), logging(&log))
	r := startReaders(p, h.a, 8)
	time.Sleep(100 * time.Millisecond)
	pooler.Command("set pool_mode = 'transaction'")
	eventually(t, 5*time.Second, "DB_POOLER_MODE to be named", func() bool {
		_ = ownNotes(t.Context(), p, h.a)
		return linesNaming(&log, "ERROR") > 0
	})
	readMany(t, p, h.a, 500)
	r.end(t)
	r.noFailure(t)
	wantNamed(t, &log, "ERROR")
}

func TestAFullPoolerFailsNothingWhileOneConnectionWorks(t *testing.T) {
	t.Parallel()
	h, pooler := behindPooler(t, map[string]string{"max_client_conn": "6"})
	p := open(t, settings(t, pooler.StaffURL(), size(12), mode(db.PoolerTransaction)))
	readMany(t, p, h.a, 2000)
	if got := p.HealthCheck(t.Context()); !got.Healthy {
		t.Errorf("unhealthy while it serves: %+v", got)
	}
}

func TestAFullPoolerIsNotADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	h, pooler := behindPooler(t, map[string]string{"max_client_conn": "6"})
	others := openServers(t, pooler.StaffURL(), 6)
	p := open(t, settings(t, pooler.StaffURL(), patience(shortly), mode(db.PoolerTransaction)))
	if got := p.HealthCheck(t.Context()); got.Healthy || got.Reason != "too_many_connections" {
		t.Errorf("health is %+v, want too_many_connections", got)
	}
	for _, conn := range others {
		_ = conn.Close(t.Context())
	}
	eventually(t, 5*time.Second, "reading, once there is room", func() bool { return ownNotes(t.Context(), p, h.a) == nil })
}

// PgBouncer 1.18 crashes over a cancel request that is hung up in mid-course, as the driver's own would be.
func TestImpatientClientsLeaveAPoolerAlive(t *testing.T) {
	t.Parallel()
	h, pooler := behindPooler(t, nil)
	p := open(t, settings(t, pooler.StaffURL(), mode(db.PoolerTransaction)))
	process := pooler.PID()
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			for j := range 10 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i+17*j)%120*time.Millisecond)
				_, _ = db.Read(ctx, p, scope(h.a), func(ctx context.Context, q db.Querier) ([]string, error) {
					return column(ctx, q, "select pg_sleep(0.08)::text")
				})
				cancel()
			}
		})
	}
	wg.Wait()
	if pooler.PID() != process {
		t.Fatalf("PgBouncer has ended:%s", pooler.LogTail(5))
	}
	eventually(t, 5*time.Second, "the last statement to have ended", func() bool {
		return h.Count("select count(*) from pg_stat_activity where datname = $1 and state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()", h.Name) == 0
	})
	readMany(t, p, h.a, 100)
}

// A pooler takes a login while its database is away, and then has nothing to say.
func TestAnOutageBehindAPoolerIsAnOutage(t *testing.T) {
	t.Parallel()
	h := newHouseOn(t, pgtest.Server(t))
	pooler := pgtest.NewPooler(t, h.DB, nil)
	p := open(t, settings(t, pooler.StaffURL(), mode(db.PoolerTransaction), patience(2500*time.Millisecond)))
	if err := h.Server().Halt(fast); err != nil {
		t.Fatal(err)
	}
	pooler.Kill()
	if err := pooler.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for end := time.Now().Add(3500 * time.Millisecond); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		wg.Go(func() {
			if err := ownNotes(t.Context(), p, h.a); !errors.Is(err, db.ErrDatabaseDown) {
				t.Errorf("while the database is away: %v, want ErrDatabaseDown", err)
			}
		})
	}
	wg.Wait()
	if err := h.Server().Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	eventually(t, 5*time.Second, "reading again", func() bool { return ownNotes(t.Context(), p, h.a) == nil })
	t.Logf("first success %v after the return", time.Since(back).Round(time.Millisecond))
}

func TestAServerThatCrashesInTheMiddleOfARow(t *testing.T) {
	t.Parallel()
	h, pooler := behindPooler(t, nil)
	line := newLine(t, pooler.Addr())
	p := open(t, settings(t, line.address(pooler.StaffURL()), mode(db.PoolerTransaction)))
	line.garbleAnswer()
	var long, last string
	calls := 0
	_, err := db.Read(t.Context(), p, scope(h.a), func(ctx context.Context, q db.Querier) (struct{}, error) {
		calls++
		skipped := new(string)
		return struct{}{}, q.QueryRow(ctx, "select repeat('x', 3000), 'a', 'b', 'c', 'd'").Scan(&long, skipped, skipped, skipped, &last)
	})
	if err != nil || len(long) != 3000 || last != "d" || calls != 2 {
		t.Errorf("%d bytes and %q, %v after %d calls, want the whole row after 2", len(long), last, err, calls)
	}
}

// line is a network between a pool and what it connects to.
type line struct {
	t        *testing.T
	listener net.Listener
	mu       sync.Mutex
	upstream string
	open     map[net.Conn]struct{}
	lose     bool
	late     time.Duration
	garble   bool
	wg       sync.WaitGroup
}

func newLine(t *testing.T, upstream string) *line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{t: t, listener: listener, upstream: upstream, open: map[net.Conn]struct{}{}}
	l.wg.Go(l.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		l.cut()
		l.wg.Wait()
	})
	return l
}

// address is a database's address that leads over this line.
func (l *line) address(direct string) string {
	u, err := url.Parse(direct)
	if err != nil {
		l.t.Fatal(err)
	}
	u.Host = l.listener.Addr().String()
	return u.String()
}

// leadTo sends everybody elsewhere, as a changed DNS record does once the old server is switched off.
func (l *line) leadTo(upstream string) {
	l.mu.Lock()
	l.upstream = upstream
	l.mu.Unlock()
	l.cut()
}

// loseCommit cuts off the client that next sends COMMIT, so that it never learns the answer. COMMIT goes on at once, or
// arrives late: meanwhile the other side believes that its client is still there.
func (l *line) loseCommit(late time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lose, l.late = true, late
}

// garbleAnswer breaks the next long answer as PgBouncer does when its server crashes: inside a row, the rest of which is
// then what PgBouncer has to say about that.
func (l *line) garbleAnswer() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.garble = true
}

// answers is the way back to a client.
type answers struct {
	l      *line
	client net.Conn
}

func (a answers) Write(b []byte) (int, error) {
	a.l.mu.Lock()
	now := a.l.garble && len(b) > 2000
	if now {
		a.l.garble = false
	}
	a.l.mu.Unlock()
	if !now {
		return a.client.Write(b)
	}
	const missing = 35 // two or three columns and what follows the row; the complaint is longer and fills that up
	complaint := &pgproto3.ErrorResponse{Severity: "FATAL", Code: "08P01", Message: "server conn crashed?"}
	broken, err := complaint.Encode(b[: len(b)-missing : len(b)-missing])
	if err != nil {
		return 0, err
	}
	_, _ = a.client.Write(broken)
	return 0, io.ErrClosedPipe
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		_ = c.Close()
	}
}

func (l *line) keep(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[c] = struct{}{}
}

func (l *line) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.mu.Lock()
		upstream := l.upstream
		l.mu.Unlock()
		server, err := net.Dial("tcp", upstream)
		if err != nil {
			_ = client.Close()
			continue
		}
		l.keep(client)
		l.keep(server)
		l.wg.Go(func() { l.forward(client, server) })
		l.wg.Go(func() { _, _ = io.Copy(answers{l, client}, server); _ = client.Close() })
	}
}

func (l *line) forward(client, server net.Conn) {
	defer func() { _ = server.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		l.mu.Lock()
		lost := l.lose && bytes.Contains(bytes.ToLower(buffer[:n]), []byte("commit"))
		late := l.late
		if lost {
			l.lose = false
		}
		l.mu.Unlock()
		if lost {
			_ = client.Close()
			select {
			case <-time.After(late):
			case <-l.t.Context().Done():
				return
			}
		}
		if _, err := server.Write(buffer[:n]); err != nil || lost {
			time.Sleep(100 * time.Millisecond) // COMMIT is to be carried out, not to be interrupted
			return
		}
	}
}
