package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/web/auth"
	"openhouse.example/packages/web/webtest"
	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

// TestBadTokens tries every one of them as a program's and as a browser's: 401 with always the same words, or the way
// to the sign-in page, and the database is never asked.
func TestBadTokens(t *testing.T) {
	t.Parallel()
	s := start(t, "DB_POOL_MAX=1", "DB_POOL_MIN=1")
	company, neighbour := s.NewCompany("Harbour Homes"), s.NewCompany("Mill Homes")
	colleague := s.NewStaff(company, auth.RoleViewer)
	staff, theirs, viewers := s.Token(t, company), s.Token(t, neighbour), s.TokenFor(t, company, colleague)
	resident, _ := s.NewResident(t, company)
	another, _ := s.NewResident(t, company)
	foreign, _, err := auth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		portal           *stack.Portal
		good, other      string
		json, page, name string
		dead             map[string]string // well signed, and refused by what the database has
	}{
		{
			s.Developer, viewers, resident, "/api/developments", "/developments", "oh_staff", map[string]string{
				"a role above today's":              takeApart(t, viewers, s.Developer).Claim("role", "admin").Signed(),
				"the session of a colleague":        takeApart(t, viewers, s.Developer).Claim("sid", takeApart(t, staff, s.Developer).Claims["sid"]).Signed(),
				"a colleague in their session":      takeApart(t, viewers, s.Developer).Claim("sub", takeApart(t, staff, s.Developer).Claims["sub"]).Signed(),
				"the neighbour's company":           takeApart(t, viewers, s.Developer).Claim("tenant_id", neighbour.ID.String()).Signed(),
				"the neighbour's session":           takeApart(t, viewers, s.Developer).Claim("sid", takeApart(t, theirs, s.Developer).Claims["sid"]).Signed(),
				"a resident's session":              takeApart(t, viewers, s.Developer).Claim("sid", takeApart(t, resident, s.Tenant).Claims["sid"]).Signed(),
				"a session that never was":          takeApart(t, viewers, s.Developer).Claim("sid", uuid.NewString()).Signed(),
				"a person who never was":            takeApart(t, viewers, s.Developer).Claim("sub", uuid.NewString()).Signed(),
				"a company that never was":          takeApart(t, viewers, s.Developer).Claim("tenant_id", uuid.NewString()).Signed(),
				"a resident's person in staff's":    takeApart(t, viewers, s.Developer).Claim("sub", takeApart(t, resident, s.Tenant).Claims["sub"]).Signed(),
				"an admin of the neighbour's, here": takeApart(t, theirs, s.Developer).Claim("tenant_id", company.ID.String()).Signed(),
			},
		},
		{
			s.Tenant, resident, viewers, "/api/home", "/", "oh_resident", map[string]string{
				"the session of another resident": takeApart(t, resident, s.Tenant).Claim("sid", takeApart(t, another, s.Tenant).Claims["sid"]).Signed(),
				"another resident's home":         takeApart(t, resident, s.Tenant).Claim("unit_id", takeApart(t, another, s.Tenant).Claims["unit_id"]).Signed(),
				"another resident":                takeApart(t, resident, s.Tenant).Claim("sub", takeApart(t, another, s.Tenant).Claims["sub"]).Signed(),
				"the neighbour's company":         takeApart(t, resident, s.Tenant).Claim("tenant_id", neighbour.ID.String()).Signed(),
				"a session of staff":              takeApart(t, resident, s.Tenant).Claim("sid", takeApart(t, staff, s.Developer).Claims["sid"]).Signed(),
				"a session that never was":        takeApart(t, resident, s.Tenant).Claim("sid", uuid.NewString()).Signed(),
			},
		},
	} {
		good := takeApart(t, c.good, c.portal)
		if whole := good.Signed(); !works(t, c.portal, c.json, whole) {
			t.Fatalf("put together again, the good token of the %s no longer works: the rest would prove nothing", c.portal.Name)
		}
		bad := webtest.HostileTokens(t, good, foreign)
		bad["the other portal's"] = c.other
		bad["the other portal's, with our audience"] = takeApart(t, c.other, c.portal).With(func(_, claims map[string]any) {
			claims["aud"], claims["iss"] = good.Claims["aud"], good.Claims["iss"]
		}).Signed()

		barrier := block(t, s.DB)
		for name, session := range bad {
			refuse(t, c.portal, c.json, c.page, c.name, name, session)
		}
		barrier.lift()
		for name, session := range c.dead {
			refuse(t, c.portal, c.json, c.page, c.name, name, session)
		}
		log := c.portal.Log()
		for name, session := range bad {
			if len(session) > 40 && strings.Contains(log, session) {
				t.Errorf("%s: the log has the token that is %q", c.portal.Name, name)
			}
		}
	}
}

