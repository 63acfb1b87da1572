package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

// TestNobodyChoosesTheCompany: company, person and role come from the session, whatever else a request says.
func TestNobodyChoosesTheCompany(t *testing.T) {
	t.Parallel()
	s := start(t)
	own, other := s.NewCompany("Harbour Homes"), s.NewCompany("Moss Lane Builders")
	v, theirs := signIn(t, s, own.Email), signIn(t, s, other.Email)
	createDevelopment(t, theirs, "Secret Garden")
	createDevelopment(t, v, "Longview Park")

	claims := []string{"tenant_id", "tenantId", "tenant", "company", "role", "staff_id", "app.tenant_id"}
	for _, name := range claims {
		for _, address := range []string{"/developments?" + name + "=" + other.ID.String(), "/api/developments?" + name + "=" + other.ID.String() + "&role=admin"} {
			r := v.Request(http.MethodGet, address, nil)
			for _, header := range []string{"X-Tenant-Id", "X-Role", "X-Staff-Id", "X-Forwarded-User", name} {
				if header == "app.tenant_id" {
					header = "App-Tenant-Id"
				}
				r.Header.Set(header, other.ID.String())
			}
			answer := v.Do(r).Want(200)
			wantAll(t, string(answer.Body), "Longview Park")
			wantNone(t, string(answer.Body), "Secret Garden")
		}
		// JSON refuses what it doesn't know, by name; a form takes no notice.
		told := problem{}
		v.JSON(http.MethodPost, "/api/developments", map[string]string{"name": "Injected", name: other.ID.String()}).Want(http.StatusUnprocessableEntity).Decode(&told)
		if told.Error.Fields[name] == "" {
			t.Errorf("the field %s is not named: %v", name, told.Error)
		}
		form := v.Form(v.Get("/developments/new"), "/developments").Set("name", "By form "+name)
		form.Fields.Set(name, other.ID.String())
		form.Send().Want(200)
	}
	if n := lookUp[int](t, s.DB, "select count(*) from developments where tenant_id = $1", other.ID); n != 1 {
		t.Errorf("the other company has %d developments, it made one", n)
	}
	if n := lookUp[int](t, s.DB, "select count(*) from developments where tenant_id = $1 and name like 'By form %'", own.ID); n != len(claims) {
		t.Errorf("%d of %d forms made a development in the own company", n, len(claims))
	}
	if n := lookUp[int](t, s.DB, "select count(*) from developments where name = 'Injected'"); n != 0 {
		t.Errorf("%d developments were made by refused requests", n)
	}
	// A home's type must be one of its development, not somebody else's.
	_, home := oneHome(t, v, "buyer@example.org")
	oneHome(t, theirs, "theirs@example.org")
	foreign := lookUp[string](t, s.DB, "select id::text from house_types where tenant_id = $1 limit 1", other.ID)
	v.JSON(http.MethodPost, "/api"+home, map[string]string{"houseTypeId": foreign}).Want(http.StatusUnprocessableEntity)
	v.JSON(http.MethodPost, "/api"+home, map[string]string{"houseTypeId": uuid.NewString()}).Want(http.StatusUnprocessableEntity)
}

