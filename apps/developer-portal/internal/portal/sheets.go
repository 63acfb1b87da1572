package portal

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// quickPrint is how long an answer waits for the work: a few cards are drawn by then.
const quickPrint = 800 * time.Millisecond

// ListSheets shows the prints of a development and asks for another: GET /developments/{development}/sheets?page=….
func (p *Portal) ListSheets(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "development")
	if err != nil {
		return err
	}
	return p.sheetsPage(w, r, who, id, http.StatusOK, nil)
}

func (p *Portal) sheetsPage(w http.ResponseWriter, r *http.Request, who store.Staff, id uuid.UUID, status int, wrong map[string]string) error {
	number, page, err := pageOf(r)
	if err != nil {
		return err
	}
	d, err := p.store.Development(r.Context(), who, id)
	if err != nil {
		return err
	}
	prints, err := p.store.Prints(r.Context(), who, id, page)
	if err != nil {
		return err
	}
	around := paging(r, number, prints.More)
	if web.WantsJSON(r) {
		return web.JSON(w, status, struct {
			Homes   int64             `json:"homes"`
			Coded   int64             `json:"withCode"`
			Address string            `json:"address"`
			Sheets  []store.PrintLine `json:"sheets"`
			Next    *string           `json:"next"`
		}{prints.Homes, prints.Coded, p.residents.Origin(), prints.List, next(around)})
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, status, pages.Sheets(pages.SheetsView{
		Frame: frame, Development: d, Prints: prints, Residents: p.residents, Reach: r.PostForm.Get("reach"), Errors: wrong, Paging: around,
	}))
}

// reaches are those that can be asked for on a development's page.
var reaches = []string{string(store.ReachDevelopment), string(store.ReachMissing)}

// PrintSheets replaces the codes of a development's homes and draws sheets with the new ones:
// POST /developments/{development}/sheets.
func (p *Portal) PrintSheets(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "development")
	if err != nil {
		return err
	}
	form, err := readInput(r, nil, "reach", "address")
	if err != nil {
		return err
	}
	in := input{form}
	reach := in.oneOf("reach", reaches)
	p.confirmed(in)
	err = in.Err()
	if wrong := web.Complaints(r.Context(), err); wrong != nil && !web.WantsJSON(r) {
		return p.sheetsPage(w, r, who, id, http.StatusUnprocessableEntity, wrong)
	}
	if err != nil {
		return err
	}
	return p.order(w, r, who, store.PrintOrder{Reach: store.Reach(reach), ID: id})
}

// RotateSheet replaces the codes of a print that still work: POST /sheets/{sheet}/rotate.
func (p *Portal) RotateSheet(w http.ResponseWriter, r *http.Request) error {
	return p.rotate(w, r, store.ReachBatch, "sheet")
}

// RotateHome replaces the code of a home, or makes its first one: POST /homes/{home}/code.
func (p *Portal) RotateHome(w http.ResponseWriter, r *http.Request) error {
	return p.rotate(w, r, store.ReachHome, "home")
}

func (p *Portal) rotate(w http.ResponseWriter, r *http.Request, reach store.Reach, name string) error {
	who, id, err := staffAnd(r, name)
	if err != nil {
		return err
	}
	form, err := readInput(r, nil, "address")
	if err != nil {
		return err
	}
	in := input{form}
	p.confirmed(in)
	if err := in.Err(); err != nil {
		return err
	}
	return p.order(w, r, who, store.PrintOrder{Reach: reach, ID: id})
}

// confirmed demands that the person has seen where the codes will lead: paper can't be corrected.
func (p *Portal) confirmed(in input) {
	switch typed := in.Line("address", 300); typed {
	case p.residents.Origin():
	case "":
		in.Fail("address", text.M("sheets.confirm-missing"))
	default:
		in.Fail("address", text.M("sheets.confirm-changed", p.residents.Origin()))
	}
}

// order has codes replaced and printed, and leads to where the sheets will be.
func (p *Portal) order(w http.ResponseWriter, r *http.Request, who store.Staff, o store.PrintOrder) error {
	o.Origin, o.Language = p.residents.Origin(), text.Lang(r.Context())[:2]
	intent := p.app.Intent(r)
	started, err := p.store.OrderPrint(r.Context(), who, intent, o)
	switch {
	case errors.Is(err, store.ErrNoHomes):
		return web.Conflict("no_homes", text.M("sheets.refused.no-homes"), err)
	case errors.Is(err, store.ErrTooManyHomes):
		return web.Conflict("too_many_homes", text.M("sheets.refused.too-many", store.MostPrinted), err)
	case errors.Is(err, store.ErrOtherPrint):
		return p.refusePrint(w, r, who, o, err)
	case err != nil:
		return err
	}
	p.prints.Start(who, intent, started.ID)
	p.prints.Wait(r.Context(), started.ID, quickPrint)
	if !web.WantsJSON(r) {
		http.Redirect(w, r, "/sheets/"+started.ID.String(), http.StatusSeeOther)
		return nil
	}
	print, err := p.store.Print(r.Context(), who, started.ID)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/sheets/"+started.ID.String())
	return web.JSON(w, http.StatusAccepted, printAnswer(r.Context(), print))
}

