package pages

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"openhouse.example/apps/developer-portal/internal/homecsv"
	"openhouse.example/apps/developer-portal/internal/importing"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
)

// UploadView is the page where a file of homes is given in.
type UploadView struct {
	Frame
	store.Development
	Imports []store.ImportLine
	Error   string // what is wrong with the file that was sent
}

// ImportRow is a row of the preview.
type ImportRow struct {
	Line     int
	Number   string // of the home, with its block
	Href     string // of the home, once there is one
	Home     homecsv.Home
	Changes  []homecsv.FieldChange
	Problems []homecsv.Problem
}

// ImportView is an import on its way.
type ImportView struct {
	Frame
	store.Import
	Findings importing.Findings
	Show     string // the rows in sight: one of the row states
	Rows     []ImportRow
	Paging   Paging
	Problem  string // why what was asked for could not be done
}

// steps are the stations of an import.
func (v ImportView) steps(ctx context.Context) ui.StepsProps {
	at := map[string]int{store.ImportUploaded: 1, store.ImportFailed: 1, store.ImportPreviewed: 1, store.ImportCommitting: 2, store.ImportCommitted: 3}
	return ui.StepsProps{
		Label: text.T(ctx, "import.steps"), Current: at[v.State],
		Items: []string{text.T(ctx, "import.step-upload"), text.T(ctx, "import.step-check"), text.T(ctx, "import.step-save")},
	}
}

// toCommit is how many homes the commit will make or change.
func (v ImportView) toCommit() int { return v.New + v.Changed }

// allWrong says that no row is left that could be saved.
func (v ImportView) allWrong() bool { return v.Errors > 0 && v.Errors == v.Total }

// progress is how far the work has come.
//
// text:keys import.working.*
func (v ImportView) progress(ctx context.Context) ui.ProgressProps {
	most := v.Total
	if v.State == store.ImportCommitting {
		most = v.toCommit()
	}
	p := ui.ProgressProps{Label: text.T(ctx, "import.working."+v.State), Value: min(v.Done, most), Max: most}
	if most > 0 {
		p.Text = text.T(ctx, "import.rows-of", p.Value, most)
	}
	return p
}

// rowTabs lead to the rows of each state that there are.
//
// text:keys import.show.*
func (v ImportView) rowTabs(ctx context.Context) []ui.TabItem {
	var items []ui.TabItem
	for _, t := range []struct {
		state string
		count int
	}{{store.RowNew, v.New}, {store.RowChanged, v.Changed}, {store.RowUnchanged, v.Unchanged}, {store.RowError, v.Errors}} {
		if t.count > 0 {
			items = append(items, ui.TabItem{
				Label: text.T(ctx, "import.show."+t.state), Count: t.count, Active: v.Show == t.state,
				Href: importPath(v.ID) + "?" + url.Values{"show": {t.state}}.Encode(),
			})
		}
	}
	return items
}

// FirstRows is the state of the rows that deserve a look first: what is wrong, then what changes.
func FirstRows(i store.Import) string {
	switch {
	case i.Errors > 0:
		return store.RowError
	case i.Changed > 0:
		return store.RowChanged
	case i.New > 0:
		return store.RowNew
	}
	return store.RowUnchanged
}

// note is what went wrong before this preview.
//
// text:keys import.note.*
func (v ImportView) note(ctx context.Context) string {
	if v.Problem != "" {
		return v.Problem
	}
	if v.Note == "" {
		return ""
	}
	return text.T(ctx, "import.note."+v.Note)
}

// fieldName names what a column holds.
//
// text:keys import.field.*
func fieldName(f homecsv.Field) text.Message { return text.M("import.field." + string(f)) }

func fieldOptions(ctx context.Context) []ui.Option {
	fields := homecsv.Fields()
	list := make([]ui.Option, len(fields))
	for i, f := range fields {
		list[i] = ui.Option{Value: string(f), Label: fieldName(f).In(ctx)}
	}
	return list
}

// ColumnName is the form field that gives a column its meaning.
func ColumnName(index int) string { return "column" + strconv.Itoa(index) }

func columnLabel(ctx context.Context, c homecsv.ColumnGuess) string {
	if c.Header == "" {
		return text.T(ctx, "import.column-unnamed", c.Index+1)
	}
	return visible(c.Header)
}

func columnHint(ctx context.Context, c homecsv.ColumnGuess) string {
	if len(c.Examples) == 0 {
		return text.T(ctx, "import.column-empty")
	}
	return text.T(ctx, "import.column-examples", visible(strings.Join(c.Examples, ", ")))
}

// readAs is how a date that can be read two ways is read.
func readAs(ctx context.Context, e homecsv.DateExample, order homecsv.DateOrder) string {
	iso := e.DayFirst
	if order == homecsv.MonthFirst {
		iso = e.MonthFirst
	}
	return isoDate(ctx, iso)
}

// isoDate is a date of the file in the reader's words.
func isoDate(ctx context.Context, iso string) string { return inWords(ctx, iso, text.Date) }

// isoDateShort is isoDate for a column.
func isoDateShort(ctx context.Context, iso string) string { return inWords(ctx, iso, text.DateShort) }

func inWords(ctx context.Context, iso string, words func(context.Context, time.Time) string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return words(ctx, t)
}

// value is one side of a change as people read it.
func value(ctx context.Context, f homecsv.Field, s string) string {
	switch {
	case s == "":
		return text.T(ctx, "import.blank")
	case f == homecsv.FieldHandoverDate:
		return isoDate(ctx, s)
	}
	return s
}

// separator names the character between the columns.
//
// text:keys import.separator.*
func separator(ctx context.Context, delimiter string) string {
	name := map[string]string{",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}[delimiter]
	if name == "" {
		return delimiter
	}
	return text.T(ctx, "import.separator."+name)
}

// newTypes lists the house types that will be made.
func (v ImportView) newTypes() string {
	names := make([]string, len(v.Findings.NewTypes))
	for i, t := range v.Findings.NewTypes {
		names[i] = TypeName(t.Code, t.Name)
	}
	return strings.Join(names, ", ")
}

// importState shows where an import is.
//
// text:keys import.state.*
func importState(ctx context.Context, state string) ui.BadgeProps {
	tone := map[string]ui.Tone{
		store.ImportUploaded: ui.Info, store.ImportPreviewed: ui.Warning, store.ImportCommitting: ui.Info,
		store.ImportCommitted: ui.Success, store.ImportFailed: ui.Danger,
	}[state]
	return ui.BadgeProps{Label: text.T(ctx, "import.state."+state), Tone: tone}
}
