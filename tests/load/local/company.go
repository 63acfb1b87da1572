package local

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5"
)

const (
	databaseName   = "openhouse"
	createDatabase = "create database " + databaseName + " template template0"
	administrator  = "ada@loadtest.example.org"
	newestMail     = `select body from mail_outbox where to_email = $1 order by created_at desc limit 1`
)

var passwordLink = regexp.MustCompile(regexp.QuoteMeta(publicDeveloper) + `/password/\S+`)

func (i *Installation) createDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, i.server.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, createDatabase)
	return err
}

// NewCompany makes a company with the operator's command and returns the link that its administrator is mailed.
func (i *Installation) NewCompany(ctx context.Context) (link string, err error) {
	if _, err := i.operate(ctx, "company", "create", "--name", "Load Test Homes", "--admin-email", administrator, "--admin-name", "Ada Nolan"); err != nil {
		return "", err
	}
	// Nobody sends mail here: it is read where it waits, by the owner of the database.
	conn, err := pgx.Connect(ctx, i.base.admin)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var body string
	if err := conn.QueryRow(ctx, newestMail, administrator).Scan(&body); err != nil {
		return "", fmt.Errorf("read the mail to the administrator: %w", err)
	}
	if link = passwordLink.FindString(body); link == "" {
		return "", errors.New("the mail to the administrator has no link")
	}
	return link, nil
}
