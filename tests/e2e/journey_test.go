package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"openhouse.example/tests/e2e/samples"
	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

// number is the home that the journey is about: no. 14 of Longview Park.
const number = "14"

// TestFromSignInToMyHome is the demo in one piece: staff signs in, makes Longview Park, brings the homes in, corrects
// an address, sends the link; the resident follows it and reads what the file says.
func TestFromSignInToMyHome(t *testing.T) {
	t.Parallel()
	fromSignInToMyHome(t, start(t))
}

func fromSignInToMyHome(t *testing.T, s *stack.Stack) {
	t.Helper()
	company := s.NewCompany("Harbour Homes")
	sample := samples.Named(t, "longview-park-75-with-3-bad.csv")
	rows := sample.Homes(t)
	row := rows[slices.IndexFunc(rows, func(h samples.Home) bool { return h.Number == number })]

	staff := signIn(t, s, company.Email)
	contact := map[string]string{
		"name": "Longview Park", "address": "Mill Road, Ballyhale", "contactName": "Nóra Byrne", "contactEmail": "Care@example.org",
		"contactPhone": "+353 1 555 0100", "emergencyPhone": "+353 1 555 0999",
	}
	form := staff.Form(staff.Get("/developments/new").Want(200), "/developments")
	for name, value := range contact {
		form.Set(name, value)
	}
	made := form.Send().Want(200).Says("Longview Park", "Mill Road, Ballyhale", "Nóra Byrne", "care@example.org", "+353 1 555 0100", "+353 1 555 0999")
	development := made.URL.Path
	address, _ := preview(t, staff, development, sample.Name, sample.Bytes(t))
	commit(t, staff, address)
	ids, _ := homesOf(t, staff, development)
	home := "/homes/" + ids[number]

	// The buyer's address was mistyped; the resident's own is another one.
	const resident = "siobhan.o'brien+home@example.org"
	edit := staff.Form(staff.Get(home+"/edit").Want(200), home)
	wrong := edit.Set("purchaserEmail", "siobhan@@example.org").Send().Want(http.StatusUnprocessableEntity)
	if !strings.Contains(string(wrong.Body), "siobhan@@example.org") || !strings.Contains(string(wrong.Body), `aria-invalid="true"`) {
		t.Error("a mistyped address is not shown again with a mark at its field")
	}
	staff.Form(wrong, home).Set("purchaserEmail", resident).Send().Want(200).Says(resident)

	sent := staff.Form(staff.Get(home).Want(200), "/link").Send().Want(200)
	if sent.URL.Path != home {
		t.Errorf("after the link was sent the page is %s", sent.URL)
	}
	link := linkInOutbox(t, staff, resident)
	if !strings.HasPrefix(link, s.Tenant.URL+"/link/") {
		t.Fatalf("the link is %s, the tenant portal %s", link, s.Tenant.URL)
	}
	r := openLink(t, s, link)
	compareMyHome(t, r, row, company, contact, resident)
	r.Get(link).Want(http.StatusGone)

	t.Run("the home shows who lives there", func(t *testing.T) {
		staff.Get(home).Want(200).Says(resident)
	})
	t.Run("signing out ends the session, not just the cookie", func(t *testing.T) {
		old := visit.New(t, s.Tenant.URL)
		old.Token = r.Cookie("oh_resident")
		old.JSON(http.MethodGet, "/api/home", nil).Want(200)
		r.Form(r.Get("/").Want(200), "/sign-out").Send().Want(200)
		if r.Cookie("oh_resident") != "" {
			t.Error("the cookie is still there")
		}
		old.JSON(http.MethodGet, "/api/home", nil).Want(http.StatusUnauthorized)
	})
	t.Run("the resident asks for another link", func(t *testing.T) {
		again := visit.New(t, s.Tenant.URL)
		again.Form(again.Get("/sign-in").Want(200), "/sign-in").Set("email", strings.ToUpper(resident)).Send().Want(200)
		var second string
		waitFor(t, "the mail", func() bool { second = linkInOutbox(t, staff, resident); return second != link })
		compareMyHome(t, openLink(t, s, second), row, company, contact, resident)
	})
}

