package pages

import (
	"context"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
)

// The names of a print's files in addresses.
const (
	SheetsFile = "sheets.pdf"
	CodesFile  = "codes.zip"
)

func sheetsPath(development uuid.UUID) string { return developmentPath(development) + "/sheets" }
func sheetPath(id uuid.UUID) string           { return "/sheets/" + id.String() }

// SheetsView is the page of a development's prints.
type SheetsView struct {
	Frame
	store.Development
	Prints    store.Prints
	Residents web.PublicURL // where codes lead
	Reach     string        // as chosen before, "" = not yet
	Errors    map[string]string
	Paging    Paging
}

func (v SheetsView) missing() int64 { return v.Prints.Homes - v.Prints.Coded }

// choices are what can be printed; with none of a kind there is nothing to choose.
func (v SheetsView) choices(ctx context.Context) []ui.Option {
	all := ui.Option{Value: string(store.ReachDevelopment), Label: text.T(ctx, "sheets.all", v.Prints.Homes)}
	if v.Prints.Coded > 0 {
		all.Hint = text.T(ctx, "sheets.all-hint", v.Prints.Coded)
	}
	if v.Prints.Coded == 0 || v.missing() == 0 {
		return []ui.Option{all}
	}
	missing := ui.Option{
		Value: string(store.ReachMissing), Label: text.T(ctx, "sheets.missing", v.missing()), Hint: text.T(ctx, "sheets.missing-hint"),
	}
	return []ui.Option{missing, all}
}

// chosen is what is chosen before anybody has chosen: what ends no code.
func (v SheetsView) chosen(options []ui.Option) string {
	for _, o := range options {
		if o.Value == v.Reach {
			return v.Reach
		}
	}
	return options[0].Value
}

// SheetView is one print.
type SheetView struct {
	Frame
	store.Print
	Residents web.PublicURL
}

func (v SheetView) inWork() bool { return v.State == store.PrintWorking }

func (v SheetView) progress(ctx context.Context) ui.ProgressProps {
	done := min(v.Done, v.Homes)
	return ui.ProgressProps{
		Label: text.T(ctx, "sheet.working"), Value: done, Max: v.Homes, Text: text.T(ctx, "sheet.cards-of", done, v.Homes),
	}
}

// PrintNote is why a print has failed, "" if it hasn't.
//
// text:keys sheet.note.*
func PrintNote(ctx context.Context, p store.Print) string {
	if p.Note == "" {
		return ""
	}
	return text.T(ctx, "sheet.note."+p.Note)
}

// elsewhere says that the codes lead to another address than those that would be printed now.
func elsewhere(origin string, now web.PublicURL) bool { return origin != "" && origin != now.Origin() }

// printState shows what has become of a print.
//
// text:keys sheet.state.*
func printState(ctx context.Context, state string, valid int64) ui.BadgeProps {
	tone := map[string]ui.Tone{store.PrintWorking: ui.Info, store.PrintReady: ui.Success, store.PrintFailed: ui.Danger}[state]
	if state == store.PrintReady && valid == 0 {
		state, tone = "ended", ui.Neutral
	}
	return ui.BadgeProps{Label: text.T(ctx, "sheet.state."+state), Tone: tone}
}

// text:keys sheet.reach.*
func printReach(ctx context.Context, reach store.Reach) string {
	return text.T(ctx, "sheet.reach."+string(reach))
}

// HomeCodeView is the printed code of a home, for those who may replace it.
type HomeCodeView struct {
	store.HomeCode
	Residents web.PublicURL
}

// text:keys code.state.*
func codeState(ctx context.Context, state string) ui.BadgeProps {
	tone := map[string]ui.Tone{store.CodeValid: ui.Success, store.CodeEnded: ui.Warning}[state]
	return ui.BadgeProps{Label: text.T(ctx, "code.state."+state), Tone: tone}
}

func sheetsFrame(ctx context.Context, v SheetsView) ui.Page {
	p := inside(ctx, v.Frame, text.T(ctx, "sheet.title", v.Development.Name), navDevelopments,
		crumbs(ctx, v.Development.Name, developmentPath(v.ID), text.T(ctx, "sheets.tab"), "")...)
	p.Invalid = len(v.Errors) > 0
	return p
}

func sheetFrame(ctx context.Context, v SheetView) ui.Page {
	trail := crumbs(ctx, v.Print.Development, developmentPath(v.DevelopmentID), text.T(ctx, "sheets.tab"), sheetsPath(v.DevelopmentID),
		text.DateTime(ctx, v.CreatedAt), "")
	p := inside(ctx, v.Frame, text.T(ctx, "sheet.title", v.Print.Development), navDevelopments, trail...)
	if v.inWork() {
		p.Refresh = refreshEvery
	}
	return p
}
