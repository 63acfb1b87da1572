package estate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"time"
)

const (
	answerLimit = 2 * time.Minute // an upload, or a download of a thousand codes, over a slow line
	workLimit   = 5 * time.Minute // a thousand homes imported, or their codes drawn, on a busy machine
	lookEvery   = 100 * time.Millisecond
)

// office is a member of staff at work, as a program.
type office struct {
	origin    string
	token     string
	http      *http.Client
	transport *http.Transport
}

func newOffice(origin string) *office {
	t := &http.Transport{}
	return &office{origin: origin, transport: t, http: &http.Client{
		Transport: t, Timeout: answerLimit, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (o *office) close() { o.transport.CloseIdleConnections() }

func (o *office) signIn(ctx context.Context, c *Company) error {
	var in struct{ Token string }
	err := o.ask(ctx, "sign in as "+c.Email, http.MethodPost, "/api/sign-in", map[string]string{"email": c.Email, "password": c.Password}, &in)
	if err == nil && in.Token == "" {
		err = fmt.Errorf("%s is staff of several companies: make the throw-away company with an address of its own", c.Email)
	}
	o.token = in.Token
	return err
}

// ask sends a question in JSON and reads the answer into answer, if that isn't nil.
func (o *office) ask(ctx context.Context, what, method, path string, question, answer any) error {
	var body []byte
	if question != nil {
		var err error
		if body, err = json.Marshal(question); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return o.send(ctx, what, method, path, "application/json", body, answer)
}

// upload sends a file as a form does.
func (o *office) upload(ctx context.Context, what, path, name string, content []byte, answer any) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = file.Write(content)
	}
	if err = errors.Join(err, form.Close()); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return o.send(ctx, what, http.MethodPost, path, form.FormDataContentType(), body.Bytes(), answer)
}

func (o *office) send(ctx context.Context, what, method, path, kind string, body []byte, answer any) error {
	content, err := o.exchange(ctx, what, method, path, kind, body)
	if err != nil || answer == nil {
		return err
	}
	if err := json.Unmarshal(content, answer); err != nil {
		return fmt.Errorf("%s: the answer is not what was expected: %w", what, err)
	}
	return nil
}

func (o *office) exchange(ctx context.Context, what, method, path, kind string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, o.origin+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s: %s is no address of a portal", what, o.origin)
	}
	if len(body) > 0 {
		request.Header.Set("Content-Type", kind)
	}
	request.Header.Set("Accept-Language", "en")
	if o.token != "" {
		request.Header.Set("Authorization", "Bearer "+o.token)
	}
	response, err := o.http.Do(request)
	if err != nil {
		// The address may hold a link's secret.
		return nil, fmt.Errorf("%s: no answer from the developer portal at %s: %w", what, o.origin, errors.Unwrap(err))
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s: the developer portal answers %d %.300s", what, response.StatusCode, bytes.TrimSpace(content))
	}
	return content, nil
}

// until asks again and again, until done says so or it takes too long.
func (o *office) until(ctx context.Context, what, path string, answer any, done func() bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, workLimit, fmt.Errorf("%s: it is not done after %v", what, workLimit))
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := o.ask(ctx, what, http.MethodGet, path, nil, answer); err != nil {
			return err
		}
	}
	return nil
}
