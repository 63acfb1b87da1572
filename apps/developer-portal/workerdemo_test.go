package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/startup"
	"openhouse.example/packages/web/webtest"
)

// TestTheWorkerSendsNoDemoMailInProduction: it doesn't start, and what waits goes on waiting.
func TestTheWorkerSendsNoDemoMailInProduction(t *testing.T) {
	t.Parallel()
	b := newMailbox(t)
	b.Exec(`update tenants set demo = true`)
	b.post()
	cfg, err := loadWorker(webtest.Environment(b.vars(nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := runWorker(ctx, cfg, only(nil), slog.New(slog.DiscardHandler)); !errors.Is(err, startup.ErrRefused) {
		t.Errorf("the worker ended with %v", err)
	}
	if got := pgtest.Value[string](b.DB, `select state || ' ' || attempts from mail_outbox`); got != "queued 0" {
		t.Errorf("the mail is %s", got)
	}
}
