package uitest

import (
	"fmt"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// witness keeps what the browser reports about one page.
type witness struct {
	mu    sync.Mutex
	where string
	bytes int64
	said  []string
	urls  map[network.RequestID]string
	pages map[string]bool // addresses of whole pages
}

func newWitness() *witness {
	return &witness{urls: map[network.RequestID]string{}, pages: map[string]bool{}}
}

// start begins again with another address.
func (w *witness) start(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.where, w.bytes, w.said = address, 0, nil
}

func (w *witness) address() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.where
}

func (w *witness) problems() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.said...)
}

func (w *witness) transferred() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.bytes
}

// note is called by the browser with every event of the page.
func (w *witness) note(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		w.entry(e.Entry)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			var words []string
			for _, a := range e.Args {
				words = append(words, string(a.Value)+a.Description)
			}
			w.say("console", strings.Join(words, " "))
		}
	case *runtime.EventExceptionThrown:
		w.say("exception", e.ExceptionDetails.Error())
	case *network.EventRequestWillBeSent:
		w.urls[e.RequestID] = e.Request.URL
		if e.Type == network.ResourceTypeDocument {
			w.pages[e.Request.URL] = true
		}
	case *network.EventLoadingFinished:
		w.bytes += int64(e.EncodedDataLength)
	case *network.EventLoadingFailed:
		if !e.Canceled {
			w.say("network", e.ErrorText+" "+w.urls[e.RequestID])
		}
	}
}

// entry takes a line of the browser's log. That a page was answered with an
// error status is no news: error pages are pages too.
func (w *witness) entry(e *log.Entry) {
	if e.Level != log.LevelError && e.Level != log.LevelWarning {
		return
	}
	if e.Source == log.SourceNetwork && w.pages[e.URL] {
		return
	}
	w.say(e.Source.String(), e.Text+" "+e.URL)
}

func (w *witness) say(source, text string) {
	w.said = append(w.said, fmt.Sprintf("%s: %s", source, strings.TrimSpace(text)))
}
