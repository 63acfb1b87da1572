package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"openhouse.example/packages/db"
)

const (
	// healthLimit bounds a probe's answer below the second that orchestrators wait.
	healthLimit = 800 * time.Millisecond
	// millis is RFC 3339 with exactly three decimals, in UTC.
	millis = "2006-01-02T15:04:05.000Z"

	statusHealthy   = "healthy"
	statusUnhealthy = "unhealthy"
	statusDraining  = "draining"
)

// healthBody is the readiness answer; its four keys are a published contract.
type healthBody struct {
	Status    string       `json:"status"`
	LatencyMs int64        `json:"latencyMs"`
	PoolStats db.PoolStats `json:"poolStats"`
	Timestamp string       `json:"timestamp"`
}

// DBHealth answers readiness: 200 while the database answers, 503 "unhealthy"
// while it doesn't, 503 "draining" before a stop. A full pool is not unhealthy:
// to take a busy instance out would only move its load. It needs no token, and
// says nothing that an outsider may not know: no host, no reason, no text of the
// driver.
//
// With Accept: application/health+json it answers in that draft's form.
func (a *App) DBHealth() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body := a.health(r.Context())
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Add("Vary", "Accept")
		status := http.StatusOK
		if body.Status != statusHealthy {
			status = http.StatusServiceUnavailable
			h.Set("Retry-After", "1")
		}
		var answer any = body
		kind := "application/json"
		if strings.Contains(strings.ToLower(r.Header.Get("Accept")), healthType) {
			answer, kind = draftHealth(body), healthType
		}
		h.Set("Content-Type", kind)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(answer) // a probe that hung up is nobody to tell
	}
}

func (a *App) health(ctx context.Context) healthBody {
	now := time.Now().UTC().Format(millis)
	if a.Draining() {
		return healthBody{Status: statusDraining, PoolStats: a.Pool.GetPoolStats(), Timestamp: now}
	}
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	seen := a.Pool.HealthCheck(ctx)
	body := healthBody{Status: statusUnhealthy, LatencyMs: seen.LatencyMs, PoolStats: seen.PoolStats, Timestamp: now}
	if seen.Healthy {
		body.Status = statusHealthy
	}
	return body
}

// Live answers liveness: the process serves requests. It asks no database, since
// an outage of that is no reason to restart the portal.
func (a *App) Live() http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		send(w, []byte(`{"status":"alive"}`+"\n"))
	}
}