var linkPattern = regexp.MustCompile(`http[s]?://[^ ]+/link/[A-Za-z0-9_-]+`)

// linkInOutbox reads the newest mail to somebody on the outbox page, and returns the link in it.
func linkInOutbox(t testing.TB, staff *visit.Visitor, to string) string {
	t.Helper()
	outbox := staff.Get("/outbox").Want(200)
	for _, tr := range outbox.Page().All("tr") {
		if !strings.Contains(tr.Text(), to) {
			continue
		}
		mail := staff.Get(tr.All("a")[0].Attrs["href"]).Want(200)
		for _, a := range mail.Page().All("a") {
			if link := a.Attrs["href"]; linkPattern.MatchString(link) {
				if a.Text() != link {
					t.Errorf("the mail shows %s for the link %s", a.Text(), link)
				}
				return link
			}
		}
		t.Fatalf("the mail has no link: %s", mail.Text())
	}
	t.Fatalf("no mail to %s in the outbox: %s", to, outbox.Text())
	return ""
}

// openLink follows a link as mail scanners do, many times, and then as its owner does.
func openLink(t testing.TB, s *stack.Stack, link string) *visit.Visitor {
	t.Helper()
	for range 5 {
		scanner := visit.New(t, s.Tenant.URL)
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			scanner.Do(scanner.Request(method, link, nil)).Want(200)
		}
		if len(scanner.Cookies()) != 0 {
			t.Fatalf("opening the link gave a cookie: %v", scanner.Cookies())
		}
	}
	v := visit.New(t, s.Tenant.URL)
	page := v.Get(link).Want(200).Says("Longview Park", "Harbour Homes")
	entered := v.Form(page, "/link/"+link[strings.LastIndexByte(link, '/')+1:]).Send().Want(200)
	if entered.URL.Path != "/" || v.Cookie("oh_resident") == "" {
		t.Fatalf("after the button the page is %s, the cookies %v", entered.URL, v.Cookies())
	}
	return v
}

// compareMyHome compares page and JSON of My home with the row of the file.
func compareMyHome(t *testing.T, v *visit.Visitor, row samples.Home, company stack.Company, contact map[string]string, email string) {
	t.Helper()
	page := v.Get("/").Want(200).Says(
		row.Address1, strings.Join([]string{row.Address2, row.City, row.Postcode}, ", "), "Longview Park", company.Name,
		"Type "+row.TypeCode+" · "+row.TypeName, longDate(t, row.Date), contact["contactName"], "care@example.org", contact["contactPhone"], contact["emergencyPhone"],
	)
	var values []string
	for _, f := range page.Facts() {
		values = append(values, f.Value)
	}
	for _, want := range []string{row.Bedrooms, row.Bathrooms, row.Area + " m²"} {
		if !slices.Contains(values, want) {
			t.Errorf("My home has the values %q, %q is missing", values, want)
		}
	}
	wantNone(t, string(page.Body), row.BuyerEmail, row.BuyerPhone, "purchaser")

	var got struct {
		Company     string
		Development struct {
			Name           string
			Contact        struct{ Name, Email, Phone string }
			EmergencyPhone string
		}
		Home struct {
			Number, Block, Postcode string
			Address                 []string
			HouseType               struct{ Code, Name string }
			Bedrooms, Bathrooms     int
			FloorAreaM2             float64
			HandoverDate            string
		}
		Resident struct{ Email string }
	}
	v.JSON(http.MethodGet, "/api/home", nil).Want(200).Decode(&got)
	want := fmt.Sprint(
		company.Name, " Longview Park ", contact["contactName"], " care@example.org ", contact["contactPhone"], " ", contact["emergencyPhone"], " ", row.Number, "  ",
		[]string{row.Address1, row.Address2, row.City}, " ", row.Postcode, " ", row.TypeCode, " ", row.TypeName, " ", row.Bedrooms, " ", row.Bathrooms, " ", row.Area, " ", row.Date, " ", email,
	)
	d, h := got.Development, got.Home
	read := fmt.Sprint(
		got.Company, " ", d.Name, " ", d.Contact.Name, " ", d.Contact.Email, " ", d.Contact.Phone, " ", d.EmergencyPhone, " ", h.Number, " ", h.Block, " ",
		h.Address, " ", h.Postcode, " ", h.HouseType.Code, " ", h.HouseType.Name, " ", h.Bedrooms, " ", h.Bathrooms, " ", h.FloorAreaM2, " ", h.HandoverDate, " ", got.Resident.Email,
	)
	if read != want {
		t.Errorf("My home as JSON is\n%s\nwant\n%s", read, want)
	}
}

