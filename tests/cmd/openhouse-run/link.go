package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const mailLimit = 5 * time.Second

// residentLink asks the tenant portal for a link, as the resident would, and reads the mail. It is "" when no mail
// came: the portal sends one address only a few links in a quarter of an hour.
func residentLink(ctx context.Context, set settings, b database, email string) (string, error) {
	conn, err := pgx.Connect(ctx, b.admin)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var before time.Time
	if err := conn.QueryRow(ctx, "select now()").Scan(&before); err != nil {
		return "", err
	}
	if err := askForLink(ctx, set.tenantPort, email); err != nil {
		return "", fmt.Errorf("ask the tenant portal for a link: %w", err)
	}
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(mailLimit); time.Now().Before(deadline); {
		var body string
		err := conn.QueryRow(ctx, `select body from mail_outbox where to_email = $1 and created_at >= $2 order by created_at desc limit 1`, email, before).Scan(&body)
		if err == nil {
			return regexp.MustCompile(regexp.QuoteMeta(set.public(set.tenantPort)) + `/link/\S+`).FindString(body), nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return "", err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-poll.C:
		}
	}
	return "", nil
}

func askForLink(ctx context.Context, port int, email string) error {
	form := url.Values{"email": {email}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/sign-in", port), strings.NewReader(form))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := &http.Client{Timeout: mailLimit}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusTooManyRequests {
		return fmt.Errorf("it answers %s", resp.Status)
	}
	return nil
}
