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
		r.Get("/link/{token}", app.Handle(p.Link))
		r.Post("/link/{token}", app.Handle(p.EnterByLink))

		r.Group(func(r chi.Router) {
			r.Use(app.RequireRole(auth.RoleResident))

			r.Post("/sign-out", app.Handle(p.SignOut))
			r.With(p.KeepSession).Get("/", app.Handle(p.Home))
			r.With(p.KeepSession).Get("/api/home", app.Handle(p.Home))
		})
	})
	return r
}
