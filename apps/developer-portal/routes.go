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
		secret := r.With(web.Secret)
		both(secret, get, "/password/{token}", p.ShowPasswordLink)
		both(secret, post, "/password/{token}", p.SetPassword)

		// Who may do what stands in packages/web/auth/actions.go.
		may := func(action auth.Action) chi.Router { return r.With(app.Allow(action)) }
		both(may(auth.SeeDevelopments), get, "/developments", p.ListDevelopments)
		both(may(auth.SeeDevelopments), get, "/developments/{development}", p.ShowDevelopment)
		both(may(auth.SeeHomes), get, "/developments/{development}/homes", p.ListHomes)
		both(may(auth.SeeHomes), get, "/homes/{home}", p.ShowHome)
		both(may(auth.SeeImports), get, "/imports/{import}", p.ShowImport)
		both(may(auth.SeeRequests), get, "/requests", p.ListRequests)
		both(may(auth.SeeNotices), get, "/notices", p.ListNotices)
		both(may(auth.SeeNotices), get, "/notices/{notice}", p.ShowNotice)
		both(may(auth.SeeDocuments), get, "/developments/{development}/documents", p.ListDocuments)
		both(may(auth.SeeDocuments), get, "/documents/{document}", p.ShowDocument)
		download := app.Upload(web.DefaultBodyLimit, portal.DownloadTime)
		both(may(auth.SeeDocuments).With(download), get, "/documents/{document}/versions/{number}", p.DocumentFile)

		page(may(auth.EditDevelopments), get, "/developments/new", p.NewDevelopment)
		both(may(auth.EditDevelopments), post, "/developments", p.CreateDevelopment)
		page(may(auth.EditDevelopments), get, "/developments/{development}/edit", p.EditDevelopment)
		both(may(auth.EditDevelopments), post, "/developments/{development}", p.SaveDevelopment)
		page(may(auth.EditHomes), get, "/homes/{home}/edit", p.EditHome)
		both(may(auth.EditHomes), post, "/homes/{home}", p.SaveHome)
		both(may(auth.MovePeople), post, "/homes/{home}/link", p.SendLink)

		both(may(auth.DecideRequests), post, "/requests/{request}/approve", p.Approve)
		both(may(auth.DecideRequests), post, "/requests/{request}/reject", p.Reject)
		page(may(auth.MovePeople), get, "/homes/{home}/residents/{resident}/moved-out", p.AskMovedOut)
		both(may(auth.MovePeople), post, "/homes/{home}/residents/{resident}/moved-out", p.MovedOut)
		both(may(auth.MovePeople), post, "/homes/{home}/residents/{resident}/back", p.LetBackIn)
		page(may(auth.MovePeople), get, "/homes/{home}/resale", p.AskResale)
		both(may(auth.MovePeople), post, "/homes/{home}/resale", p.Resell)

		page(may(auth.EditNotices), get, "/notices/new", p.NewNotice)
		both(may(auth.EditNotices), post, "/notices", p.CreateNotice)
		page(may(auth.EditNotices), post, "/notices/preview", p.PreviewNotice)
		page(may(auth.EditNotices), get, "/notices/{notice}/edit", p.EditNotice)
		both(may(auth.EditNotices), post, "/notices/{notice}", p.SaveNotice)
		both(may(auth.EditNotices), post, "/notices/{notice}/publish", p.PublishNotice)
		both(may(auth.EditNotices), post, "/notices/{notice}/unpublish", p.UnpublishNotice)
		both(may(auth.EditNotices), post, "/notices/{notice}/end", p.EndNotice)
		both(may(auth.EditNotices), post, "/notices/{notice}/resume", p.ResumeNotice)

		both(may(auth.AnswerQuestions), get, "/questions", p.ListQuestions)
		both(may(auth.AnswerQuestions), get, "/questions/{question}", p.ShowQuestion)
		both(may(auth.AnswerQuestions), post, "/questions/{question}/answer", p.AnswerQuestion)
		both(may(auth.AnswerQuestions), post, "/questions/{question}/publish", p.PublishQuestion)
		both(may(auth.AnswerQuestions), get, "/faqs", p.ListFAQs)
		both(may(auth.AnswerQuestions), get, "/faqs/{faq}", p.ShowFAQ)
		both(may(auth.AnswerQuestions), post, "/faqs/{faq}", p.SaveFAQ)
		both(may(auth.AnswerQuestions), post, "/faqs/{faq}/withdraw", p.WithdrawFAQ)
		both(may(auth.AnswerQuestions), post, "/faqs/{faq}/publish", p.PublishFAQ)

		both(may(auth.RunImports), get, "/developments/{development}/import", p.UploadForm)
		both(may(auth.RunImports).With(app.Upload(portal.UploadLimit, portal.UploadTime)), post, "/developments/{development}/import", p.Upload)
		both(may(auth.RunImports), post, "/imports/{import}/settings", p.ChangeSettings)
		both(may(auth.RunImports), post, "/imports/{import}/commit", p.Commit)
		both(may(auth.RunImports), post, "/imports/{import}/discard", p.Discard)
		both(may(auth.RunImports), get, "/imports/{import}/undo", p.ShowUndo)
		both(may(auth.RunImports), post, "/imports/{import}/undo", p.Undo)
		both(may(auth.RunImports), get, "/imports/{import}/errors.csv", p.ImportErrors)

		page(may(auth.EditDocuments), get, "/developments/{development}/documents/new", p.NewDocuments)
		files := app.Upload(portal.DocumentsLimit, portal.DocumentsTime)
		both(may(auth.EditDocuments).With(files), post, "/developments/{development}/documents", p.UploadDocuments)
		both(may(auth.EditDocuments).With(files), post, "/documents/{document}/versions", p.AddVersion)
		page(may(auth.EditDocuments), get, "/documents/{document}/edit", p.EditDocument)
		both(may(auth.EditDocuments), post, "/documents/{document}", p.SaveDocument)
		both(may(auth.EditDocuments), post, "/documents/{document}/archive", p.ArchiveDocument)
		both(may(auth.EditDocuments), post, "/documents/{document}/unarchive", p.UnarchiveDocument)
		both(may(auth.EditDocuments), post, "/documents/{document}/read-again", p.ReadDocumentAgain)

		both(may(auth.PrintCodes), get, "/developments/{development}/sheets", p.ListSheets)
		both(may(auth.PrintCodes), post, "/developments/{development}/sheets", p.PrintSheets)
		both(may(auth.PrintCodes), get, "/sheets/{sheet}", p.ShowSheet)
		both(may(auth.PrintCodes).With(download), get, "/sheets/{sheet}/sheets.pdf", p.SheetPDF)
		both(may(auth.PrintCodes).With(download), get, "/sheets/{sheet}/codes.zip", p.SheetZIP)
		both(may(auth.PrintCodes), post, "/sheets/{sheet}/rotate", p.RotateSheet)
		both(may(auth.PrintCodes), post, "/homes/{home}/code", p.RotateHome)

		both(may(auth.ManageTeam), get, "/team", p.ListTeam)
		page(may(auth.ManageTeam), get, "/team/new", p.NewMember)
		both(may(auth.ManageTeam), post, "/team", p.InviteMember)
		both(may(auth.ManageTeam), get, "/team/{member}", p.ShowMember)
		both(may(auth.ManageTeam), post, "/team/{member}", p.SaveMember)
		both(may(auth.ManageTeam), post, "/team/{member}/invite", p.InviteAgain)
		both(may(auth.ManageTeam), post, "/team/{member}/disable", p.DisableMember)
		both(may(auth.ManageTeam), post, "/team/{member}/enable", p.EnableMember)

		both(may(auth.SeeAudit), get, "/audit", p.ShowAudit)
		both(may(auth.SeeAudit).With(app.Upload(web.DefaultBodyLimit, portal.DownloadTime)), post, "/audit/export", p.ExportAudit)
		both(may(auth.SeePersons), get, "/residents/{resident}", p.ShowPerson)
		both(may(auth.SeePersons), post, "/residents/{resident}/export", p.ExportPerson)
		page(may(auth.ErasePersons), get, "/residents/{resident}/erase", p.AskErase)
		both(may(auth.ErasePersons), post, "/residents/{resident}/erase", p.ErasePerson)

		if outbox {
			both(may(auth.SeeOutbox), get, "/outbox", portal.OnThisMachine(p.ShowOutbox))
			page(may(auth.SeeOutbox), get, "/outbox/{mail}", portal.OnThisMachine(p.ShowMail))
		}
	})
	return r
}
