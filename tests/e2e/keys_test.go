package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/web/auth"
	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

// fleet is several instances of one portal behind one address, as a balancer would have them. The address is that of
// the first; nobody follows it here.
type fleet struct {
	t         testing.TB
	env       []string
	instances []*stack.Portal
	up        []atomic.Bool
	between   func() // what goes on in a rolling restart after each instance; nil = nothing
}

// newFleet starts instances of the developer portal with a set of keys.
func newFleet(t testing.TB, db *pgtest.DB, size int, pem []byte) *fleet {
	t.Helper()
	f := &fleet{t: t, up: make([]atomic.Bool, size)}
	for range size {
		f.instances = append(f.instances, stack.Prepare(t, stack.DeveloperPortal))
	}
	f.env = []string{
		"DEVELOPER_DATABASE_URL=" + db.StaffURL(), "DEVELOPER_PUBLIC_URL=" + f.instances[0].URL, "TENANT_PUBLIC_URL=http://localhost:3002",
		"OPENHOUSE_ENV=development", "DATABASE_SSL=false", "DRAIN_DELAY_MS=100",
	}
	for i := range f.instances {
		f.launch(i, pem)
	}
	return f
}

func (f *fleet) launch(i int, pem []byte) {
	f.t.Helper()
	f.instances[i].Launch(append(slices.Clone(f.env), "DEVELOPER_JWT_KEY="+string(pem))...)
	f.instances[i].AwaitReady()
	f.up[i].Store(true)
}

// roll gives every instance a new set of keys, one after the other, as a rolling restart does.
func (f *fleet) roll(pem []byte) {
	f.t.Helper()
	for i, p := range f.instances {
		f.up[i].Store(false) // the balancer sends nothing more here …
		time.Sleep(50 * time.Millisecond)
		if !p.Stop() {
			f.t.Errorf("instance %d did not stop", i)
		}
		f.launch(i, pem) // … until it is back
		if f.between != nil {
			f.between()
		}
	}
}

// ask sends a request to an instance that is up, another one each time.
func (f *fleet) ask(n int, make func(base string) *http.Request) (status int, body string, err error) {
	for i := range 2 * len(f.instances) {
		at := (n + i) % len(f.instances)
		if !f.up[at].Load() {
			continue
		}
		response, sent := http.DefaultClient.Do(make(f.instances[at].URL))
		if err = sent; err != nil {
			continue // it was just stopping: a balancer tries the next
		}
		raw, read := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err = read; err == nil {
			return response.StatusCode, string(raw), nil
		}
	}
	return 0, "", err
}

