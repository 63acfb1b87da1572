package portal

import (
	"errors"
	"net/http"
	"net/netip"
	"regexp"
	"strings"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/platform"
	"openhouse.example/packages/web"
)

// OnThisMachine serves h to browsers on the portal's own machine; for everybody else the page doesn't exist. The mail in
// the outbox opens homes, and a portal in development may listen on a network.
func OnThisMachine(h web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !onThisMachine(r) {
			return web.NotFound()
		}
		return h(w, r)
	}
}

// onThisMachine asks for a loopback address of the client, and of everybody for whom a proxy says that it passes the
// request on: one that TRUSTED_PROXIES doesn't name has a loopback address itself.
func onThisMachine(r *http.Request) bool {
	if !web.ClientIP(r).IsLoopback() {
		return false
	}
	for _, hops := range r.Header.Values("X-Forwarded-For") {
		for hop := range strings.SplitSeq(hops, ",") {
			if a, err := netip.ParseAddr(strings.TrimSpace(hop)); err != nil || !a.Unmap().IsLoopback() {
				return false
			}
		}
	}
	return true
}

// recentMail is the company's mail, of all its developments: for who sees only some of them there is no such page.
func (p *Portal) recentMail(r *http.Request, who store.Staff) ([]platform.QueuedMail, error) {
	mail, err := p.store.Outbox(r.Context(), who)
	if errors.Is(err, store.ErrLimited) {
		return nil, web.NotFound()
	}
	return mail, err
}

// ShowOutbox lists the newest mail of the company: GET /outbox, in development only.
func (p *Portal) ShowOutbox(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	mail, err := p.recentMail(r, who)
	if err != nil {
		return err
	}
	if web.WantsJSON(r) {
		type line struct {
			ID      string `json:"id"`
			To      string `json:"to"`
			Subject string `json:"subject"`
			Body    string `json:"body"`
		}
		list := make([]line, len(mail))
		for i, m := range mail {
			list[i] = line{m.ID.String(), m.To, m.Subject, m.Body}
		}
		return web.JSON(w, http.StatusOK, map[string][]line{"mail": list})
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	view := pages.OutboxView{Frame: frame}
	for _, m := range mail {
		view.List = append(view.List, mailPage(m))
	}
	return web.Render(w, r, http.StatusOK, pages.Outbox(view))
}

// ShowMail shows one message: GET /outbox/{mail}, in development only.
func (p *Portal) ShowMail(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "mail")
	if err != nil {
		return err
	}
	mail, err := p.recentMail(r, who)
	if err != nil {
		return err
	}
	for _, m := range mail {
		if m.ID == id {
			frame, err := p.frame(w, r, who)
			if err != nil {
				return err
			}
			return web.Render(w, r, http.StatusOK, pages.OneMail(pages.MailView{Frame: frame, Mail: mailPage(m)}))
		}
	}
	return web.NotFound()
}

var webAddress = regexp.MustCompile(`https?://[^\s<>"]+`)

// mailPage is a message with its addresses made links.
func mailPage(m platform.QueuedMail) pages.Mail {
	out := pages.Mail{ID: m.ID.String(), To: m.To, Subject: m.Subject, At: m.CreatedAt}
	for paragraph := range strings.SplitSeq(strings.TrimSpace(m.Body), "\n\n") {
		var lines [][]pages.MailPart
		for line := range strings.SplitSeq(paragraph, "\n") {
			lines = append(lines, linked(line))
		}
		out.Body = append(out.Body, lines)
	}
	return out
}

func linked(line string) []pages.MailPart {
	var parts []pages.MailPart
	at := 0
	for _, found := range webAddress.FindAllStringIndex(line, -1) {
		if found[0] > at {
			parts = append(parts, pages.MailPart{Text: line[at:found[0]]})
		}
		address := line[found[0]:found[1]]
		parts = append(parts, pages.MailPart{Text: address, Href: address})
		at = found[1]
	}
	if at < len(line) {
		parts = append(parts, pages.MailPart{Text: line[at:]})
	}
	return parts
}
