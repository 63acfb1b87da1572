package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

// patience is how long a visitor waits for one answer: longer than a portal may take for any.
const patience = 30 * time.Second

// Client asks a portal on behalf of many visitors, as a proxy in front of it does: the connections are kept and shared,
// and X-Forwarded-For says who asks.
type Client struct {
	origin    string
	http      *http.Client
	transport *http.Transport
	first     uint32 // of the visitors' addresses
}

// NewClient asks the portal at origin, such as https://homes.example.org.
func NewClient(origin string) *Client {
	t := &http.Transport{
		// Else it would be the handshakes of its own that are measured.
		MaxIdleConnsPerHost: 1000, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: patience,
		DialContext: (&net.Dialer{Timeout: patience}).DialContext,
	}
	return &Client{
		origin: origin, transport: t, first: rand.Uint32(),
		http: &http.Client{Transport: t, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// Close gives the connections back.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Address is the one that visitor n comes from: 131,072 differ, all in the network that is set aside for measurements
// (RFC 2544). Another run begins with another one, so that it doesn't meet the limits of the one before.
func (c *Client) Address(n int) netip.Addr {
	at := c.first + uint32(n)
	return netip.AddrFrom4([4]byte{198, 18 + byte(at>>16&1), byte(at >> 8), byte(at)})
}

// Question is what a visitor asks.
type Question struct {
	Method, Path string
	Visitor      int
	Body         any    // sent as JSON, if there is any
	Key          string // the Idempotency-Key, if it isn't ""
	Want         int    // the status of a good answer
}

// Ask asks and reads the whole answer. cause is "" if the answer has the status that is wanted; status is 0 if there was
// no answer.
func (c *Client) Ask(ctx context.Context, q Question) (status int, body []byte, cause string) {
	var content io.Reader
	if q.Body != nil {
		text, err := json.Marshal(q.Body)
		if err != nil {
			return 0, nil, "a question that can't be written"
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, q.Method, c.origin+q.Path, content)
	if err != nil {
		return 0, nil, "an address that can't be called"
	}
	request.Header.Set("X-Forwarded-For", c.Address(q.Visitor).String())
	if content != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if q.Key != "" {
		request.Header.Set("Idempotency-Key", q.Key)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, nil, noAnswer(ctx, err)
	}
	defer response.Body.Close()
	if body, err = io.ReadAll(response.Body); err != nil {
		return response.StatusCode, nil, "cut short: " + noAnswer(ctx, err)
	}
	if response.StatusCode != q.Want {
		return response.StatusCode, body, refusal(response.StatusCode, body)
	}
	return response.StatusCode, body, ""
}

// refusal names an answer that wasn't wanted: its status, and the code if the portal gives one.
func refusal(status int, body []byte) string {
	var told struct{ Error struct{ Code string } }
	text := strconv.Itoa(status)
	if json.Unmarshal(body, &told) == nil && told.Error.Code != "" {
		text += " " + told.Error.Code
	}
	return text
}

// noAnswer names why there was no answer, without the address that the error carries.
func noAnswer(ctx context.Context, err error) string {
	var network net.Error
	switch {
	case ctx.Err() != nil:
		return "interrupted"
	case errors.As(err, &network) && network.Timeout():
		return "no answer within " + patience.String()
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection broken"
	}
	return "no connection"
}