// TestKeysAreChangedWithoutARefusedSession: two instances and people at work, through every step of a change of keys:
// the new key behind the old, the new one in front, the old one gone. Sessions of either key are good at both instances
// all the time; only when the old key is gone, which is after its last session, are those of the old one over.
func TestKeysAreChangedWithoutARefusedSession(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	_, oldKey, errOld := auth.GenerateKey()
	_, newKey, errNew := auth.GenerateKey()
	if errOld != nil || errNew != nil {
		t.Fatal(errOld, errNew)
	}
	f := newFleet(t, db, 2, oldKey)
	s := &stack.Stack{DB: db}
	company := s.NewCompany("Harbour Homes")

	people := []string{company.Email} // each signs in once, for who tries often is held up
	for range 70 {
		people = append(people, s.NewStaff(company, auth.RoleViewer).Email)
	}
	var tokens sync.Map // token → true, all that were issued
	var issued atomic.Pointer[string]
	var who atomic.Int64
	signIn := func() {
		t.Helper()
		n := int(who.Add(1)) - 1
		if n >= len(people) {
			return
		}
		body := fmt.Sprintf(`{"email":%q,"password":%q}`, people[n], stack.Password)
		status, text, err := f.ask(n, func(base string) *http.Request {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/api/sign-in", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Accept", "application/json")
			return r
		})
		_, rest, found := strings.Cut(text, `"token":"`)
		token, _, _ := strings.Cut(rest, `"`)
		if err != nil || status != http.StatusOK || !found {
			t.Errorf("signing in is answered %d %.200s, %v", status, text, err)
			return
		}
		tokens.Store(token, true)
		issued.Store(&token)
	}
	use := func(n int, token string) int {
		status, _, err := f.ask(n, func(base string) *http.Request {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/api/developments", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			return r
		})
		if err != nil {
			t.Errorf("a request got no answer: %v", err)
		}
		return status
	}
	signIn()
	first := *issued.Load()

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var asked, refused atomic.Int64
	var working sync.WaitGroup
	for worker := range 4 {
		working.Go(func() {
			for n := worker; ctx.Err() == nil; n++ {
				token := first // half of the people have been in since before it all
				if n%2 == 0 {
					token = *issued.Load()
				}
				asked.Add(1)
				if status := use(n/2, token); status != http.StatusOK { // each of them at every instance
					refused.Add(1)
					t.Errorf("a good session is answered %d", status)
				}
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	working.Go(func() {
		for ctx.Err() == nil {
			signIn()
			time.Sleep(500 * time.Millisecond)
		}
	})
	f.between = func() { // somebody signs in at each instance, and works at both for a while
		for range f.instances {
			signIn()
			before := asked.Load()
			waitFor(t, "some work with the new session", func() bool { return asked.Load() > before+20 })
		}
	}
	f.roll(slices.Concat(oldKey, newKey)) // both know the new one …
	f.roll(slices.Concat(newKey, oldKey)) // … so that it can sign
	stop()
	working.Wait()
	kinds := map[string]int{}
	tokens.Range(func(token, _ any) bool {
		kinds[strings.SplitN(token.(string), ".", 2)[0]]++
		return true
	})
	if len(kinds) != 2 {
		t.Errorf("sessions were signed with %d keys, want both", len(kinds))
	}
	t.Logf("%d requests, %d sessions refused", asked.Load(), refused.Load())

	f.between = nil
	who.Store(int64(len(people) - 1))
	signIn()
	last := *issued.Load()
	f.roll(newKey)
	for i := range f.instances {
		if status := use(i, last); status != http.StatusOK {
			t.Errorf("without the old key a session of the new one is answered %d", status)
		}
		if status := use(i, first); status != http.StatusUnauthorized {
			t.Errorf("a session of a key that is gone is answered %d", status)
		}
	}
}

// TestInstancesOfOnePortalAreOne: what one opens the other takes, and what one ends is over at the other.
func TestInstancesOfOnePortalAreOne(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	_, key, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	f := newFleet(t, db, 2, key)
	s := &stack.Stack{DB: db}
	company := s.NewCompany("Harbour Homes")
	a, b := visit.New(t, f.instances[0].URL), visit.New(t, f.instances[1].URL)
	var in struct{ Token string }
	a.JSON(http.MethodPost, "/api/sign-in", map[string]string{"email": company.Email, "password": stack.Password}).Want(200).Decode(&in)
	b.Token = in.Token
	b.JSON(http.MethodGet, "/api/developments", nil).Want(200)
	a.Token = in.Token
	a.JSON(http.MethodPost, "/api/sign-out", map[string]string{}).Want(http.StatusNoContent)
	b.JSON(http.MethodGet, "/api/developments", nil).Want(http.StatusUnauthorized)
}

// TestTheTenantPortalCannotMakeStaff tries one wall after the other, each with the ones before it taken down.
func TestTheTenantPortalCannotMakeStaff(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	staff := s.Token(t, company)
	resident, _ := s.NewResident(t, company)
	wanted := takeApart(t, staff, s.Developer)

	t.Run("its key signs nothing for the developer portal", func(t *testing.T) {
		forged := wanted
		forged.Key = s.Tenant.Key.Private
		for name, token := range map[string]string{
			"under its own name":   forged.Head("kid", s.Tenant.Key.ID).Signed(),
			"under the other name": forged.Signed(),
		} {
			if works(t, s.Developer, "/api/developments", token) {
				t.Errorf("%s: a token of the tenant portal's key is taken", name)
			}
		}
	})
	t.Run("with the same key its audience is another", func(t *testing.T) {
		theirs := takeApart(t, resident, s.Tenant)
		theirs.Key = s.Developer.Key.Private // as if somebody had given both the same
		theirs = theirs.Head("kid", s.Developer.Key.ID)
		for name, token := range map[string]string{
			"as it is":             theirs.Signed(),
			"with our issuer":      theirs.Claim("iss", wanted.Claims["iss"]).Signed(),
			"with a staff role":    theirs.Claim("iss", wanted.Claims["iss"]).Claim("role", "admin").Signed(),
			"with our audience":    theirs.Claim("iss", wanted.Claims["iss"]).Claim("aud", wanted.Claims["aud"]).Signed(),
			"staff with a home":    wanted.Claim("unit_id", theirs.Claims["unit_id"]).Claim("development_id", theirs.Claims["development_id"]).Signed(),
			"staff for residents'": wanted.Claim("aud", theirs.Claims["aud"]).Signed(),
		} {
			if works(t, s.Developer, "/api/developments", token) {
				t.Errorf("%s: a resident's token is taken", name)
			}
		}
	})
	t.Run("with key and audience it has no session", func(t *testing.T) {
		for name, sid := range map[string]any{"a made-up one": uuid.NewString(), "a resident's": takeApart(t, resident, s.Tenant).Claims["sid"]} {
			if works(t, s.Developer, "/api/developments", wanted.Claim("sid", sid).Signed()) {
				t.Errorf("%s opens the developer portal", name)
			}
		}
	})
	t.Run("its login can't write one", func(t *testing.T) {
		ctx := t.Context()
		conn := connectAs(t, s.DB.ResidentURL())
		insert := fmt.Sprintf(`insert into sessions (tenant_id, id, kind, staff_id, expires_at) values ('%s', '%s', 'staff', '%s', now() + interval '1 hour')`,
			company.ID, uuid.New(), company.Admin)
		scope := fmt.Sprintf(`select set_config('app.tenant_id', '%s', true), set_config('app.staff_id', '%s', true), set_config('app.resident_id', '%[2]s', true), set_config('app.unit_id', '%[2]s', true); `,
			company.ID, company.Admin)
		for name, statement := range map[string]string{
			"as the login":             insert,
			"as residents":             `begin; set local role openhouse_resident; ` + scope + insert,
			"as staff":                 `begin; set local role openhouse_staff; ` + scope + insert,
			"as the doors' role":       `begin; set local role openhouse_door; ` + scope + insert,
			"as the owner":             `begin; set local role openhouse_owner; ` + scope + insert,
			"turning a resident's":     `begin; set local role openhouse_resident; ` + scope + fmt.Sprintf(`update sessions set kind = 'staff', staff_id = '%s'`, company.Admin),
			"asking for staff":         `select * from staff_sign_in('` + company.Email + `')`,
			"asking for its providers": `select * from identity_providers('https://sign-in.example.org', '{openhouse}')`,
			"asking whom one vouches":  `select * from identity_provider_staff('` + company.ID.String() + `', '` + uuid.NewString() + `', '` + company.Email + `')`,
		} {
			if _, err := conn.Exec(ctx, statement).ReadAll(); err == nil || !strings.Contains(err.Error(), "SQLSTATE 42501") {
				t.Errorf("%s: %v, want permission denied", name, err)
			}
			_, _ = conn.Exec(ctx, "rollback").ReadAll()
		}
		if n := lookUp[int](t, s.DB, `select count(*) from sessions where kind = 'staff'`); n != 1 {
			t.Errorf("%d sessions of staff, want the one that was there", n)
		}
	})
	if !works(t, s.Developer, "/api/developments", wanted.Signed()) {
		t.Error("the good token no longer works: the rest has proved nothing")
	}
}

// TestProductionServes: what every refusal is about put right, it starts; a company that is no demo gets in, and nothing
// that is for development is there.
func TestProductionServes(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	s := &stack.Stack{DB: db}
	company := s.NewCompany("Harbour Homes")
	db.Exec("update tenants set demo = false")
	for _, side := range sides {
		env := side.env(db)
		production(side, env)
		delete(env, "OPENHOUSE_ENV")
		p := stack.Prepare(t, side.portal)
		p.Launch(flat(env)...)
		p.AwaitReady()
		v := visit.New(t, p.URL)
		v.Get("/sign-in").Want(200)
		if side.portal == stack.DeveloperPortal {
			answer := v.JSON(http.MethodPost, "/api/sign-in", map[string]string{"email": company.Email, "password": stack.Password}).Want(200)
			cookie := answer.Header.Get("Set-Cookie")
			for _, want := range []string{"__Host-oh_staff=", "Secure", "HttpOnly", "SameSite=Lax"} {
				if !strings.Contains(cookie, want) {
					t.Errorf("the cookie is %q, without %s", cookie, want)
				}
			}
			var in struct{ Token string }
			answer.Decode(&in)
			v.Token = in.Token
			v.JSON(http.MethodGet, "/api/developments", nil).Want(200)
			v.JSON(http.MethodGet, "/api/outbox", nil).Want(http.StatusNotFound)
		}
		if hsts := v.Get("/sign-in").Want(200).Header.Get("Strict-Transport-Security"); hsts == "" {
			t.Errorf("%s: no Strict-Transport-Security", side.portal)
		}
	}
}

// connectAs opens a connection of a portal's own login.
func connectAs(t testing.TB, address string) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}