// TestLinkIsUsedOnce: of many who press the button at the same moment, one gets in.
func TestLinkIsUsedOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")
	staff := signIn(t, s, company.Email)
	const email = "buyer@example.org"
	oneHome(t, staff, email)
	visitor := visit.New(t, s.Tenant.URL)
	visitor.Form(visitor.Get("/sign-in"), "/sign-in").Set("email", email).Send().Want(200)
	var link string
	waitFor(t, "the mail", func() bool {
		if !strings.Contains(staff.Get("/outbox").Text(), email) {
			return false
		}
		link = linkInOutbox(t, staff, email)
		return true
	})
	const rivals = 12
	outcomes := make(chan int, rivals)
	start := make(chan struct{})
	var all sync.WaitGroup
	for range rivals {
		v := visit.New(t, s.Tenant.URL)
		all.Go(func() {
			<-start
			outcomes <- v.JSON(http.MethodPost, link, nil).Status
		})
	}
	close(start)
	all.Wait()
	close(outcomes)
	seen := map[int]int{}
	for status := range outcomes {
		seen[status]++
	}
	if seen[http.StatusOK] != 1 || seen[http.StatusGone] != rivals-1 {
		t.Errorf("the statuses were %v, want one 200 and %d times 410", seen, rivals-1)
	}
	if n := lookUp[int](t, s.DB, "select count(*) from sessions where kind = 'resident'"); n != 1 {
		t.Errorf("%d sessions were opened", n)
	}

	// A used link, one that never was, and one that is too old: none says whose it was.
	used := link[strings.LastIndexByte(link, '/')+1:]
	visitor.Form(visitor.Get("/sign-in"), "/sign-in").Set("email", email).Send().Want(200)
	var late string
	waitFor(t, "the second mail", func() bool { late = linkInOutbox(t, staff, email); return late != link })
	s.DB.Exec("update email_tokens set created_at = now() - interval '16 minutes', expires_at = now() - interval '1 minute' where used_at is null")
	for token, want := range map[string]struct {
		status int
		title  string
	}{
		used: {http.StatusGone, "used already"},
		late[strings.LastIndexByte(late, '/')+1:]: {http.StatusGone, "too old"},
		strings.Repeat("A", 43):                   {http.StatusNotFound, "opens nothing"},
		"x":                                       {http.StatusNotFound, "opens nothing"},
	} {
		v := visit.New(t, s.Tenant.URL)
		page := v.Get("/link/" + token).Want(want.status).Says(want.title)
		wantNone(t, page.Text(), "Longview", "Harbour", email)
		v.JSON(http.MethodPost, "/link/"+token, nil).Want(want.status)
	}
}

// oneHome makes a development with one home whose buyer has the address.
func oneHome(t testing.TB, staff *visit.Visitor, email string) (development, home string) {
	t.Helper()
	development = createDevelopment(t, staff, "Longview Park")
	address, _ := preview(t, staff, development, "one.csv", []byte("unit,address,type,buyer,email\n1,1 Longview Park,B,Rosa Example,"+email+"\n"))
	commit(t, staff, address)
	ids, _ := homesOf(t, staff, development)
	return development, "/homes/" + ids["1"]
}

