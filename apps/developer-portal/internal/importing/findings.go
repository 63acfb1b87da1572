package importing

import (
	"encoding/json"
	"fmt"

	"openhouse.example/apps/developer-portal/internal/homecsv"
)

// Findings is what reading a file found, apart from its rows: kept for the preview.
type Findings struct {
	Header        []string              `json:"header"`
	HeaderLine    int                   `json:"headerLine"`
	Columns       []homecsv.ColumnGuess `json:"columns"`
	DateOrder     homecsv.DateOrder     `json:"dateOrder"`
	DateAmbiguous bool                  `json:"dateAmbiguous"` // nothing in the file decided the order
	DateExamples  []homecsv.DateExample `json:"dateExamples"`
	BlankRows     int                   `json:"blankRows"`
	TitleRows     int                   `json:"titleRows"`
	Problems      []homecsv.Problem     `json:"problems"` // of the whole file
	NewTypes      []NewType             `json:"newTypes"`
}

func findingsOf(f *homecsv.File) Findings {
	return Findings{
		Header: f.Header, HeaderLine: f.HeaderLine, Columns: f.Columns, DateOrder: f.DateOrder, DateAmbiguous: f.DateAmbiguous,
		DateExamples: f.DateExamples, BlankRows: f.BlankRows, TitleRows: f.TitleRows, Problems: f.Problems, NewTypes: []NewType{},
	}
}

// ReadFindings reads stored findings; none were stored before the file was read.
func ReadFindings(raw json.RawMessage) (Findings, error) {
	var f Findings
	if err := json.Unmarshal(raw, &f); err != nil {
		return f, fmt.Errorf("read the findings of an import: %w", err)
	}
	return f, nil
}

// Mapping gives columns, counted from 0, their fields; "" ignores a column. It is what a person chose.
type Mapping map[int]homecsv.Field

// JSON is the form in which a mapping is stored.
func (m Mapping) JSON() (json.RawMessage, error) {
	if m == nil {
		m = Mapping{}
	}
	raw, err := json.Marshal(map[int]homecsv.Field(m))
	if err != nil {
		return nil, fmt.Errorf("store the columns: %w", err)
	}
	return raw, nil
}

// ReadMapping reads a stored mapping.
func ReadMapping(raw json.RawMessage) (Mapping, error) {
	var m Mapping
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("read the columns of an import: %w", err)
	}
	return m, nil
}
