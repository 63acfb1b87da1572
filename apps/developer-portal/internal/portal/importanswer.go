package portal

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/homecsv"
	"openhouse.example/apps/developer-portal/internal/importing"
	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/web/auth"
)

// importJSON is an import as programs see it.
type importJSON struct {
	ID            uuid.UUID  `json:"id"`
	DevelopmentID uuid.UUID  `json:"developmentId"`
	State         string     `json:"state"`
	Note          string     `json:"note,omitempty"`
	FileName      string     `json:"fileName"`
	CreatedAt     time.Time  `json:"createdAt"`
	CommittedAt   *time.Time `json:"committedAt"`
	UndoneAt      *time.Time `json:"undoneAt,omitempty"`
	Version       time.Time  `json:"version"`

	Rows      int `json:"rows"`
	New       int `json:"new"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Errors    int `json:"errors"`
	Done      int `json:"done"`

	Encoding      string                `json:"encoding"`
	Delimiter     string                `json:"delimiter"`
	DateOrder     homecsv.DateOrder     `json:"dateOrder"`
	DateAmbiguous bool                  `json:"dateAmbiguous"`
	DateExamples  []homecsv.DateExample `json:"dateExamples,omitempty"`
	Columns       []homecsv.ColumnGuess `json:"columns"`
	Problems      []problemJSON         `json:"problems,omitempty"` // of the whole file
	NewTypes      []importing.NewType   `json:"newHouseTypes,omitempty"`

	Show string    `json:"show,omitempty"`
	List []rowJSON `json:"list,omitempty"` // the rows of the state in Show
	Next *string   `json:"next,omitempty"`

	Withheld []auth.Action `json:"withheld,omitempty"` // the rows, and what else stood in the file, for viewers
}

// rowJSON is a staged row as programs see it.
type rowJSON struct {
	Line     int                   `json:"line"`
	HomeID   *uuid.UUID            `json:"homeId,omitempty"`
	Home     homecsv.Home          `json:"home"`
	Changes  []homecsv.FieldChange `json:"changes,omitempty"`
	Problems []problemJSON         `json:"problems,omitempty"`
}

// problemJSON is a problem with its sentence.
type problemJSON struct {
	homecsv.Problem
	Message string `json:"message"`
}

func problemAnswers(ctx context.Context, problems []homecsv.Problem) []problemJSON {
	list := make([]problemJSON, len(problems))
	for i, p := range problems {
		list[i] = problemJSON{p, pages.Problem(ctx, p)}
	}
	return list
}

func importAnswer(ctx context.Context, i store.Import) (importJSON, error) {
	found, err := importing.ReadFindings(i.Findings)
	return importJSON{
		ID: i.ID, DevelopmentID: i.DevelopmentID, State: i.State, Note: i.Note, FileName: i.FileName, CreatedAt: i.CreatedAt,
		CommittedAt: i.CommittedAt, UndoneAt: i.UndoneAt, Version: i.Version, Rows: i.Total, New: i.New, Changed: i.Changed, Unchanged: i.Unchanged,
		Errors: i.Errors, Done: i.Done, Encoding: i.Encoding, Delimiter: i.Delimiter, DateOrder: found.DateOrder,
		DateAmbiguous: found.DateAmbiguous, DateExamples: found.DateExamples, Columns: found.Columns, Problems: problemAnswers(ctx, found.Problems),
		NewTypes: found.NewTypes,
	}, err
}

// stagedRow reads what was staged about a row.
func stagedRow(r store.ImportRow) (data importing.RowData, problems []homecsv.Problem, err error) {
	if err := json.Unmarshal(r.Data, &data); err != nil {
		return data, nil, fmt.Errorf("read line %d of an import: %w", r.Line, err)
	}
	if err := json.Unmarshal(r.Problems, &problems); err != nil {
		return data, nil, fmt.Errorf("read the problems of line %d of an import: %w", r.Line, err)
	}
	return data, problems, nil
}

func rowAnswers(ctx context.Context, rows []store.ImportRow) ([]rowJSON, error) {
	list := make([]rowJSON, len(rows))
	for i, r := range rows {
		data, problems, err := stagedRow(r)
		if err != nil {
			return nil, err
		}
		list[i] = rowJSON{Line: r.Line, HomeID: homeOf(r, data), Home: data.Home, Changes: data.Changes, Problems: problemAnswers(ctx, problems)}
	}
	return list, nil
}

func rowPages(rows []store.ImportRow) ([]pages.ImportRow, error) {
	list := make([]pages.ImportRow, len(rows))
	for i, r := range rows {
		data, problems, err := stagedRow(r)
		if err != nil {
			return nil, err
		}
		list[i] = pages.ImportRow{
			Line: r.Line, Number: pages.HomeNumber(r.Block, r.UnitNumber), Home: data.Home, Changes: data.Changes, Problems: problems,
		}
		if id := homeOf(r, data); id != nil {
			list[i].Href = "/homes/" + id.String()
		}
	}
	return list, nil
}

// homeOf is the home that a row is about, if there is one yet.
func homeOf(r store.ImportRow, data importing.RowData) *uuid.UUID {
	if r.UnitID != nil || r.State == store.RowNew {
		return r.UnitID
	}
	return data.UnitID
}