// TestOtherSites: what another site's page makes a browser send is refused; what programs and our own pages send is
// not.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	resident, _ := s.NewResident(t, company)
	staff := signIn(t, s, company.Email)
	for _, c := range []struct {
		name    string
		headers map[string]string
		want    int // 0 = whatever the route says, but not 403
	}{
		{"another site", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.org"}, http.StatusForbidden},
		{"a site of the same owner", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "https://staff.example.org"}, http.StatusForbidden},
		{"an old browser on another site", map[string]string{"Sec-Fetch-Site": "", "Origin": "https://evil.example.org"}, http.StatusForbidden},
		{"a sandboxed frame", map[string]string{"Sec-Fetch-Site": "", "Origin": "null"}, http.StatusForbidden},
		{"another port", map[string]string{"Sec-Fetch-Site": "", "Origin": "http://localhost:1"}, http.StatusForbidden},
		{"our own page", map[string]string{"Sec-Fetch-Site": "same-origin"}, 0},
		{"a bookmark or the address bar", map[string]string{"Sec-Fetch-Site": "none", "Origin": ""}, 0},
		{"an old browser on our own page", map[string]string{"Sec-Fetch-Site": ""}, 0},
		{"a program", map[string]string{"Sec-Fetch-Site": "", "Origin": ""}, 0},
	} {
		for _, target := range []struct {
			portal         *stack.Portal
			address, token string
		}{
			{s.Developer, "/developments", staff.Cookie("oh_staff")},
			{s.Developer, "/sign-in", ""},
			{s.Developer, "/sign-out", ""},
			{s.Tenant, "/sign-in", ""},
			{s.Tenant, "/link/" + strings.Repeat("A", 43), ""},
			{s.Tenant, "/sign-out", ""},
		} {
			v := visit.New(t, target.portal.URL)
			r := v.Request(http.MethodPost, target.address, []byte("name=&email=nobody%40example.org"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if target.token != "" {
				r.AddCookie(&http.Cookie{Name: "oh_staff", Value: target.token})
			}
			for name, value := range c.headers {
				r.Header.Del(name)
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			answer := v.DoOnce(r)
			if refused := answer.Status == http.StatusForbidden; refused != (c.want == http.StatusForbidden) {
				t.Errorf("POST %s%s from %s is answered %d", target.portal.Name, target.address, c.name, answer.Status)
			} else if refused {
				answer.Says("another site")
			}
		}
	}
	// To read is no harm, and a link in a mail comes from another site.
	for address, token := range map[string]string{s.Developer.URL + "/developments": staff.Cookie("oh_staff"), s.Tenant.URL + "/": resident} {
		v := visit.New(t, address)
		r := v.Request(http.MethodGet, address, nil)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Authorization", "Bearer "+token)
		answer := v.Do(r).Want(200)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
			"Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "same-origin",
		} {
			if got := answer.Header.Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s is %q", address, name, got)
			}
		}
	}
}

