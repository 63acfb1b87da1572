package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"openhouse.example/apps/developer-portal/internal/portal"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

// routes is every address of this portal, with who may call it. testdata/routes.golden keeps the list. What both
// serves is there twice, as a page and under /api for programs, from one handler.
func routes(app *web.App, p *portal.Portal, outbox bool) chi.Router {
	r := chi.NewRouter()
	r.Use(app.Base()...)
	r.NotFound(app.NotFound())
	r.MethodNotAllowed(app.MethodNotAllowed())

	r.Get("/api/health/db", app.DBHealth())
	r.Get("/api/health/live", app.Live())
	r.Handle("/static/*", ui.Static())

	r.Group(func(r chi.Router) {
		r.Use(app.Authenticate)

		page := func(r chi.Router, method, path string, h web.Handler) { r.Method(method, path, app.Handle(h)) }
		both := func(r chi.Router, method, path string, h web.Handler) {
			page(r, method, path, h)
			page(r, method, "/api"+path, h)
		}
		const get, post = http.MethodGet, http.MethodPost

		page(r, get, "/", p.Start)
		page(r, get, "/sign-in", p.SignInForm)
		both(r, post, "/sign-in", p.SignIn)
		page(r, post, "/api/sign-in/token", p.SignInByToken)
		both(r, post, "/sign-out", p.SignOut)
		page(r, get, "/forgot-password", p.ForgotPassword)
		both(r, post, "/forgot-password", p.SendReset)
		both(r, get, "/password/{token}", p.ShowPasswordLink)
		both(r, post, "/password/{token}", p.SetPassword)

		see := r.With(app.RequireRole(auth.RoleViewer, auth.RoleDeveloper, auth.RoleAdmin))
		both(see, get, "/developments", p.ListDevelopments)
		both(see, get, "/developments/{development}", p.ShowDevelopment)
		both(see, get, "/developments/{development}/homes", p.ListHomes)
		both(see, get, "/homes/{home}", p.ShowHome)
		both(see, get, "/imports/{import}", p.ShowImport)

		edit := r.With(app.RequireRole(auth.RoleDeveloper, auth.RoleAdmin))
		page(edit, get, "/developments/new", p.NewDevelopment)
		both(edit, post, "/developments", p.CreateDevelopment)
		page(edit, get, "/developments/{development}/edit", p.EditDevelopment)
		both(edit, post, "/developments/{development}", p.SaveDevelopment)
		page(edit, get, "/homes/{home}/edit", p.EditHome)
		both(edit, post, "/homes/{home}", p.SaveHome)
		both(edit, post, "/homes/{home}/link", p.SendLink)

		both(edit, get, "/developments/{development}/import", p.UploadForm)
		both(edit.With(app.Upload(portal.UploadLimit, portal.UploadTime)), post, "/developments/{development}/import", p.Upload)
		both(edit, post, "/imports/{import}/settings", p.ChangeSettings)
		both(edit, post, "/imports/{import}/commit", p.Commit)
		both(edit, post, "/imports/{import}/discard", p.Discard)
		both(edit, get, "/imports/{import}/undo", p.ShowUndo)
		both(edit, post, "/imports/{import}/undo", p.Undo)
		both(edit, get, "/imports/{import}/errors.csv", p.ImportErrors)

		both(edit, get, "/developments/{development}/sheets", p.ListSheets)
		both(edit, post, "/developments/{development}/sheets", p.PrintSheets)
		both(edit, get, "/sheets/{sheet}", p.ShowSheet)
		download := edit.With(app.Upload(web.DefaultBodyLimit, portal.DownloadTime))
		both(download, get, "/sheets/{sheet}/sheets.pdf", p.SheetPDF)
		both(download, get, "/sheets/{sheet}/codes.zip", p.SheetZIP)
		both(edit, post, "/sheets/{sheet}/rotate", p.RotateSheet)
		both(edit, post, "/homes/{home}/code", p.RotateHome)

		admin := r.With(app.RequireRole(auth.RoleAdmin))
		both(admin, get, "/team", p.ListTeam)
		page(admin, get, "/team/new", p.NewMember)
		both(admin, post, "/team", p.InviteMember)
		both(admin, get, "/team/{member}", p.ShowMember)
		both(admin, post, "/team/{member}", p.SaveMember)
		both(admin, post, "/team/{member}/invite", p.InviteAgain)
		both(admin, post, "/team/{member}/disable", p.DisableMember)
		both(admin, post, "/team/{member}/enable", p.EnableMember)

		if outbox {
			both(edit, get, "/outbox", portal.OnThisMachine(p.ShowOutbox))
			page(edit, get, "/outbox/{mail}", portal.OnThisMachine(p.ShowMail))
		}
	})
	return r
}
