package migrations

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// EnsureLogins makes or mends several logins over one connection to the database that adminURL names; see EnsureLogin.
// progress is told of each; nil is fine.
func EnsureLogins(ctx context.Context, adminURL string, logins []Login, progress func(string)) error {
	if len(logins) == 0 {
		return nil
	}
	admin, err := pgx.Connect(ctx, adminURL)
	if err != nil {
		return fmt.Errorf("connect to make the logins: %w", err)
	}
	defer closeQuietly(admin)
	for _, login := range logins {
		if err := EnsureLogin(ctx, admin, login); err != nil {
			return err
		}
		tell(progress, "login %s is a member of %s", login.Name, login.Role)
	}
	return nil
}
