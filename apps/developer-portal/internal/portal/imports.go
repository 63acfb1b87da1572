package portal

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/homecsv"
	"openhouse.example/apps/developer-portal/internal/importing"
	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

var rowStates = []string{store.RowNew, store.RowChanged, store.RowUnchanged, store.RowError}

// ShowImport shows an import where it is: GET /imports/{import}?show=…&page=…. One that lost its process is taken up
// again: that was asked for before, so it changes nothing that a person hasn't decided.
func (p *Portal) ShowImport(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "import")
	if err != nil {
		return err
	}
	i, err := p.store.Import(r.Context(), who, id)
	if err != nil {
		return err
	}
	if i.Abandoned && may(who, auth.RunImports) {
		p.imports.Start(who, p.app.Intent(r), id)
	}
	return p.importPage(w, r, who, i, http.StatusOK, "")
}

// importPage shows an import. problem says why what was asked for could not be done.
func (p *Portal) importPage(w http.ResponseWriter, r *http.Request, who store.Staff, i store.Import, status int, problem string) error {
	number, page, err := pageOf(r)
	if err != nil {
		return err
	}
	show := r.URL.Query().Get("show")
	switch {
	case show == "":
		show = pages.FirstRows(i)
	case !slices.Contains(rowStates, show):
		return web.Invalid(map[string]text.Message{"show": web.MsgChoose})
	}
	var rows []store.ImportRow
	if i.State == store.ImportPreviewed || i.State == store.ImportCommitted {
		if rows, err = p.store.ImportRows(r.Context(), who, i.ID, show, page); err != nil {
			return err
		}
	}
	total := map[string]int{store.RowNew: i.New, store.RowChanged: i.Changed, store.RowUnchanged: i.Unchanged, store.RowError: i.Errors}[show]
	around := counted(r, number, len(rows), total)
	if web.WantsJSON(r) {
		answer, err := importAnswer(r.Context(), i)
		if err != nil {
			return err
		}
		answer.Withheld = withheld(who, auth.RunImports)
		if len(answer.Withheld) == 0 {
			answer.Show, answer.Next = show, next(around)
		}
		if answer.List, err = rowAnswers(r.Context(), rows); err != nil {
			return err
		}
		return web.JSON(w, status, answer)
	}
	frame, err := p.frame(w, r, who)
	if err != nil {
		return err
	}
	view := pages.ImportView{Frame: frame, Import: i, Show: show, Paging: around, Problem: problem}
	if view.Findings, err = importing.ReadFindings(i.Findings); err != nil {
		return err
	}
	if view.Rows, err = rowPages(rows); err != nil {
		return err
	}
	return web.Render(w, r, status, pages.Import(view))
}

// ChangeSettings has a file read in another way: POST /imports/{import}/settings.
func (p *Portal) ChangeSettings(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "import")
	if err != nil {
		return err
	}
	i, err := p.store.Import(r.Context(), who, id)
	if err != nil {
		return err
	}
	found, err := importing.ReadFindings(i.Findings)
	if err != nil {
		return err
	}
	mapping, err := importing.ReadMapping(i.Mapping)
	if err != nil {
		return err
	}
	names := []string{"version", "dateOrder"}
	for _, c := range found.Columns {
		names = append(names, pages.ColumnName(c.Index))
	}
	form, err := readInput(r, nil, names...)
	if err != nil {
		return err
	}
	in := input{form}
	set := store.ImportSettings{DateOrder: i.DateOrder}
	if in.Has("dateOrder") {
		set.DateOrder = in.oneOf("dateOrder", []string{string(homecsv.DayFirst), string(homecsv.MonthFirst)})
	}
	// A column that isn't in the form keeps its meaning: the buttons for the order of dates send no columns.
	for _, c := range found.Columns {
		name := pages.ColumnName(c.Index)
		if _, sent := r.PostForm[name]; !sent {
			continue
		}
		field := homecsv.Field(in.Line(name, 40))
		if field != "" && !slices.Contains(homecsv.Fields(), field) {
			in.Fail(name, web.MsgChoose)
		}
		if mapping == nil {
			mapping = importing.Mapping{}
		}
		mapping[c.Index] = field
	}
	version := in.version("version")
	if err := in.Err(); err != nil {
		return err
	}
	if set.Mapping, err = mapping.JSON(); err != nil {
		return err
	}
	intent := p.app.Intent(r)
	if _, err := p.store.RestartImport(r.Context(), who, intent, id, version, set); err != nil {
		return p.refuseImport(w, r, who, id, err)
	}
	p.imports.Start(who, intent, id)
	p.imports.Wait(r.Context(), id, quickImport)
	return p.toImport(w, r, who, id, http.StatusAccepted)
}

