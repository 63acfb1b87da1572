package main

import (
	"github.com/go-chi/chi/v5"

	"openhouse.example/apps/tenant-portal/internal/portal"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/auth"
)

// routes is every address of this portal, with who may call it. testdata/routes.golden keeps the list.
func routes(app *web.App, p *portal.Portal) chi.Router {
	r := chi.NewRouter()
	r.Use(app.Base()...)
	r.NotFound(app.NotFound())
	r.MethodNotAllowed(app.MethodNotAllowed())

	r.Get("/api/health/db", app.DBHealth())
	r.Get("/api/health/live", app.Live())
	r.Handle("/static/*", ui.Static())

	r.Group(func(r chi.Router) {
		r.Use(app.Authenticate)

		r.Get("/sign-in", app.Handle(p.SignInForm))
		r.Post("/sign-in", app.Handle(p.SignIn))
		r.Get("/onboarding", app.Handle(p.CodeForm))
		r.Post("/onboarding", app.Handle(p.TypedCode))
		r.Post("/api/onboarding", app.Handle(p.TypedCode))

		r.Group(func(r chi.Router) {
			r.Use(web.Secret)

			r.Get("/onboarding/{code}", app.Handle(p.Invite))
			r.Post("/onboarding/{code}", app.Handle(p.Claim))
			r.Get("/api/onboarding/{code}", app.Handle(p.Invite))
			r.Post("/api/onboarding/{code}", app.Handle(p.Claim))
			r.Get("/link/{token}", app.Handle(p.Link))
			r.Post("/link/{token}", app.Handle(p.EnterByLink))
		})

		r.Group(func(r chi.Router) {
			r.Use(app.Allow(auth.SeeOwnHome))

			r.Post("/sign-out", app.Handle(p.SignOut))
			r.With(p.KeepSession).Get("/", app.Handle(p.Home))
			r.With(p.KeepSession).Get("/api/home", app.Handle(p.Home))
			r.With(p.KeepSession).Get("/notices", app.Handle(p.Notices))
			r.With(p.KeepSession).Get("/api/notices", app.Handle(p.Notices))
			r.With(p.KeepSession).Get("/notices/{notice}", app.Handle(p.Notice))
			r.With(p.KeepSession).Get("/api/notices/{notice}", app.Handle(p.Notice))
			r.With(p.KeepSession).Get("/documents", app.Handle(p.Documents))
			r.With(p.KeepSession).Get("/api/documents", app.Handle(p.Documents))
			download := r.With(app.Upload(web.DefaultBodyLimit, portal.DownloadTime))
			download.Get("/documents/{document}", app.Handle(p.Document))
			download.Get("/api/documents/{document}", app.Handle(p.Document))
			download.Get("/documents/{document}/versions/{number}", app.Handle(p.DocumentVersion))
			download.Get("/api/documents/{document}/versions/{number}", app.Handle(p.DocumentVersion))
			r.With(p.KeepSession).Get("/ask", app.Handle(p.Conversation))
			r.With(p.KeepSession).Get("/api/chat", app.Handle(p.Conversation))
			r.Post("/ask", app.Handle(p.Ask))
			r.Post("/api/chat", app.Handle(p.Ask))
			r.Post("/ask/{message}/company", app.Handle(p.AskCompany))
			r.Post("/api/chat/{message}/company", app.Handle(p.AskCompany))
		})
	})
	return r
}
