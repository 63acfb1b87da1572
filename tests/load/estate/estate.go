// Package estate makes a throw-away company for a load test by the means that real ones have: its administrator follows
// the link that the operator's command mails, creates developments, imports homes and prints codes, all over HTTP.
//
// It refuses to touch a database (package removal does that), and knows the developer portal's addresses only.
package estate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// Company is a throw-away company with everything that a load test needs of it. Whoever has it can do what its
// administrator can.
type Company struct {
	Developer string `json:"developer"` // where the developer portal is called, such as https://staff.example.org
	Tenant    string `json:"tenant"`    // where the tenant portal is
	Name      string `json:"name"`
	Email     string `json:"email"` // the administrator's
	Password  string `json:"password"`

	Developments []string `json:"developments"` // their ids
	Homes        []Home   `json:"homes"`
	Used         int      `json:"used"` // how many of the homes, from the first, have been scanned by a run
}

// Home is a home with a code that nobody has used.
type Home struct {
	Code  string `json:"code"`
	Buyer string `json:"buyer"` // the address that the company has
}

// mostHomes are those of one development: as many as a large one has.
const mostHomes = 1000

// Open makes the password of a company's first administrator with the link that was mailed, and returns the company
// without homes. developer and tenant are where the portals are called, which need not be where the link leads.
func Open(ctx context.Context, developer, tenant, link string) (*Company, error) {
	u, err := url.Parse(link)
	if err != nil || path.Dir(u.Path) != "/password" {
		return nil, errors.New("this is not the link that company create mails: it ends in /password/ and 43 characters")
	}
	o := newOffice(developer)
	defer o.close()
	token := path.Base(u.Path)
	var about struct{ Company, Email string }
	if err := o.ask(ctx, "look at the link", http.MethodGet, "/api/password/"+token, nil, &about); err != nil {
		return nil, err
	}
	c := &Company{Developer: developer, Tenant: tenant, Name: about.Company, Email: about.Email, Password: strings.ToLower(rand.Text())}
	return c, o.ask(ctx, "choose a password", http.MethodPost, "/api/password/"+token, map[string]string{"password": c.Password}, nil)
}

// Build adds homes with fresh codes to the company, as many as it gets to if it fails. domain is where the buyers' addresses end: on an installation with a
// mail server, mail goes there. say hears what is being done.
func (c *Company) Build(ctx context.Context, homes int, domain string, say func(string)) error {
	o := newOffice(c.Developer)
	defer o.close()
	if err := o.signIn(ctx, c); err != nil {
		return err
	}
	for homes > 0 {
		n := min(homes, mostHomes)
		homes -= n
		name := "Load test " + rand.Text()[:6]
		say(fmt.Sprintf("%s: %d homes", name, n))
		id, err := o.create(ctx, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		c.Developments = append(c.Developments, id)
		fresh, err := o.furnish(ctx, id, name, n, domain)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		c.Homes = append(c.Homes, fresh...)
	}
	return nil
}

// Take is the next n homes that no run has used, which it marks as used.
func (c *Company) Take(n int) ([]Home, error) {
	if left := len(c.Homes) - c.Used; left < n {
		return nil, fmt.Errorf("%d homes are needed, one for each scan, and %d are left whose code is unused: prepare more with loadtest prepare --homes %d", n, left, n-left)
	}
	taken := c.Homes[c.Used : c.Used+n]
	c.Used += n
	return taken, nil
}