// Commit makes and changes the homes of a preview: POST /imports/{import}/commit.
func (p *Portal) Commit(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "import")
	if err != nil {
		return err
	}
	form, err := readInput(r, nil, "version")
	if err != nil {
		return err
	}
	in := input{form}
	version := in.version("version")
	if err := in.Err(); err != nil {
		return err
	}
	intent := p.app.Intent(r)
	_, began, err := p.store.BeginCommit(r.Context(), who, intent, id, version)
	if err != nil {
		return p.refuseImport(w, r, who, id, err)
	}
	if began {
		p.imports.Start(who, intent, id)
	}
	p.imports.Wait(r.Context(), id, quickImport)
	return p.toImport(w, r, who, id, http.StatusAccepted)
}

// Discard removes an import that has changed nothing: POST /imports/{import}/discard.
func (p *Portal) Discard(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "import")
	if err != nil {
		return err
	}
	if _, err := readInput(r, nil); err != nil {
		return err
	}
	development, err := p.store.DiscardImport(r.Context(), who, p.app.Intent(r), id)
	switch {
	case err != nil:
		return p.refuseImport(w, r, who, id, err)
	case web.WantsJSON(r):
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	p.done(w, r, "/developments/"+development.String()+"/import", "import-discarded")
	return nil
}

// refuseImport shows the import as it is now, and why what was asked for could not be done.
func (p *Portal) refuseImport(w http.ResponseWriter, r *http.Request, who store.Staff, id uuid.UUID, cause error) error {
	var word text.Message
	var code string
	switch {
	case errors.Is(cause, store.ErrChanged):
		word, code = text.M("import.refused.changed"), "changed"
	case errors.Is(cause, store.ErrOtherImport):
		word, code = text.M("import.refused.other"), "other_import"
	default:
		return cause
	}
	i, err := p.store.Import(r.Context(), who, id)
	if err != nil {
		return err
	}
	if code == "other_import" {
		// The one in the way may have lost its process; then it would be in the way for ever.
		if first, err := p.store.BlockingImport(r.Context(), who, i.DevelopmentID); err == nil && first.Abandoned {
			p.imports.Start(who, p.app.Intent(r), first.ID)
		}
	}
	if web.WantsJSON(r) {
		return web.Conflict(code, word, cause)
	}
	return p.importPage(w, r, who, i, http.StatusConflict, word.In(r.Context()))
}

// errorRows is how many bad rows a file to correct can have: all that a file can have.
var errorRows = store.Page{Size: homecsv.MaxRows}

// ImportErrors is a file with the rows that could not be imported, to be corrected and imported again:
// GET /imports/{import}/errors.csv.
func (p *Portal) ImportErrors(w http.ResponseWriter, r *http.Request) error {
	who, id, err := staffAnd(r, "import")
	if err != nil {
		return err
	}
	i, err := p.store.Import(r.Context(), who, id)
	if err != nil {
		return err
	}
	found, err := importing.ReadFindings(i.Findings)
	if err != nil {
		return err
	}
	staged, err := p.store.ImportRows(r.Context(), who, id, store.RowError, errorRows)
	if err != nil {
		return err
	}
	rows := make([]homecsv.Row, len(staged))
	for n, s := range staged {
		data, problems, err := stagedRow(s)
		if err != nil {
			return err
		}
		rows[n] = homecsv.Row{Line: s.Line, Home: data.Home, Problems: problems, Cells: data.Cells}
	}
	var file bytes.Buffer
	say := func(p homecsv.Problem) string { return pages.Problem(r.Context(), p) }
	if err := homecsv.ErrorFile(&file, found.Header, i.Delimiter, rows, say); err != nil {
		return err
	}
	name := strings.TrimSuffix(i.FileName, ".csv") + "-errors.csv"
	return web.SendWhole(w, r, web.File{Name: name, Type: "text/csv"}, file.Bytes())
}
