package selfcheck

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// question is a request as it goes over the wire.
type question struct {
	method, target string // target: path and query, spelled as they are sent
	token          string
	site           string // what a browser says about where it comes from; "" for a program
	api            bool   // wants JSON
	header         [][2]string
	body, kind     string // kind: of the body
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// mostRead is how much of an answer is read.
const mostRead = 4 << 20

var ids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// ask sends a question, again if the portal or what stands in front of it has no time now. Nobody follows a redirect,
// and no cookie is kept.
func (s *site) ask(ctx context.Context, q question) (answer, error) {
	for try := 1; ; try++ {
		a, err := s.askOnce(ctx, q)
		switch a.status {
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		default:
			return a, err
		}
		if try == mostTries {
			return a, fmt.Errorf("%s %s is answered %d again and again: ask when the portal has time", q.method, route(q.target), a.status)
		}
		select {
		case <-time.After(pauseBetween):
		case <-ctx.Done():
			return a, ctx.Err()
		}
	}
}

const (
	mostTries    = 4
	pauseBetween = time.Second
)

func (s *site) askOnce(ctx context.Context, q question) (answer, error) {
	limited, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	base, err := url.Parse(s.URL.Origin())
	if err != nil {
		return answer{}, err
	}
	var body io.Reader
	if q.body != "" {
		body = strings.NewReader(q.body)
	}
	r, err := http.NewRequestWithContext(limited, q.method, s.URL.Origin(), body)
	if err != nil {
		return answer{}, err
	}
	// Opaque is sent as it is: nothing is cleaned on the way.
	r.URL = &url.URL{Scheme: base.Scheme, Host: base.Host, Opaque: q.target}
	if strings.HasPrefix(q.target, "//") {
		r.URL.Opaque = "//" + base.Host + q.target
	}
	r.Header.Set("User-Agent", "openhouse-selfcheck")
	r.Header.Set("Accept", "text/html")
	if q.api {
		r.Header.Set("Accept", "application/json")
	}
	if q.kind != "" {
		r.Header.Set("Content-Type", q.kind)
	}
	if q.site != "" {
		r.Header.Set("Sec-Fetch-Site", q.site)
	}
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	for _, h := range q.header {
		r.Header.Set(h[0], h[1])
	}
	response, err := s.client.RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{status: response.StatusCode, header: response.Header}
	if a.body, err = io.ReadAll(io.LimitReader(response.Body, mostRead)); err != nil {
		return answer{}, err
	}
	s.cookies(q, a)
	return a, nil
}

// signIn says that an answer leads to the form where one signs in.
func (a answer) signIn() bool {
	return a.status == http.StatusSeeOther && strings.HasPrefix(a.header.Get("Location"), "/sign-in")
}

// inParallel does a few tasks at once, and ends with the first error.
func inParallel(ctx context.Context, tasks []func() error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan func() error)
	var working sync.WaitGroup
	for range atOnce {
		working.Go(func() {
			for task := range queue {
				if err := task(); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, task := range tasks {
		select {
		case queue <- task:
		case <-ctx.Done():
		}
	}
	close(queue)
	working.Wait()
	return context.Cause(ctx)
}
