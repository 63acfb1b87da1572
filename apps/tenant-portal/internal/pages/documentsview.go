package pages

import (
	"context"
	"time"

	"github.com/google/uuid"

	"openhouse.example/packages/ui"
	"openhouse.example/packages/ui/text"
)

// DocumentsPath is the address of the list of documents.
const DocumentsPath = "/documents"

// Document is a paper that concerns the home.
type Document struct {
	ID       uuid.UUID `json:"id"`
	Title    string    `json:"title"`
	Category string    `json:"category"` // safety, manual, floor_plan, warranty, certificate, legal, general
	MustRead bool      `json:"mustRead"`
	For      string    `json:"for"`     // development, house_type, unit
	Number   int32     `json:"version"` // the current one
	Type     string    `json:"type"`
	Size     int64     `json:"size"`  // bytes
	Pages    *int32    `json:"pages"` // null: not known, or none
	Since    time.Time `json:"since"` // of the version
}

// DocumentsView is the list of documents.
type DocumentsView struct {
	Home  Home
	Words string
	List  []Document // by category
}

// group is the documents of one category.
type group struct {
	category string
	list     []Document
}

func (v DocumentsView) groups() (all []group) {
	for _, d := range v.List {
		if len(all) == 0 || all[len(all)-1].category != d.Category {
			all = append(all, group{category: d.Category})
		}
		all[len(all)-1].list = append(all[len(all)-1].list, d)
	}
	return all
}

// text:keys document.category.*
func (g group) title(ctx context.Context) string { return text.T(ctx, "document.category."+g.category) }

func (d Document) path() string { return DocumentsPath + "/" + d.ID.String() }

// meta is for whom a document is, since when, and how long.
//
// text:keys document.for.*
func (d Document) meta(ctx context.Context) string {
	since := text.T(ctx, "document.since", text.T(ctx, "document.for."+d.For), text.Date(ctx, d.Since))
	if d.Pages != nil && *d.Pages > 0 {
		return text.T(ctx, "document.and-pages", since, text.T(ctx, "document.pages", int(*d.Pages)))
	}
	return since
}

func (d Document) icon() string {
	switch d.Category {
	case "safety":
		return "shield"
	case "manual":
		return "book"
	case "floor_plan":
		return "home"
	}
	return "file"
}

func (d Document) badge(ctx context.Context) []ui.BadgeProps {
	if d.MustRead {
		return []ui.BadgeProps{{Label: text.T(ctx, "document.must-read"), Tone: ui.Warning}}
	}
	return nil
}
