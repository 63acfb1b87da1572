package bench

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"openhouse.example/tests/stack"
)

// Furnish gives a company n developments, each with five homes.
func Furnish(s *stack.Stack, c stack.Company, n int) {
	s.DB.Exec(`
with made as (
  insert into developments (tenant_id, id, slug, name, address)
  select $1, gen_random_uuid(), 'development-' || n, 'Development ' || lpad(n::text, 2, '0'), n || ' Mill Road, Ballyhale'
  from generate_series(1, $2::int) n returning tenant_id, id),
types as (
  insert into house_types (tenant_id, id, development_id, code, name)
  select tenant_id, gen_random_uuid(), id, 'A', '2 bed terrace' from made returning tenant_id, id, development_id)
insert into units (tenant_id, id, development_id, house_type_id, unit_number, address_line_1, status)
select tenant_id, gen_random_uuid(), development_id, id, n::text, n || ' Mill Road',
       case when n % 2 = 0 then 'for_sale' else 'sale_agreed' end
from types cross join generate_series(1, 5) n`, c.ID, n)
}

// Peer configures the plain program.
type Peer struct {
	Database string // address, of a login that row-level security doesn't bind
	Name     string // application_name
	Retry    bool   // with twenty lines of retry
	MaxConns int
	MinConns int // 0 = MaxConns: all are opened at once and stay open
}

// StartPlain builds and starts the plain program on the portal's own statements and returns its address.
func StartPlain(t testing.TB, s *stack.Stack, p Peer) (address string) {
	t.Helper()
	binary := stack.Program(t, "tests/bench/peers/plain")
	if p.MinConns == 0 {
		p.MinConns = p.MaxConns
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary)
	cmd.Env = []string{
		"PEER_LISTEN=" + listen, "PEER_DATABASE_URL=" + p.Database, "PEER_NAME=" + p.Name, "PEER_RETRY=" + strconv.FormatBool(p.Retry),
		"PEER_LIST=" + statement(t, "ListDevelopments"), "PEER_INSERT=" + statement(t, "InsertDevelopment"),
		"PEER_KEY=" + string(s.Developer.PEM), "PEER_ISSUER=" + s.Developer.URL,
		"PEER_MAX_CONNS=" + strconv.Itoa(p.MaxConns), "PEER_MIN_CONNS=" + strconv.Itoa(p.MinConns),
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", listen); err == nil {
			_ = c.Close()
			return "http://" + listen
		}
	}
	t.Fatal("the peer does not listen")
	return ""
}

// statement is one of the portal's, taken from its generated code so that both always run the same.
func statement(t testing.TB, name string) string {
	t.Helper()
	file := filepath.Join(stack.Root(t), "apps/developer-portal/internal/store/dbgen/developments.sql.go")
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && spec.Names[0].Name == name {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found = text
		}
		return true
	})
	if found == "" {
		t.Fatalf("%s has no constant %s any more", file, name)
	}
	return found
}