func takeApart(t testing.TB, whole string, p *stack.Portal) webtest.Token {
	t.Helper()
	return webtest.TakeApart(t, whole, p.Key)
}

func works(t testing.TB, p *stack.Portal, path, session string) bool {
	t.Helper()
	v := visit.New(t, p.URL)
	v.Token = session
	return v.JSON(http.MethodGet, path, nil).Status == http.StatusOK
}

func refuse(t testing.TB, p *stack.Portal, path, page, cookie, name, session string) {
	t.Helper()
	begin := time.Now()
	v := visit.New(t, p.URL)
	answer := v.JSON(http.MethodGet, path, nil, "Authorization", "Bearer "+session)
	var told problem
	answer.Decode(&told)
	if answer.Status != http.StatusUnauthorized || told.Error.Code != "unauthorized" || told.Error.Message != "Sign in to go on." {
		t.Errorf("%s: %q is answered %d %s", p.Name, name, answer.Status, answer.Body)
	}
	if !strings.HasPrefix(answer.Header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("%s: %q: no WWW-Authenticate", p.Name, name)
	}
	r := v.Request(http.MethodGet, page, nil)
	r.AddCookie(&http.Cookie{Name: cookie, Value: session})
	seen := v.DoOnce(r)
	if to := seen.Header.Get("Location"); seen.Status != http.StatusSeeOther || !strings.HasPrefix(to, "/sign-in") {
		t.Errorf("%s: a browser with %q is answered %d, sent to %q", p.Name, name, seen.Status, to)
	}
	if gone := seen.Header.Get("Set-Cookie"); !strings.HasPrefix(gone, cookie+"=;") || !strings.Contains(gone, "Max-Age=0") {
		t.Errorf("%s: a browser keeps its cookie with %q: %q", p.Name, name, gone)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("%s: %q took %v: it waited for the database", p.Name, name, took)
	}
}

// TestEndedSessions: a good token is worth nothing once its session, its person or its role has ended.
func TestEndedSessions(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, end := range map[string]string{
		"session revoked":   "update sessions set revoked_at = now() where tenant_id = $1",
		"session expired":   "update sessions set created_at = now() - interval '9 hours', expires_at = now() - interval '1 second' where tenant_id = $1",
		"session removed":   "delete from sessions where tenant_id = $1",
		"person disabled":   "with s as (update staff set disabled_at = now() where tenant_id = $1) update residents set disabled_at = now() where tenant_id = $1",
		"company suspended": "update tenants set suspended_at = now() where id = $1",
	} {
		company := s.NewCompany("Company with " + name)
		staff := s.Token(t, company)
		resident, _ := s.NewResident(t, company)
		if !works(t, s.Developer, "/api/developments", staff) || !works(t, s.Tenant, "/api/home", resident) {
			t.Fatal("the tokens do not work before the end")
		}
		s.DB.Exec(end, company.ID)
		if works(t, s.Developer, "/api/developments", staff) {
			t.Errorf("%s: staff still gets in", name)
		}
		if works(t, s.Tenant, "/api/home", resident) {
			t.Errorf("%s: the resident still gets in", name)
		}
	}
	company := s.NewCompany("Harbour Homes")
	viewer := s.NewStaff(company, auth.RoleDeveloper)
	session := s.TokenFor(t, company, viewer)
	s.DB.Exec("update staff set role = 'viewer' where id = $1", viewer.ID)
	if works(t, s.Developer, "/api/developments", session) {
		t.Error("a token with yesterday's role still works")
	}
	resident, _ := s.NewResident(t, company)
	s.DB.Exec("update occupancies set ended_at = now() where tenant_id = $1", company.ID)
	if works(t, s.Tenant, "/api/home", resident) {
		t.Error("somebody who has moved out still gets in")
	}
}
