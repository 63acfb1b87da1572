package ui_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	return renderIn(t, t.Context(), c)
}

func renderIn(t *testing.T, ctx context.Context, c templ.Component) string {
	t.Helper()
	var out strings.Builder
	if err := c.Render(ctx, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func has(t *testing.T, html string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(html, w) {
			t.Errorf("missing %s in\n%s", w, html)
		}
	}
}

func hasNot(t *testing.T, html string, unwanted ...string) {
	t.Helper()
	for _, u := range unwanted {
		if strings.Contains(html, u) {
			t.Errorf("found %s in\n%s", u, html)
		}
	}
}

func TestLayoutSaysWhereOneIs(t *testing.T) {
	t.Parallel()
	html := render(t, ui.Layout(ui.Page{
		Title: "Homes", Portal: ui.TenantPortal, Brand: "Fenmoor <Homes>", Invalid: true, Refresh: 3,
		Nav:         []ui.NavItem{{Label: "My home", Href: "/", Active: true}, {Label: "Ask", Href: "/ask", Count: 2}},
		User:        &ui.User{Name: "Tomás Ó Briain", Detail: "14 Longview Park"},
		Breadcrumbs: []ui.Crumb{{Label: "Start", Href: "/"}, {Label: "Homes"}},
		Flash:       &ui.Flash{Tone: ui.Success, Text: "Saved."},
	}))
	has(t, html,
		`<html lang="en" data-portal="resident">`, `<title>Error: Homes · Fenmoor &lt;Homes&gt;</title>`,
		`<noscript><meta http-equiv="refresh" content="3"></noscript>`, `href="/" aria-current="page"`,
		`<form method="post" action="/sign-out"`, `>TB<`, `<span aria-current="page">Homes</span>`, `role="status"`, `id="main"`)
	if n := strings.Count(html, `aria-current="page"`); n != 2 {
		t.Errorf("%d current places, want navigation and breadcrumb", n)
	}
}

func TestLayoutLeavesOutWhatIsNotThere(t *testing.T) {
	t.Parallel()
	html := render(t, ui.Layout(ui.Page{}))
	has(t, html, `<title>OpenHouse</title>`, `data-portal="staff"`)
	hasNot(t, html, `<nav`, `data-menu`, `http-equiv`, `role="status"`)
	hasNot(t, render(t, ui.BareLayout(ui.Page{Title: "x", Nav: []ui.NavItem{{Label: "y", Href: "/"}}})), `<nav`)
}

func TestFormsCarryAKeyOfTheirOwn(t *testing.T) {
	t.Parallel()
	post := ui.Form(ui.FormProps{Action: "/homes"})
	first, second := render(t, post), render(t, post)
	has(t, first, `method="post"`, `name="idempotency_key"`, `novalidate`)
	if first == second {
		t.Error("two forms have the same key")
	}
	hasNot(t, render(t, ui.Form(ui.FormProps{Action: "/homes", Method: "get"})), "idempotency_key")
	has(t, render(t, ui.Form(ui.FormProps{Action: "/homes", Multipart: true})), `enctype="multipart/form-data"`)
}

func TestFieldTiesHintAndMistakeToItsInput(t *testing.T) {
	t.Parallel()
	html := render(t, ui.Field(ui.FieldProps{Name: "email", Label: "E-mail", Hint: "A hint.", Error: "Wrong.", Value: `"><b>`, Required: true, Type: "email", Autocomplete: "email"}))
	has(t, html, `for="f-email"`, `id="f-email"`, `id="f-email-hint"`, `id="f-email-error"`, `aria-describedby="f-email-hint f-email-error"`,
		`aria-invalid="true"`, ` required`, `autocomplete="email"`, `value="&#34;&gt;&lt;b&gt;"`)
	hasNot(t, html, "(optional)")

	html = render(t, ui.Field(ui.FieldProps{Name: "email", Label: "E-mail"}))
	has(t, html, "(optional)", `type="text"`)
	hasNot(t, html, "aria-describedby", "aria-invalid", " required")
}

func TestPasswordIsNeverSentBack(t *testing.T) {
	t.Parallel()
	hasNot(t, render(t, ui.Field(ui.FieldProps{Name: "p", Label: "Password", Type: "password", Value: "secret"})), "secret")
}

func TestChoicesMarkTheChosen(t *testing.T) {
	t.Parallel()
	options := []ui.Option{{Value: "a", Label: "First"}, {Value: "b", Label: "Second", Hint: "Note"}}
	html := render(t, ui.RadioGroup(ui.RadioGroupProps{Name: "r", Legend: "Which?", Options: options, Value: "b", Error: "Choose."}))
	has(t, html, `id="f-r" name="r" value="a">`, `id="f-r-2" name="r" value="b" checked`, `aria-describedby="f-r-2-note"`, `aria-describedby="f-r-error"`)
	html = render(t, ui.Select(ui.SelectProps{Name: "s", Label: "Which?", Options: options, Value: "b", Blank: "None"}))
	has(t, html, `<option value="">None</option>`, `<option value="b" selected>`)
	has(t, render(t, ui.Checkbox(ui.CheckboxProps{Name: "c", Label: "Yes", Checked: true})), `value="on" checked`)
}

func TestErrorSummaryFollowsTheForm(t *testing.T) {
	t.Parallel()
	errors := map[string]string{"email": "E", "name": "N", "zip": "Z", "area": "A"}
	got := ui.FieldErrors(errors, ui.FormField{Name: "name", Label: "Your name"}, ui.FormField{Name: "email"})
	want := []ui.FieldError{{"name", "Your name", "N"}, {"email", "", "E"}, {"area", "", "A"}, {"zip", "", "Z"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	has(t, render(t, ui.ErrorSummary(got)), "There are 4 problems", `<a href="#f-name">Your name: N</a>`, `<a href="#f-email">E</a>`, `role="alert"`, ` autofocus`)
	has(t, render(t, ui.ErrorSummary(got[:1])), "There is a problem")
	if html := render(t, ui.ErrorSummary(ui.FieldErrors(nil))); html != "" {
		t.Errorf("without mistakes: %s", html)
	}
}

func TestAddressesBreakWhereAReaderWouldBreakThem(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"buyer00001@example.org":                 "buyer00001@<wbr>example.org",
		"a.very.long.name.indeed@example.org":    "a.<wbr>very.<wbr>long.<wbr>name.<wbr>indeed@<wbr>example.org",
		"care@residents-association.example.org": "care@<wbr>residents-association.<wbr>example.<wbr>org",
		"care":                                   "care",
		"":                                       "",
		`"<b>"@example.org`:                      "&#34;&lt;b&gt;&#34;@<wbr>example.org",
	} {
		if got := render(t, ui.Email(address)); got != want {
			t.Errorf("%s is written %s, want %s", address, got, want)
		}
	}
	has(t, render(t, ui.MailLink("care@example.org")), `<a href="mailto:care@example.org">care@<wbr>example.org</a>`)
	has(t, render(t, ui.MailLink("who?&@example.org")), `"mailto:who%3F&amp;@example.org"`)
}

func TestDangerousAddressesAreDefused(t *testing.T) {
	t.Parallel()
	const bad = "javascript:alert(1)"
	for _, c := range []templ.Component{
		ui.LinkButton(ui.LinkButtonProps{Label: "x", Href: bad}), ui.LinkCard(ui.LinkCardProps{Title: "x", Href: bad}),
		ui.Stat(ui.StatProps{Label: "x", Value: "1", Href: bad}), ui.Pagination(ui.PaginationProps{Next: bad}),
		ui.Tabs(ui.TabsProps{Items: []ui.TabItem{{Label: "x", Href: bad}}}), ui.Form(ui.FormProps{Action: bad}), ui.Search(ui.SearchProps{Action: bad}),
	} {
		hasNot(t, render(t, c), bad)
	}
}

func TestButtonsSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	has(t, render(t, ui.Button(ui.ButtonProps{Label: "Delete", Variant: ui.Danger, Size: ui.Small, Name: "act", Value: "delete", Form: "f"})),
		`class="btn btn-danger btn-small"`, `type="submit"`, `name="act" value="delete"`, `form="f"`)
	has(t, render(t, ui.LinkButton(ui.LinkButtonProps{Label: "Edit no. 14", Icon: "edit", Href: "/", IconOnly: true})), `<span class="visually-hidden">Edit no. 14</span>`)
	html := render(t, ui.ConfirmButton(ui.ConfirmButtonProps{Label: "Undo", Title: "Undo the import?", Confirm: "Undo it", Action: "/undo"}))
	has(t, html, `<summary class="btn">`, `action="/undo"`, `idempotency_key`, `btn btn-primary`, `data-confirm="Cancel"`)
}

func TestProgressAndLiveRegion(t *testing.T) {
	t.Parallel()
	has(t, render(t, ui.Progress(ui.ProgressProps{Label: "Homes", Value: 3, Max: 10, Text: "3 of 10"})), `<progress value="3" max="10" aria-label="Homes">3 of 10</progress>`)
	hasNot(t, render(t, ui.Progress(ui.ProgressProps{Label: "Homes"})), "value=")
	has(t, render(t, ui.Live(ui.LiveProps{ID: "job", Every: 2})), `id="job" data-live="2"`)
	hasNot(t, render(t, ui.Live(ui.LiveProps{ID: "job", Every: 2, Done: true})), "data-live")
}

func TestTimesAreReadableByBoth(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 11, 24, 14, 5, 0, 0, time.UTC)
	has(t, render(t, ui.Time(at)), "<time datetime=\"2025-11-24T14:05:00Z\">24\u00a0Nov\u00a02025, 14:05\u00a0UTC</time>")
	has(t, render(t, ui.DateOf(at)), "<time datetime=\"2025-11-24\">24\u00a0November\u00a02025</time>")
	zone := text.WithZone(t.Context(), time.FixedZone("IST", 3600))
	has(t, renderIn(t, zone, ui.Time(at)), "15:05\u00a0IST")
}