// TestOddRequests: sizes, kinds and methods that no page of ours sends.
func TestOddRequests(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	resident, _ := s.NewResident(t, company)
	v := program(t, s, company)
	long := strings.Repeat("x", 40<<10)
	send := func(method, address, kind, body string, headers ...string) *visit.Answer {
		var content []byte
		if body != "" {
			content = []byte(body)
		}
		r := visit.Program(v.Request(method, address, content))
		if kind != "" {
			r.Header.Set("Content-Type", kind)
		}
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return v.DoOnce(r)
	}
	const object, form = "application/json", "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		answer *visit.Answer
		want   []int
	}{
		"a header of 40 KB":       {send(http.MethodGet, developmentsPath, "", "", "X-Long", long), []int{431}},
		"a cookie of 20 KB":       {send(http.MethodGet, developmentsPath, "", "", "Cookie", "oh_staff="+long[:20<<10], "Authorization", ""), []int{401}},
		"an address of 20 KB":     {send(http.MethodGet, developmentsPath+"?q="+long[:20<<10], "", ""), []int{200, 414, 431}},
		"2 MB of JSON":            {send(http.MethodPost, developmentsPath, object, `{"name":"`+strings.Repeat("x", 2<<20)+`"}`), []int{413}},
		"2 MB of a form":          {send(http.MethodPost, developmentsPath, form, "name="+strings.Repeat("x", 2<<20)), []int{413}},
		"no body":                 {send(http.MethodPost, developmentsPath, object, ""), []int{400, 422}},
		"half an object":          {send(http.MethodPost, developmentsPath, object, `{"name":"Long`), []int{400}},
		"two objects":             {send(http.MethodPost, developmentsPath, object, `{"name":"A"}{"name":"B"}`), []int{400}},
		"a list":                  {send(http.MethodPost, developmentsPath, object, `["name"]`), []int{400, 422}},
		"null":                    {send(http.MethodPost, developmentsPath, object, `null`), []int{400, 422}},
		"an object as a name":     {send(http.MethodPost, developmentsPath, object, `{"name":{"a":"b"}}`), []int{422}},
		"no name":                 {send(http.MethodPost, developmentsPath, object, `{}`), []int{422}},
		"a blank name":            {send(http.MethodPost, developmentsPath, object, `{"name":" \u00a0 "}`), []int{422}},
		"a long name":             {send(http.MethodPost, developmentsPath, object, `{"name":"`+strings.Repeat("é", 121)+`"}`), []int{422}},
		"a NUL":                   {send(http.MethodPost, developmentsPath, object, `{"name":"Long\u0000view"}`), []int{422}},
		"broken UTF-8":            {send(http.MethodPost, developmentsPath, form, "name=Long%ff%feview"), []int{422}},
		"a broken escape":         {send(http.MethodPost, developmentsPath, form, "name=%zz"), []int{400}},
		"a state that isn't":      {send(http.MethodPost, developmentsPath, object, `{"name":"A","status":"sold out"}`), []int{422}},
		"not an e-mail address":   {send(http.MethodPost, developmentsPath, object, `{"name":"A","contactEmail":"nobody"}`), []int{422}},
		"XML":                     {send(http.MethodPost, developmentsPath, "application/xml", `<name>A</name>`), []int{400, 415, 422}},
		"JSON called text":        {send(http.MethodPost, developmentsPath, "text/plain", `{"name":"A"}`), []int{400, 415, 422}},
		"no content type":         {send(http.MethodPost, developmentsPath, "", `{"name":"A"}`), []int{400, 415, 422}},
		"PUT":                     {send(http.MethodPut, developmentsPath, object, `{"name":"A"}`), []int{405}},
		"DELETE":                  {send(http.MethodDelete, developmentsPath, "", ""), []int{405}},
		"TRACE":                   {send(http.MethodTrace, developmentsPath, "", ""), []int{405}},
		"an unknown method":       {send("BREW", developmentsPath, "", ""), []int{405}},
		"page nought":             {send(http.MethodGet, developmentsPath+"?page=0", "", ""), []int{422}},
		"page minus one":          {send(http.MethodGet, developmentsPath+"?page=-1", "", ""), []int{422}},
		"page of letters":         {send(http.MethodGet, developmentsPath+"?page=x", "", ""), []int{422}},
		"a page beyond all":       {send(http.MethodGet, developmentsPath+"?page=99999", "", ""), []int{200}},
		"a page beyond numbers":   {send(http.MethodGet, developmentsPath+"?page=99999999999999999999", "", ""), []int{422}},
		"a semicolon in a query":  {send(http.MethodGet, developmentsPath+"?page=1;page=2", "", ""), []int{200, 400, 422}},
		"a path that goes up":     {send(http.MethodGet, "/api/developments/../../etc/passwd", "", ""), []int{404}},
		"a path with two slashes": {send(http.MethodGet, "/api//developments", "", ""), []int{404}},
		"a static file above":     {send(http.MethodGet, "/static/../main.go", "", ""), []int{404}},
		"a list of static files":  {send(http.MethodGet, "/static/", "", ""), []int{404}},
		"an unknown address":      {send(http.MethodGet, "/api/nothing", "", ""), []int{404}},
	} {
		ok := false
		for _, status := range c.want {
			ok = ok || c.answer.Status == status
		}
		if !ok {
			t.Errorf("%s is answered %d, want one of %v: %.300s", name, c.answer.Status, c.want, c.answer.Body)
		}
		if leak := driverText(string(c.answer.Body)); leak != "" {
			t.Errorf("%s: the answer says %q: %.300s", name, leak, c.answer.Body)
		}
	}
	if n := lookUp[int](t, s.DB, "select count(*) from developments where name <> 'Mill Yard'"); n != 0 {
		t.Errorf("%d developments were made of it", n)
	}
	r := visit.New(t, s.Tenant.URL)
	r.Token = resident
	for _, address := range []string{"/api/home?unit_id=" + uuid.NewString(), "/api/home?tenant_id=" + uuid.NewString() + "&resident_id=1"} {
		r.JSON(http.MethodGet, address, nil).Want(200)
	}
	for body, want := range map[string]int{
		"email=": 422, "email=nobody": 422, "email=a%40b%40c": 422, "": 422, "email=" + strings.Repeat("x", 300) + "%40example.org": 422,
		"email=a%00b%40example.org": 422, "email=nobody%40example.org": 200, "email=%22a+b%22%40example.org": 422,
	} {
		form := r.Request(http.MethodPost, "/sign-in", []byte(body))
		form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		form.Header.Del("Authorization")
		if answer := r.Do(form); answer.Status != want {
			t.Errorf("asking for a link with %q is answered %d, want %d", body, answer.Status, want)
		}
	}
	if problems := s.Developer.Trouble() + s.Tenant.Trouble(); strings.Contains(problems, "level=ERROR") || strings.Contains(problems, "panic") {
		t.Errorf("bad input is no trouble of ours, but the log says\n%s", problems)
	}
}

