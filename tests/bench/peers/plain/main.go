// Command plain is the peer that the developer portal is measured against: its list of developments and the making
// of one, with the same statements, the same JSON and the same token check, but a plain pgxpool, no scope, no
// row-level security, no session check, no idempotency key, no logging. It exists for benchmarks and fault tests only
// and must never be shipped: it isolates nobody.
//
// With PEER_RETRY=true it also has the twenty lines of retry that people write. PEER_LISTEN, PEER_DATABASE_URL (of a
// login that row-level security doesn't bind), PEER_NAME, PEER_LIST, PEER_INSERT, PEER_KEY (PEM), PEER_ISSUER,
// PEER_MAX_CONNS and PEER_MIN_CONNS configure it.
package main

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"openhouse.example/packages/web/auth"
)

// line is the portal's JSON of one development.
type line struct {
	ID         uuid.UUID `json:"id"`
	Name       string    `json:"name"`
	Address    string    `json:"address"`
	Status     string    `json:"status"`
	UpdatedAt  time.Time `json:"updatedAt"`
	Homes      int64     `json:"homes"`
	ForSale    int64     `json:"forSale"`
	Sold       int64     `json:"sold"`
	HandedOver int64     `json:"handedOver"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "plain:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	keys, err := auth.ParseKeys([]byte(os.Getenv("PEER_KEY")))
	if err != nil {
		return err
	}
	config, err := pgxpool.ParseConfig(os.Getenv("PEER_DATABASE_URL"))
	if err != nil {
		return err
	}
	most, err := strconv.Atoi(os.Getenv("PEER_MAX_CONNS"))
	if err != nil {
		return err
	}
	least, err := strconv.Atoi(os.Getenv("PEER_MIN_CONNS"))
	if err != nil {
		return err
	}
	config.ConnConfig.RuntimeParams["application_name"] = os.Getenv("PEER_NAME")
	config.MaxConns, config.MinConns = int32(most), int32(least)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()

	verifier, err := auth.NewVerifier(auth.PortalDeveloper, os.Getenv("PEER_ISSUER"), []ed25519.PublicKey{keys[0].Public()})
	if err != nil {
		return err
	}
	p := peer{pool: pool, verifier: verifier, retry: os.Getenv("PEER_RETRY") == "true", list: os.Getenv("PEER_LIST"), insert: os.Getenv("PEER_INSERT")}
	router := chi.NewRouter()
	router.Get("/api/developments", p.listDevelopments)
	router.Post("/api/developments", p.createDevelopment)
	server := &http.Server{Addr: os.Getenv("PEER_LISTEN"), Handler: router, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type peer struct {
	pool         *pgxpool.Pool
	verifier     *auth.Verifier
	retry        bool
	list, insert string
}

func (p peer) listDevelopments(w http.ResponseWriter, r *http.Request) {
	who, err := p.verifier.Verify(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if err != nil {
		http.Error(w, "unauthorized", http.StatusUnauthorized)
		return
	}
	var lines []line
	err = p.try(func() error {
		lines, err = p.query(r.Context(), who.TenantID)
		return err
	})
	if err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"developments": lines, "next": nil})
}

func (p peer) createDevelopment(w http.ResponseWriter, r *http.Request) {
	who, err := p.verifier.Verify(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if err != nil {
		http.Error(w, "unauthorized", http.StatusUnauthorized)
		return
	}
	var asked struct{ Name string }
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	var id uuid.UUID
	err = p.try(func() error {
		id = uuid.New()
		return p.write(r.Context(), who.TenantID, id, asked.Name)
	})
	if err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"id": id})
}

// try runs work, and with PEER_RETRY runs it again.
func (p peer) try(work func() error) error {
	err := work()
	for attempt := 1; p.retry && err != nil && attempt <= 3 && mayRetry(err); attempt++ {
		time.Sleep(time.Duration(attempt) * 50 * time.Millisecond)
		err = work()
	}
	return err
}

const queryLimit = 5 * time.Second

func (p peer) query(ctx context.Context, tenant uuid.UUID) ([]line, error) {
	limited, cancel := context.WithTimeout(ctx, queryLimit)
	defer cancel()
	rows, err := p.pool.Query(limited, p.list, tenant, 0, 51)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[line])
}

// write makes a development, in a transaction as the portal does. Its slug is the id: it has no need to be pretty.
func (p peer) write(ctx context.Context, tenant, id uuid.UUID, name string) error {
	limited, cancel := context.WithTimeout(ctx, queryLimit)
	defer cancel()
	return pgx.BeginFunc(limited, p.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(limited, p.insert, tenant, id, id.String(), name, "", "active", "", "", "", "")
		return err
	})
}

func mayRetry(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return strings.HasPrefix(pg.Code, "57P0") || strings.HasPrefix(pg.Code, "08")
	}
	return pgconn.SafeToRetry(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
