package portal

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// undoJSON is what undoing an import would do, or why it can't be done, as programs see it.
type undoJSON struct {
	Possible bool `json:"possible"`
	store.Undo
	Code    string               `json:"code,omitempty"` // why not
	Message string               `json:"message,omitempty"`
	LaterID *uuid.UUID           `json:"laterImportId,omitempty"`
	Homes   []store.HomeInTheWay `json:"homes,omitempty"` // the first of those in the way
	Total   int                  `json:"homesInTheWay,omitempty"`
}

// undoRefusal says why an import can't be undone; ok is false for any other error.
func undoRefusal(cause error) (code string, why text.Message, ok bool) {
	var refused *store.UndoRefused
	switch {
	case errors.Is(cause, store.ErrChanged):
		return "changed", text.M("undo.refused.changed"), true
	case errors.Is(cause, store.ErrOtherImport):
		return "other_import", text.M("undo.refused.other"), true
	case errors.As(cause, &refused) && refused.Later != nil:
		return "later_import", text.M("undo.refused.later"), true
	case errors.As(cause, &refused):
		return "homes_in_the_way", text.M("undo.refused.homes", refused.Total), true
	}
	return "", text.Message{}, false
}

// ShowUndo says what undoing an import would do, and asks: GET /imports/{import}/undo.
func (p *Portal) ShowUndo(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "import")
	if err != nil {
		return err
	}
	plan, err := p.store.PlanUndo(r.Context(), who, id)
	if err != nil {
		return p.refuseUndo(w, r, who, id, http.StatusOK, err)
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, undoJSON{Possible: true, Undo: plan})
	}
	view, err := p.undoView(w, r, who, id)
	if err != nil {
		return err
	}
	view.Plan = plan
	return web.Render(w, r, http.StatusOK, pages.Undo(view))
}

// Undo takes a committed import back: POST /imports/{import}/undo.
func (p *Portal) Undo(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "import")
	if err != nil {
		return err
	}
	if _, err := readInput(r, nil); err != nil {
		return err
	}
	done, _, err := p.store.UndoImport(r.Context(), who, p.app.Intent(r), id)
	if err != nil {
		return p.refuseUndo(w, r, who, id, http.StatusConflict, err)
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, done)
	}
	p.done(w, r, "/imports/"+id.String(), "import-undone")
	return nil
}

// refuseUndo says why an import can't be undone; any other error goes on.
func (p *Portal) refuseUndo(w http.ResponseWriter, r *http.Request, who store.Staff, id uuid.UUID, status int, cause error) error {
	code, why, ok := undoRefusal(cause)
	if !ok {
		return cause
	}
	var refused store.UndoRefused
	if found := (*store.UndoRefused)(nil); errors.As(cause, &found) {
		refused = *found
	}
	if web.WantsJSON(r) {
		if status == http.StatusConflict {
			return web.Conflict(code, why, cause)
		}
		return web.JSON(w, status, undoJSON{
			Code: code, Message: why.In(r.Context()), LaterID: refused.Later, Homes: refused.Homes, Total: refused.Total,
		})
	}
	view, err := p.undoView(w, r, who, id)
	if err != nil {
		return err
	}
	view.Why, view.Refused = why.In(r.Context()), refused
	return web.Render(w, r, status, pages.Undo(view))
}

func (p *Portal) undoView(w http.ResponseWriter, r *http.Request, who store.Staff, id uuid.UUID) (pages.UndoView, error) {
	i, err := p.store.Import(r.Context(), who, id)
	if err != nil {
		return pages.UndoView{}, err
	}
	frame, err := p.frame(w, r, who)
	return pages.UndoView{Frame: frame, Import: i}, err
}
