package pages

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
)

const (
	// QuestionsPath is the queue of questions.
	QuestionsPath = "/questions"
	// FAQsPath is the list of published answers.
	FAQsPath = "/faqs"

	// MaxAnswer and MaxFAQQuestion are lengths in letters.
	MaxAnswer      = 5_000
	MaxFAQQuestion = 300
)

// QuestionStates are the states by which the queue is narrowed.
var QuestionStates = []string{store.QuestionOpen, store.QuestionAnswered}

func questionPath(id uuid.UUID) string { return QuestionsPath + "/" + id.String() }

func faqPath(id uuid.UUID) string { return FAQsPath + "/" + id.String() }

// QuestionsView is one page of the queue.
type QuestionsView struct {
	Frame
	Filter      store.QuestionFilter
	Development string // name of the one that is filtered by
	Counts      []store.QuestionCount
	List        []store.QuestionLine
	Paging      Paging
}

// address is the queue narrowed to a state and a development.
func questionsAddress(state string, development uuid.UUID) string {
	at := QuestionsPath + "?state=" + state
	if development != uuid.Nil {
		at += "&development=" + development.String()
	}
	return at
}

// text:keys questions.state.*
func (v QuestionsView) states(ctx context.Context) ui.TabsProps {
	items := make([]ui.TabItem, len(QuestionStates))
	for i, s := range QuestionStates {
		items[i] = ui.TabItem{Label: text.T(ctx, "questions.state."+s), Href: questionsAddress(s, v.Filter.Development), Active: s == v.Filter.State}
	}
	return ui.TabsProps{Label: text.T(ctx, "questions.by-state"), Items: append(items, ui.TabItem{Label: text.T(ctx, "faqs.title"), Href: FAQsPath})}
}

func (v QuestionsView) developments(ctx context.Context) ui.TabsProps {
	items := []ui.TabItem{{Label: text.T(ctx, "requests.all"), Href: questionsAddress(v.Filter.State, uuid.Nil), Active: v.Filter.Development == uuid.Nil}}
	for _, c := range v.Counts {
		items[0].Count += int(c.Questions)
		items = append(items, ui.TabItem{
			Label: c.Name, Href: questionsAddress(v.Filter.State, c.ID), Active: v.Filter.Development == c.ID, Count: int(c.Questions),
		})
	}
	return ui.TabsProps{Label: text.T(ctx, "requests.by-development"), Items: items}
}

// questionMeta says from which home a question came, and when.
func questionMeta(ctx context.Context, q store.QuestionLine) string {
	return text.T(ctx, "questions.meta", namedHome(ctx, q.Home), q.Home.Development, text.DateTime(ctx, q.At))
}

// FAQInput is an answer to be published, as it was typed. HouseType is an id, "" for the whole development.
type FAQInput struct{ Question, Answer, HouseType string }

// QuestionView is one question. Publish is the form that publishes it, nil while it has no answer.
type QuestionView struct {
	Frame
	Question store.Question
	Answer   string // as it was typed
	Publish  *FAQInput
	Types    []store.TypeChoice
	Errors   map[string]string
	Refusal  string // why nothing was done, "" if nothing was tried
}

func (v QuestionView) page(ctx context.Context) ui.Page {
	title := text.T(ctx, "question.title", namedHome(ctx, v.Question.Home))
	return form(inside(ctx, v.Frame, title, navQuestions, ui.Crumb{Label: text.T(ctx, "questions.title"), Href: QuestionsPath}, ui.Crumb{Label: title}), v.Errors)
}

// answeredMeta says when a question was answered and by whom. Residents don't learn the second.
func answeredMeta(ctx context.Context, q store.Question) string {
	if q.AnsweredAt == nil {
		return ""
	}
	if q.AnsweredBy == "" {
		return text.DateTime(ctx, *q.AnsweredAt)
	}
	return text.T(ctx, "question.answered-by", q.AnsweredBy, text.DateTime(ctx, *q.AnsweredAt))
}

// asker names who asks.
func asker(ctx context.Context, q store.Question) string {
	switch {
	case q.Name != "":
		return q.Name
	case q.Email != "":
		return text.T(ctx, "people.nameless")
	}
	return text.T(ctx, "question.asker-gone")
}

// FAQsView is one page of the published answers.
type FAQsView struct {
	Frame
	List   []store.FAQLine
	Paging Paging
}

// faqFor says for which homes a published answer is.
func faqFor(ctx context.Context, f store.FAQLine) string {
	if f.HouseTypeID == nil {
		return f.Development
	}
	return text.T(ctx, "notice.to-type", f.Development, TypeName(f.TypeCode, f.TypeName))
}

func faqState(ctx context.Context, f store.FAQLine) ui.BadgeProps {
	if f.PublishedAt == nil {
		return ui.BadgeProps{Label: text.T(ctx, "faq.withdrawn")}
	}
	return ui.BadgeProps{Label: text.T(ctx, "faq.published"), Tone: ui.Success}
}

// FAQView is one published answer, and the form that changes it.
type FAQView struct {
	Frame
	FAQ       store.FAQ
	Typed     *FAQInput
	Version   time.Time // that the person has seen
	Types     []store.TypeChoice
	Errors    map[string]string
	Conflicts Conflicts // with what somebody else has saved
	Refusal   string
}

func (v FAQView) page(ctx context.Context) ui.Page {
	return form(inside(ctx, v.Frame, v.FAQ.Question, navQuestions,
		ui.Crumb{Label: text.T(ctx, "questions.title"), Href: QuestionsPath}, ui.Crumb{Label: text.T(ctx, "faqs.title"), Href: FAQsPath}, ui.Crumb{Label: v.FAQ.Question}), v.Errors)
}

// FAQConflicts lists what is stored where something else was typed.
func FAQConflicts(ctx context.Context, f store.FAQ, typed FAQInput) Conflicts {
	list := Conflicts{} // also without any: somebody else was first
	list.Add(text.T(ctx, "faq.question"), f.Question, typed.Question, f.Question)
	list.Add(text.T(ctx, "faq.answer"), f.Answer, typed.Answer, f.Answer)
	list.Add(text.T(ctx, "faq.for"), idOrNone(f.HouseTypeID), typed.HouseType, faqFor(ctx, f.FAQLine))
	return list
}

func idOrNone(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

func choiceOfTypes(types []store.TypeChoice) []ui.Option {
	list := make([]ui.Option, len(types))
	for i, t := range types {
		list[i] = ui.Option{Value: t.ID.String(), Label: TypeName(t.Code, t.Name)}
	}
	return list
}

func faqFields(ctx context.Context) []ui.FormField {
	return []ui.FormField{named("question", text.T(ctx, "faq.question")), named("answer", text.T(ctx, "faq.answer")), named("houseType", text.T(ctx, "faq.for"))}
}

// plainLines are the lines of a plain text that have something on them.
func plainLines(plain string) []string {
	var list []string
	for line := range strings.Lines(plain) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}