// TestSigningIn: the form and JSON, right and wrong, and out again.
func TestSigningIn(t *testing.T) {
	t.Parallel()
	s := start(t)
	company := s.NewCompany("Harbour Homes")

	stranger := visit.New(t, s.Developer.URL)
	page := stranger.Get("/developments?page=1").Want(200)
	if page.URL.Path != "/sign-in" {
		t.Fatalf("a stranger is led to %s", page.URL)
	}
	refused := stranger.Form(page, "/sign-in").Set("email", company.Email).Set("password", "not the password").Send().Want(http.StatusUnauthorized)
	unknown := stranger.Form(page, "/sign-in").Set("email", "nobody@example.org").Set("password", "not the password").Send().Want(http.StatusUnauthorized)
	if a, b := refused.Text(), unknown.Text(); a != b {
		t.Errorf("a wrong password and an unknown address can be told apart:\n%s\n%s", a, b)
	}
	if len(stranger.Cookies()) != 0 {
		t.Errorf("a refused sign-in gave cookies: %v", stranger.Cookies())
	}
	wantNone(t, string(refused.Body), "not the password")
	in := stranger.Form(refused, "/sign-in").Set("password", stack.Password).Send().Want(200)
	if in.URL.RequestURI() != "/developments?page=1" {
		t.Errorf("after signing in the page is %s, asked for was /developments?page=1", in.URL)
	}
	for _, next := range []string{"https://evil.example.org/", "//evil.example.org/", `/\evil.example.org`, "/\tx"} {
		v := visit.New(t, s.Developer.URL)
		r := v.Form(v.Get("/sign-in"), "/sign-in").Set("email", company.Email).Set("password", stack.Password)
		r.Fields.Set("next", next)
		if to := v.DoOnce(r.Request()).Header.Get("Location"); to != "/developments" {
			t.Errorf("next=%q leads to %q", next, to)
		}
	}

	script := visit.New(t, s.Developer.URL)
	var session struct{ Token string }
	script.JSON(http.MethodPost, "/api/sign-in", map[string]string{"email": company.Email, "password": stack.Password}).Want(200).Decode(&session)
	script.JSON(http.MethodPost, "/api/sign-in", map[string]string{"email": company.Email, "password": "wrong"}).Want(http.StatusUnauthorized)
	script.JSON(http.MethodPost, "/api/sign-in", map[string]string{"email": company.Email}).Want(http.StatusUnprocessableEntity)
	bearer := visit.New(t, s.Developer.URL)
	bearer.Token = session.Token
	bearer.JSON(http.MethodGet, "/api/developments", nil).Want(200)
	for _, other := range []string{"Basic " + session.Token, "Bearer", "Bearer " + session.Token + "x", session.Token} {
		visit.New(t, s.Developer.URL).JSON(http.MethodGet, "/api/developments", nil, "Authorization", other).Want(http.StatusUnauthorized)
	}

	cookie := stranger.Cookie("oh_staff")
	stranger.Form(stranger.Get("/developments").Want(200), "/sign-out").Send().Want(200)
	if stranger.Cookie("oh_staff") != "" {
		t.Error("after signing out the cookie is still there")
	}
	old := visit.New(t, s.Developer.URL)
	old.Token = cookie
	old.JSON(http.MethodGet, "/api/developments", nil).Want(http.StatusUnauthorized)
	bearer.JSON(http.MethodGet, "/api/developments", nil).Want(200) // another session of the same person goes on
	s.DB.Exec("update staff set disabled_at = now() where email = $1", company.Email)
	bearer.JSON(http.MethodGet, "/api/developments", nil).Want(http.StatusUnauthorized)
}
