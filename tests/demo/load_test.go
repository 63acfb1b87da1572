package demo

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/platform"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(m)) }

const samples = "../testdata/samples"

func options(t *testing.T) Options {
	return Options{Samples: os.DirFS(samples), Passwords: filepath.Join(t.TempDir(), ".local", "demo-passwords")}
}

func load(t *testing.T, db *pgtest.DB, o Options) Summary {
	t.Helper()
	s, err := Load(t.Context(), db.AdminURL(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rows are the values of one column, as text.
func rows(t *testing.T, db *pgtest.DB, sql string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	found, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%v\nin %s", err, sql)
	}
	return list
}

// everything is the whole content of the tables that the demo fills.
const everything = `
	select 'tenants ' || t::text from tenants t union all select 'staff ' || t::text from staff t
	union all select 'limits ' || t::text from staff_developments t union all select 'developments ' || t::text from developments t
	union all select 'types ' || t::text from house_types t union all select 'units ' || t::text from units t order by 1`

func TestLoadingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	db, o := pgtest.New(t), options(t)
	first := load(t, db, o)
	before := rows(t, db, everything)
	file, err := os.ReadFile(o.Passwords)
	if err != nil {
		t.Fatal(err)
	}
	o.Today = time.Now().AddDate(0, 0, 3) // days later
	second := load(t, db, o)
	if first.Added != 2 || second.Added != 0 {
		t.Errorf("added %d, then %d companies", first.Added, second.Added)
	}
	if diff := cmp.Diff(before, rows(t, db, everything)); diff != "" {
		t.Errorf("the second time changed rows:\n%s", diff)
	}
	if again, err := os.ReadFile(o.Passwords); err != nil || string(again) != string(file) {
		t.Errorf("the second time changed the passwords, error %v", err)
	}
	if diff := cmp.Diff(first.Accounts, second.Accounts); diff != "" {
		t.Errorf("the second time names other accounts:\n%s", diff)
	}
}

func TestTwoAtOnceLoadOnce(t *testing.T) {
	t.Parallel()
	db, o := pgtest.New(t), options(t)
	added := make(chan int, 4)
	for range cap(added) {
		go func() {
			s, err := Load(context.Background(), db.AdminURL(), Options{Samples: o.Samples, Passwords: o.Passwords})
			if err != nil {
				t.Error(err)
			}
			added <- s.Added
		}()
	}
	total := 0
	for range cap(added) {
		total += <-added
	}
	if total != 2 {
		t.Errorf("%d companies were added", total)
	}
}

// Longview Park is the sample import, line for line, except for what depends on the day.
func TestLongviewParkIsTheSample(t *testing.T) {
	t.Parallel()
	db, o := pgtest.New(t), options(t)
	o.Today = time.Date(2031, 5, 10, 23, 0, 0, 0, time.UTC)
	load(t, db, o)
	file, err := os.Open(filepath.Join(samples, longviewSample))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, l := range lines[1:] {
		want = append(want, strings.Join(l[:len(l)-1], "|")) // the last column is the handover
	}
	got := rows(t, db, `select concat_ws('|', u.unit_number, u.address_line_1, u.address_line_2, u.city, u.postcode, h.code, h.name,
			u.bedrooms, u.bathrooms, trim_scale(u.floor_area_m2) || case when u.floor_area_m2 = trunc(u.floor_area_m2) then '.0' else '' end,
			u.purchaser_name, u.purchaser_email, u.purchaser_phone)
		from units u join house_types h on h.id = u.house_type_id join developments d on d.id = u.development_id
		where d.name = 'Longview Park' order by unit_order`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-file +database:\n%s", diff)
	}
	states := rows(t, db, `select u.status || ' ' || coalesce((u.handover_date - date '2031-05-10')::text, 'open') from units u
		join developments d on d.id = u.development_id where d.name = 'Longview Park' and unit_number in ('1', '8', '9', '14', '20') order by unit_order`)
	if diff := cmp.Diff([]string{"handed_over -412", "handed_over -9", "sale_agreed 3", "sale_agreed 12", "sale_agreed open"}, states); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestEveryRoleCanSignIn(t *testing.T) {
	t.Parallel()
	db, o := pgtest.New(t), options(t)
	s := load(t, db, o)
	if info, err := os.Stat(o.Passwords); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("passwords: mode %v, error %v", info.Mode(), err)
	}
	text, err := os.ReadFile(o.Passwords)
	if err != nil {
		t.Fatal(err)
	}
	roles, seen := map[string]bool{}, map[string]string{}
	for _, a := range s.Accounts {
		roles[a.Role] = true
		if a.Limited {
			roles["limited"] = true
		}
		if !strings.HasSuffix(a.Email, "@example.org") {
			t.Errorf("%s could be somebody's address", a.Email)
		}
		if !strings.Contains(string(text), a.Email+"\t"+a.Password+"\n") {
			t.Errorf("%s is not in the file", a.Email)
		}
		if other, ok := seen[a.Password]; ok && other != a.Email {
			t.Errorf("%s and %s have the same password", a.Email, other)
		}
		seen[a.Password] = a.Email
		hashes := rows(t, db, `select password_hash from staff where email = '`+a.Email+`' and disabled_at is null`)
		for _, hash := range hashes {
			if ok, err := platform.NewPasswords(1).Verify(t.Context(), hash, a.Password); !ok || err != nil {
				t.Errorf("%s can't sign in: %v", a.Email, err)
			}
		}
		if len(hashes) == 0 {
			t.Errorf("%s has no account", a.Email)
		}
	}
	if diff := cmp.Diff(map[string]bool{"viewer": true, "developer": true, "admin": true, "limited": true}, roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	// Another installation has other passwords.
	if other := load(t, pgtest.New(t), options(t)); other.Accounts[0].Password == s.Accounts[0].Password {
		t.Error("two installations share a password")
	}
}

// The resident whose link is shown lives where the summary says, and nowhere else.
func TestTheResidentHasOneHome(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s := load(t, db, options(t))
	got := rows(t, db, `select address_line_1 from units where purchaser_email = '`+s.Resident+`'`)
	if diff := cmp.Diff([]string{s.Home}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A lost file costs new passwords, not the data.
func TestALostPasswordFileIsMadeAnew(t *testing.T) {
	t.Parallel()
	db, o := pgtest.New(t), options(t)
	before := load(t, db, o).Accounts[0]
	if err := os.Remove(o.Passwords); err != nil {
		t.Fatal(err)
	}
	after := load(t, db, o).Accounts[0]
	if after.Password == before.Password {
		t.Error("the password is the old one, which nobody knows any more")
	}
	hash := rows(t, db, `select password_hash from staff where email = '`+after.Email+`'`)[0]
	if ok, err := platform.NewPasswords(1).Verify(t.Context(), hash, after.Password); !ok || err != nil {
		t.Errorf("the new password does not open: %v", err)
	}
}

func TestDemoIsNeverLoadedBesideRealData(t *testing.T) {
	t.Parallel()
	db, o := pgtest.New(t), options(t)
	db.Exec(`insert into tenants (id, name, slug) values (gen_random_uuid(), 'A real company', 'real')`)
	_, err := Load(t.Context(), db.AdminURL(), o)
	if err == nil || !strings.Contains(err.Error(), "not demo") {
		t.Errorf("got %v", err)
	}
	if got := rows(t, db, everything); len(got) != 1 {
		t.Errorf("it left %d rows behind", len(got)-1)
	}
	if _, err := os.Stat(o.Passwords); err == nil {
		t.Error("it wrote a file of passwords")
	}
}

func TestDemoStaysOnThisMachine(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{
		"a host":            "postgres://postgres:hush@db.example.org:5432/openhouse",
		"an address":        "postgres://postgres:hush@192.0.2.7/openhouse",
		"any address":       "postgres://postgres:hush@0.0.0.0/openhouse",
		"one of two":        "postgres://postgres:hush@127.0.0.1,192.0.2.7/openhouse",
		"in the query":      "postgres://postgres:hush@127.0.0.1/openhouse?host=192.0.2.7",
		"a socket":          "postgres:///openhouse?host=/var/run/postgresql",
		"a name like it":    "postgres://postgres:hush@localhost.example.org/openhouse",
		"no address at all": "openhouse 'hush",
		"mapped into IPv6":  "postgres://postgres:hush@[::ffff:192.0.2.7]/openhouse",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_, err := Load(ctx, address, options(t))
			if err == nil || !strings.Contains(err.Error(), "this machine") && !strings.Contains(err.Error(), "not a database address") {
				t.Errorf("got %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "hush") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}
