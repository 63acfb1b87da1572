package portal

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"openhouse.example/apps/tenant-portal/internal/pages"
)

// wantsEvents says whether a program asks for server-sent events.
func wantsEvents(r *http.Request) bool {
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		kind, _, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(kind), "text/event-stream") {
			return true
		}
	}
	return false
}

// sendEvents sends an answer as server-sent events: "emergency" first, if there is one; then of each source "quote" and
// "citation"; at the end "done" with the whole, which a program that wants nothing else can wait for. All of it is stored
// by then, so a client that hangs up finds it in the conversation.
func sendEvents(w http.ResponseWriter, e pages.Exchange) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy that collects answers would undo them
	h.Add("Vary", "Accept")
	w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w).Flush
	send := func(event string, data any) bool {
		text, err := json.Marshal(data) // on one line
		if err != nil {
			return false
		}
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, text); err != nil {
			return false // the client has gone
		}
		return flush() == nil
	}
	if e.Emergency != nil && !send("emergency", e.Emergency) {
		return
	}
	type quote struct {
		Place int    `json:"place"` // counted from 1
		Text  string `json:"text"`
	}
	type source struct {
		Place int `json:"place"`
		pages.Citation
	}
	for i, c := range e.Citations {
		if !send("quote", quote{i + 1, c.Quote}) || !send("citation", source{i + 1, c}) {
			return
		}
	}
	send("done", e)
}
