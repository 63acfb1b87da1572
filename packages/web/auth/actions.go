package auth

import "slices"

// Action is something that a person does or sees, and that not every role may.
// Routes, pages, statements and docs/SECURITY.md ask the one table below.
type Action string

// The actions of the developer portal.
const (
	SeeDevelopments  Action = "developments.see"
	EditDevelopments Action = "developments.edit"
	SeeHomes         Action = "homes.see"
	EditHomes        Action = "homes.edit"
	SeeBuyers        Action = "buyers.see"
	SeePeople        Action = "people.see"
	MovePeople       Action = "people.move"
	SeeRequests      Action = "requests.see"
	DecideRequests   Action = "requests.decide"
	SeeImports       Action = "imports.see"
	RunImports       Action = "imports.run"
	PrintCodes       Action = "codes.print"
	SeeNotices       Action = "notices.see"
	EditNotices      Action = "notices.edit"
	SeeDocuments     Action = "documents.see"
	EditDocuments    Action = "documents.edit"
	AnswerQuestions  Action = "questions.answer"
	SeeOutbox        Action = "outbox.see"
	ManageTeam       Action = "team.manage"
	SeeAudit         Action = "audit.see"
	SeePersons       Action = "persons.see"
	ErasePersons     Action = "persons.erase"
)

// The actions of the tenant portal.
const SeeOwnHome Action = "home.see"

// Permission is a line of the table.
type Permission struct {
	Action Action
	Means  string // for whoever reads docs/SECURITY.md
	Roles  []Role
}

var (
	allStaff  = []Role{RoleViewer, RoleDeveloper, RoleAdmin}
	workers   = []Role{RoleDeveloper, RoleAdmin}
	admins    = []Role{RoleAdmin}
	residents = []Role{RoleResident}
)

// permissions is who may do what. An action that isn't here is nobody's. Staff who
// are limited to some developments do it there only, which the database decides.
var permissions = []Permission{
	{SeeDevelopments, "see developments, their house types and figures", allStaff},
	{EditDevelopments, "make and change developments", workers},
	{SeeHomes, "see homes, without their people", allStaff},
	{EditHomes, "change homes, and with them what is on record about buyers", workers},
	{SeeBuyers, "see buyers: name, address, phone, and find homes by them", workers},
	{SeePeople, "see who lives in a home, has lived there or asks to: name, address, when last seen", workers},
	{MovePeople, "send links, move people out and back in, record a resale", workers},
	{SeeRequests, "see how many wait to be let in, and for which home", allStaff},
	{DecideRequests, "approve and reject them", workers},
	{SeeImports, "see what became of an import, without its rows", allStaff},
	{RunImports, "import files, see their rows, undo", workers},
	{PrintCodes, "print codes, download them, take them back", workers},
	{SeeNotices, "see notices", allStaff},
	{EditNotices, "write and publish notices", workers},
	{SeeDocuments, "see documents and open their files", allStaff},
	{EditDocuments, "upload, change and archive documents", workers},
	{AnswerQuestions, "see what residents ask the company, answer it, publish answers", workers},
	{SeeOutbox, "see mail that was not sent (development only)", workers},
	{ManageTeam, "invite, limit, disable staff", admins},
	{SeeAudit, "read the audit log and take it out", admins},
	{SeePersons, "see and take out all that is stored about a person", admins},
	{ErasePersons, "erase a person", admins},

	{SeeOwnHome, "see one's own home, and nobody else's data", residents},
}

// Permissions is the whole table.
func Permissions() []Permission { return slices.Clone(permissions) }

// Admitted lists the roles that may do something; nil for an unknown action.
func Admitted(a Action) []Role {
	for _, p := range permissions {
		if p.Action == a {
			return slices.Clone(p.Roles)
		}
	}
	return nil
}

// May says whether a role may do something.
func (r Role) May(a Action) bool { return slices.Contains(Admitted(a), r) }
