package portal

import (
	"net/http"
	"time"

	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
)

// A flash is a message for the next page. It travels as a word in a cookie, so that it is shown once, and only words
// that are known become messages.
const flashCookie = "oh_flash"

// text:keys flash.*
var flashes = map[string]bool{
	"development-created": true, "development-saved": true, "home-saved": true, "link-sent": true, "import-discarded": true, "sheets-at-work": true,
	"password-set": true, "invited": true, "member-saved": true, "member-disabled": true, "member-enabled": true, "import-undone": true, "person-erased": true,
	"request-approved": true, "request-rejected": true, "moved-out": true, "let-back-in": true, "resold": true,
	"notice-created": true, "notice-saved": true, "notice-published": true, "notice-unpublished": true, "notice-ended": true, "notice-resumed": true,
	"question-answered": true, "faq-published": true, "faq-saved": true, "faq-withdrawn": true,
	"documents-uploaded": true, "document-saved": true, "document-archived": true, "document-unarchived": true, "document-queued": true, "version-added": true,
}

// done leads on to path, where the message is shown.
func (p *Portal) done(w http.ResponseWriter, r *http.Request, path, flash string) {
	http.SetCookie(w, p.flashCookie(flash, time.Minute))
	http.Redirect(w, r, path, http.StatusSeeOther)
}

func (p *Portal) flashCookie(value string, life time.Duration) *http.Cookie {
	c := &http.Cookie{
		Name: flashCookie, Value: value, Path: "/", HttpOnly: true, Secure: p.app.PublicURL.Secure(), SameSite: http.SameSiteLaxMode,
		MaxAge: int(life.Seconds()),
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// takeFlash is the message that was left for this page, which takes it away.
func (p *Portal) takeFlash(w http.ResponseWriter, r *http.Request) *ui.Flash {
	c, err := r.Cookie(flashCookie)
	if err != nil {
		return nil
	}
	http.SetCookie(w, p.flashCookie("", 0))
	if !flashes[c.Value] {
		return nil
	}
	return &ui.Flash{Tone: ui.Success, Text: text.T(r.Context(), "flash."+c.Value)}
}