// TestIdempotency: a key means one deed, however often and however many at once.
func TestIdempotency(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	v := program(t, s, company)
	type made struct{ ID string }
	create := func(key, name string) *visit.Answer {
		return v.JSON(http.MethodPost, developmentsPath, map[string]string{"name": name}, "Idempotency-Key", key)
	}
	var first, second made
	create("key-1", "Longview Park").Want(http.StatusCreated).Decode(&first)
	create("key-1", "Longview Park").Want(http.StatusCreated).Decode(&second)
	if first != second || first.ID == "" {
		t.Errorf("repeated: %v, then %v", first, second)
	}
	if answer := create("key-1", "Another Park").Want(http.StatusUnprocessableEntity); errorCode(t, string(answer.Body)) != "key_reused" {
		t.Errorf("the same key with another body: %s", answer.Body)
	}
	answer := v.JSON(http.MethodPost, developmentsPath+"/"+first.ID, map[string]string{"name": "Longview Park"}, "Idempotency-Key", "key-1")
	if answer.Status != http.StatusUnprocessableEntity || errorCode(t, string(answer.Body)) != "key_reused" {
		t.Errorf("the same key at another address: %d %s", answer.Status, answer.Body)
	}
	// A change that names only what changes can be repeated too, although what is stored has changed by it.
	for range 3 {
		answer := v.JSON(http.MethodPost, developmentsPath+"/"+first.ID, map[string]string{"address": "Mill Road"}, "Idempotency-Key", "key-2")
		if answer.Status != http.StatusOK {
			t.Errorf("a repeated change is answered %d %s", answer.Status, answer.Body)
		}
	}
	if n := lookUp[int](t, s.DB, "select count(*) from audit_log where action = 'development.update'"); n != 1 {
		t.Errorf("it was done %d times", n)
	}

	const rivals = 20
	var all sync.WaitGroup
	answers := make(chan string, rivals)
	token := v.Token
	for range rivals {
		c := newCaller(t, s.Developer, developmentsPath, token, 1)
		all.Go(func() {
			status, body, err := c.send(t.Context(), http.MethodPost, c.url, `{"name": "Rivals"}`, "Idempotency-Key", "key-3")
			if status == http.StatusConflict { // the first was still at it
				return
			}
			answers <- fmt.Sprint(status, body, errorText(err))
		})
	}
	all.Wait()
	close(answers)
	seen := map[string]int{}
	for answer := range answers {
		seen[answer]++
	}
	if len(seen) != 1 {
		t.Errorf("the answers differ: %v", seen)
	}
	if n := lookUp[int](t, s.DB, "select count(*) from developments where name = 'Rivals'"); n != 1 {
		t.Errorf("%d developments were made", n)
	}
	// Two people may choose the same key.
	colleague := visit.New(t, s.Developer.URL)
	colleague.Token = s.Token(t, s.NewCompany("Moss Lane Builders"))
	colleague.JSON(http.MethodPost, developmentsPath, map[string]string{"name": "Theirs"}, "Idempotency-Key", "key-1").Want(http.StatusCreated)
	for _, odd := range []string{strings.Repeat("k", 5000), "a key with blanks", "ключ"} {
		create(odd, "Odd "+odd[:2]).Want(http.StatusCreated).Decode(&first)
		create(odd, "Odd "+odd[:2]).Want(http.StatusCreated).Decode(&second)
		if first != second {
			t.Errorf("the key %.20q is not kept: %v, %v", odd, first, second)
		}
	}
}
