package portal

import (
	"net/http"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/web"
)

// personOfHome is who asks, and the home and the person in the route's pattern.
func personOfHome(r *http.Request) (who store.Staff, home, resident uuid.UUID, err error) {
	if who, home, err = staffAnd(r, "home"); err != nil {
		return who, home, resident, err
	}
	resident, err = web.PathID(r, "resident")
	return who, home, resident, err
}

// AskMovedOut says what ends when somebody moves out, and asks: GET /homes/{home}/residents/{resident}/moved-out.
func (p *Portal) AskMovedOut(w http.ResponseWriter, r *http.Request) error {
	who, home, resident, err := personOfHome(r)
	if err != nil {
		return err
	}
	v, err := p.store.PersonOfHome(r.Context(), who, home, resident)
	if err != nil {
		return err
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.MovedOut(pages.MovedOutView{Frame: frame, PersonOfHome: v}))
}

// MovedOut ends somebody's life in a home: POST /homes/{home}/residents/{resident}/moved-out.
func (p *Portal) MovedOut(w http.ResponseWriter, r *http.Request) error {
	who, home, resident, err := personOfHome(r)
	if err != nil {
		return err
	}
	if _, err := readInput(r, nil); err != nil { // no fields but the idempotency key, which the intent needs
		return err
	}
	done, err := p.store.MoveOut(r.Context(), who, p.app.Intent(r), home, resident)
	switch {
	case err != nil:
		return err
	case web.WantsJSON(r):
		return web.JSON(w, http.StatusOK, done)
	}
	p.done(w, r, "/homes/"+home.String(), "moved-out")
	return nil
}

// LetBackIn takes it back that somebody moved out: POST /homes/{home}/residents/{resident}/back.
func (p *Portal) LetBackIn(w http.ResponseWriter, r *http.Request) error {
	who, home, resident, err := personOfHome(r)
	if err != nil {
		return err
	}
	if _, err := readInput(r, nil); err != nil { // no fields but the idempotency key, which the intent needs
		return err
	}
	done, err := p.store.LetBackIn(r.Context(), who, p.app.Intent(r), home, resident)
	switch {
	case err != nil:
		return decisionRefusal(r.Context(), err)
	case web.WantsJSON(r):
		return web.JSON(w, http.StatusOK, done)
	}
	p.done(w, r, "/homes/"+home.String(), "let-back-in")
	return nil
}