// refusePrint leads to the print that stands in the way, which is very likely the one that was asked for twice. It may
// have lost its process; then it would be in the way for ever.
func (p *Portal) refusePrint(w http.ResponseWriter, r *http.Request, who store.Staff, o store.PrintOrder, cause error) error {
	refused := web.Conflict("other_print", text.M("sheets.refused.other"), cause)
	development, err := p.developmentOf(r.Context(), who, o)
	if err != nil {
		return err
	}
	at, err := p.store.PrintAtWork(r.Context(), who, development)
	if err != nil { // it is done by now
		return refused
	}
	first, err := p.store.Print(r.Context(), who, at)
	if err != nil {
		return err
	}
	if first.Abandoned {
		p.prints.Start(who, p.app.Intent(r), at)
	}
	if web.WantsJSON(r) {
		return refused
	}
	p.done(w, r, "/sheets/"+at.String(), "sheets-at-work")
	return nil
}

func (p *Portal) developmentOf(ctx context.Context, who store.Staff, o store.PrintOrder) (uuid.UUID, error) {
	switch o.Reach {
	case store.ReachHome:
		h, err := p.store.Home(ctx, who, o.ID)
		return h.DevelopmentID, err
	case store.ReachBatch:
		b, err := p.store.Print(ctx, who, o.ID)
		return b.DevelopmentID, err
	}
	return o.ID, nil
}

// ShowSheet shows a print where it is: GET /sheets/{sheet}. One that lost its process is taken up again: that was asked
// for before, so it changes nothing that a person hasn't decided.
func (p *Portal) ShowSheet(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "sheet")
	if err != nil {
		return err
	}
	print, err := p.store.Print(r.Context(), who, id)
	if err != nil {
		return err
	}
	if print.Abandoned {
		p.prints.Start(who, p.app.Intent(r), id)
	}
	if web.WantsJSON(r) {
		return web.JSON(w, http.StatusOK, printAnswer(r.Context(), print))
	}
	return p.sheetPage(w, r, who, print, http.StatusOK)
}

func (p *Portal) sheetPage(w http.ResponseWriter, r *http.Request, who store.Staff, print store.Print, status int) error {
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	return web.Render(w, r, status, pages.Sheet(pages.SheetView{Frame: frame, Print: print, Residents: p.residents}))
}

// printJSON is a print as programs see it.
type printJSON struct {
	ID          uuid.UUID     `json:"id"`
	Development uuid.UUID     `json:"developmentId"`
	Reach       store.Reach   `json:"reach"`
	State       string        `json:"state"`
	Note        string        `json:"note"`
	Address     string        `json:"address"`
	Homes       int           `json:"homes"`
	Done        int           `json:"done"`
	Valid       int64         `json:"valid"`
	Scans       int64         `json:"scans"`
	CreatedAt   time.Time     `json:"createdAt"`
	CreatedBy   string        `json:"createdBy"`
	Unprintable string        `json:"unprintable"`
	Files       *printedFiles `json:"files"` // null unless they can be had
}

type printedFiles struct {
	Until time.Time `json:"until"`
	PDF   string    `json:"pdf"`
	ZIP   string    `json:"zip"`
}

func printAnswer(ctx context.Context, p store.Print) printJSON {
	a := printJSON{
		ID: p.ID, Development: p.DevelopmentID, Reach: p.Reach, State: p.State, Note: pages.PrintNote(ctx, p), Address: p.Origin, Homes: p.Homes,
		Done: p.Done, Valid: p.Valid, Scans: p.Scans, CreatedAt: p.CreatedAt, CreatedBy: p.CreatedBy, Unprintable: p.Unprintable,
	}
	if p.FilesUntil != nil {
		base := "/api/sheets/" + p.ID.String()
		a.Files = &printedFiles{*p.FilesUntil, base + "/" + pages.SheetsFile, base + "/" + pages.CodesFile}
	}
	return a
}
