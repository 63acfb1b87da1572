package db

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Scope says on whose behalf statements run. Postgres enforces it: the role decides which tables can be named, the
// settings decide which rows the policies show.
type Scope struct {
	Role     string    // a NOLOGIN role that the pool's login is a member of
	TenantID uuid.UUID // becomes the setting app.tenant_id
	Settings []Setting // further settings of the policies, such as app.staff_id
	Guard    *Guard    // checked in the same round trip; nil = no check
}

// Setting is one transaction-local setting. Its name starts with "app.".
type Setting struct{ Name, Value string }

// Guard is a statement that must return one row with one column that is true, else the callback's work is thrown
// away and the operation fails with ErrScopeRefused. It runs inside the scope, before the first statement, in the
// same round trip: this is how a session is checked on every request without costing one.
type Guard struct {
	SQL  string
	Args []any
}

const maxSettings = 8

var settingName = regexp.MustCompile(`^app\.[a-z_]{1,40}$`)

// scopeSQL holds the text that sets a scope, by [read-only][number of settings]: a fixed text is prepared once on a
// connection. true as set_config's last argument ends the setting with the transaction.
var scopeSQL = func() (texts [2][maxSettings + 1]string) {
	for readOnly := range 2 {
		for n := range maxSettings + 1 {
			var b strings.Builder
			b.WriteString("select set_config('role', $1, true), set_config('app.tenant_id', $2, true)")
			if readOnly == 1 {
				b.WriteString(", set_config('transaction_read_only', 'on', true)")
			}
			for i := range n {
				fmt.Fprintf(&b, ", set_config($%d, $%d, true)", 3+2*i, 4+2*i)
			}
			texts[readOnly][n] = b.String()
		}
	}
	return texts
}()

func (s Scope) validate() error {
	switch {
	case s.Role == "":
		return fmt.Errorf("%w: Scope.Role is empty", ErrNoScope)
	case s.TenantID == uuid.Nil:
		return fmt.Errorf("%w: Scope.TenantID is empty", ErrNoScope)
	case len(s.Settings) > maxSettings:
		return fmt.Errorf("%w: Scope has %d settings, at most %d are supported", ErrNoScope, len(s.Settings), maxSettings)
	}
	for _, set := range s.Settings {
		if !settingName.MatchString(set.Name) {
			return fmt.Errorf(`%w: setting %q must be named "app." and lower-case letters`, ErrNoScope, set.Name)
		}
	}
	return nil
}

// statement returns the text and arguments that set the scope inside a transaction.
func (s Scope) statement(readOnly bool) (string, []any) {
	args := make([]any, 0, 2+2*len(s.Settings))
	args = append(args, s.Role, s.TenantID.String())
	for _, set := range s.Settings {
		args = append(args, set.Name, set.Value)
	}
	row := 0
	if readOnly {
		row = 1
	}
	return scopeSQL[row][len(s.Settings)], args
}

// queue puts the scope and, if wanted, its guard at the front of a batch.
func (s Scope) queue(b *pgx.Batch, readOnly, guarded bool) {
	sql, args := s.statement(readOnly)
	b.Queue(sql, args...)
	if guarded && s.Guard != nil {
		b.Queue(s.Guard.SQL, s.Guard.Args...)
	}
}

// settle reads the results that queue asked for. It must be called before any result behind them is read.
func (s Scope) settle(br pgx.BatchResults, guarded bool) error {
	if _, err := br.Exec(); err != nil {
		return err
	}
	if !guarded || s.Guard == nil {
		return nil
	}
	return s.Guard.settle(br)
}

// settle reads the guard's answer.
func (g *Guard) settle(br pgx.BatchResults) error {
	var ok bool
	if err := br.QueryRow().Scan(&ok); err != nil {
		return err
	}
	if !ok {
		return ErrScopeRefused
	}
	return nil
}

type leaseKey struct{ p *Pool }

// heldContext is a context whose owner has a connection of p.
type heldContext struct {
	context.Context
	p *Pool
}

func (c *heldContext) Value(key any) any {
	if k, ok := key.(leaseKey); ok && k.p == c.p {
		return true
	}
	return c.Context.Value(key)
}

func isHolding(ctx context.Context, p *Pool) bool {
	return ctx.Value(leaseKey{p}) != nil
}
