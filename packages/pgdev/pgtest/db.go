package pgtest

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/pgdev"
)

// DB is one test's own database. It is dropped when the test ends, with whoever
// is still connected.
type DB struct {
	// Name is the database's name on its server.
	Name string

	t      testing.TB
	host   *host
	server *pgdev.Server

	mu   sync.Mutex
	conn *pgx.Conn // opened by the first Exec, kept unless the server is private
}

// New answers a migrated database without rows. The test fails if there is no
// server.
func New(t testing.TB) *DB {
	t.Helper()
	h := sharedFor(t)
	template, err := h.template()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return newDB(t, h, template)
}

// NewEmpty answers a database without tables. The project's roles may or may not
// exist on its server.
func NewEmpty(t testing.TB) *DB {
	t.Helper()
	return newDB(t, sharedFor(t), "template0")
}

// NewOn answers a migrated database on a server that belongs to the test, such
// as Server gives. It goes away with its server.
func NewOn(t testing.TB, server *pgdev.Server) *DB {
	t.Helper()
	h, err := newHost(server.URL("postgres"))
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	template, err := h.template()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), stepLimit)
	defer cancel()
	name, err := h.clone(ctx, template)
	if err != nil {
		t.Fatalf("pgtest: clone %s: %v", template, err)
	}
	db := &DB{Name: name, t: t, host: h, server: server}
	return db
}

// Server starts a private throw-away server, for a test that halts it or changes
// roles, and removes it when the test ends.
func Server(t testing.TB, opts ...pgdev.ThrowawayOption) *pgdev.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	server, err := pgdev.StartThrowaway(ctx, opts...)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("pgtest: the server said last%s", server.LogTail(20))
		}
		if err := server.Stop(); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return server
}

func sharedFor(t testing.TB) *host {
	t.Helper()
	if !wrapped.Load() {
		t.Fatal("pgtest: this package needs `func TestMain(m *testing.M) { pgtest.Main(m) }`, or its server would outlive its tests")
	}
	h, err := shared.get()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return h
}

func newDB(t testing.TB, h *host, template string) *DB {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stepLimit)
	defer cancel()
	name, err := h.clone(ctx, template)
	if err != nil {
		t.Fatalf("pgtest: clone %s: %v", template, err)
	}
	db := &DB{Name: name, t: t, host: h}
	t.Cleanup(func() {
		db.disconnect()
		ctx, cancel := context.WithTimeout(context.Background(), stepLimit)
		defer cancel()
		if err := h.drop(ctx, name); err != nil {
			t.Errorf("pgtest: drop %s: %v", name, err)
		}
	})
	return db
}

// AdminURL is the superuser's address: it sees every row, whatever the policies
// say.
func (db *DB) AdminURL() string { return db.host.adminURL(db.Name) }

// OwnerURL is the address of the role that owns the tables, which row security
// binds too.
func (db *DB) OwnerURL() string { return db.host.ownerURL(db.Name) }

// StaffURL is the address of the developer portal's login.
func (db *DB) StaffURL() string { return db.host.loginURL(db.Name, staffLogin) }

// ResidentURL is the address of the tenant portal's login.
func (db *DB) ResidentURL() string { return db.host.loginURL(db.Name, residentLogin) }

// WorkerURL is the address of the worker's login.
func (db *DB) WorkerURL() string { return db.host.loginURL(db.Name, workerLogin) }

// Server is the private server that NewOn was given, else nil: a shared server
// must not be halted.
func (db *DB) Server() *pgdev.Server { return db.server }

// Exec runs one statement, or several without arguments, as the superuser: for
// fixtures. It fails the test on an error.
func (db *DB) Exec(sql string, args ...any) {
	db.t.Helper()
	db.mu.Lock()
	defer db.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), stepLimit)
	defer cancel()
	if db.conn == nil {
		conn, err := db.host.connect(ctx, db.Name)
		if err != nil {
			db.t.Fatalf("pgtest: %v", err)
		}
		db.conn = conn
	}
	_, err := db.conn.Exec(ctx, sql, args...)
	if db.server != nil {
		db.closeConn() // the server may be halted before the next one
	}
	if err != nil {
		db.t.Fatalf("pgtest: %v\nin %s", err, sql)
	}
}

func (db *DB) disconnect() {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.closeConn()
}

func (db *DB) closeConn() {
	if db.conn != nil {
		_ = db.conn.Close(context.Background()) // its server may be halted
		db.conn = nil
	}
}
