package portal

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// ShowPerson shows a resident with their homes, sessions and requests: GET /residents/{resident}.
func (p *Portal) ShowPerson(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "resident")
	if err != nil {
		return err
	}
	person, err := p.store.Person(r.Context(), who, id)
	if err != nil {
		return err
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, person)
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, pages.Person(pages.PersonView{Frame: frame, Person: person}))
}

// ExportPerson sends all that is stored about a resident as one JSON file: POST /residents/{resident}/export.
func (p *Portal) ExportPerson(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "resident")
	if err != nil {
		return err
	}
	if _, err := readInput(r, nil); err != nil { // no fields
		return err
	}
	intent := p.app.Intent(r)
	intent.Key = "" // each copy that leaves the portal has its entry
	rows, err := p.store.ExportPerson(r.Context(), who, intent, id)
	if err != nil {
		return err
	}
	file, err := json.MarshalIndent(struct {
		Readme     string           `json:"readme"`
		ExportedAt time.Time        `json:"exportedAt"`
		Tables     store.PersonRows `json:"tables"`
	}{text.T(r.Context(), "person.export-readme"), p.now().UTC().Truncate(time.Second), rows}, "", "  ")
	if err != nil {
		return err
	}
	return web.SendWhole(w, r, web.File{Name: "person-" + id.String() + ".json", Type: "application/json"}, append(file, '\n'))
}

// AskErase asks whether a resident shall be erased: GET /residents/{resident}/erase.
func (p *Portal) AskErase(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "resident")
	if err != nil {
		return err
	}
	return p.askErase(w, r, who, id, http.StatusOK, pages.EraseForm{Buyer: true})
}

func (p *Portal) askErase(w http.ResponseWriter, r *http.Request, who store.Staff, id uuid.UUID, status int, f pages.EraseForm) (err error) {
	if f.Person, err = p.store.Person(r.Context(), who, id); err != nil {
		return err
	}
	if f.Frame, err = p.frame(w, r, who); err != nil {
		return err
	}
	return web.Render(w, r, status, pages.Erase(f))
}

// ErasePerson takes away all that is stored about a resident, for good: POST /residents/{resident}/erase with their
// address, and with buyer=false to keep what sales records say. A form leaves buyer out for that, as a box without a
// tick is left out.
func (p *Portal) ErasePerson(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "resident")
	if err != nil {
		return err
	}
	read, err := readInput(r, map[string][]string{"buyer": {"true"}}, "address", "buyer")
	if err != nil {
		return err
	}
	in := input{read}
	erasure := store.Erasure{Typed: in.email("address"), Buyer: in.Has("buyer") && in.oneOf("buyer", []string{"true", "false"}) == "true"}
	in.Require("address")
	var done store.Erased
	if err = in.Err(); err == nil {
		if done, err = p.store.ErasePerson(r.Context(), who, p.app.Intent(r), id, erasure); errors.Is(err, store.ErrTyped) {
			err = web.Invalid(map[string]text.Message{"address": text.M("erase.differs")})
		}
	}
	complaints := web.Complaints(r.Context(), err)
	switch {
	case complaints != nil && !web.WantsJSON(r):
		return p.askErase(w, r, who, id, http.StatusUnprocessableEntity, pages.EraseForm{
			Typed: r.PostForm.Get("address"), Buyer: slices.Contains(r.PostForm["buyer"], "true"), Errors: complaints,
		})
	case err != nil:
		return err
	case web.WantsJSON(r):
		return web.JSON(w, http.StatusOK, done)
	}
	p.done(w, r, "/audit?object="+id.String(), "person-erased")
	return nil
}
