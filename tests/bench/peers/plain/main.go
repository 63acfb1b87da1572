// Command plain is the peer that the developer portal's list of developments is measured against: the same
// statement, the same JSON, the same token check, but a plain pgxpool, no scope, no row-level security, no session
// check, no logging. It exists for the benchmark only and must never be shipped: it isolates nobody.
//
// With PEER_RETRY=true it also has the twenty lines of retry that people write. PEER_LISTEN, PEER_DATABASE_URL (a
// superuser's), PEER_NAME, PEER_SQL, PEER_KEY (PEM), PEER_ISSUER and PEER_MAX_CONNS configure it.
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
	config.ConnConfig.RuntimeParams["application_name"] = os.Getenv("PEER_NAME")
	config.MaxConns, config.MinConns = int32(most), int32(most)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()

	verifier, err := auth.NewVerifier(auth.PortalDeveloper, os.Getenv("PEER_ISSUER"), []ed25519.PublicKey{keys[0].Public()})
	if err != nil {
		return err
	}
	router := chi.NewRouter()
	router.Get("/api/developments", list(pool, verifier, os.Getenv("PEER_SQL"), os.Getenv("PEER_RETRY") == "true"))
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

func list(pool *pgxpool.Pool, verifier *auth.Verifier, sql string, retry bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, err := verifier.Verify(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		if err != nil {
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		lines, err := query(r.Context(), pool, sql, who.TenantID)
		for attempt := 1; retry && err != nil && attempt <= 3 && mayRetry(err); attempt++ {
			time.Sleep(time.Duration(attempt) * 50 * time.Millisecond)
			lines, err = query(r.Context(), pool, sql, who.TenantID)
		}
		if err != nil {
			http.Error(w, "failed", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"developments": lines, "next": nil})
	}
}

func query(ctx context.Context, pool *pgxpool.Pool, sql string, tenant uuid.UUID) ([]line, error) {
	limited, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	rows, err := pool.Query(limited, sql, tenant, 0, 51)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[line])
}

func mayRetry(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return strings.HasPrefix(pg.Code, "57P0") || strings.HasPrefix(pg.Code, "08")
	}
	return pgconn.SafeToRetry(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
