package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"openhouse.example/apps/developer-portal/internal/pages"
	"openhouse.example/apps/developer-portal/internal/store"
	"openhouse.example/packages/ui/text"
	"openhouse.example/packages/web"
	"openhouse.example/packages/web/csvfile"
)

// exportRows is how many entries of an export are read at once: no connection to the database waits for a slow client.
const exportRows = 1000

// auditJSON is an entry of the log as programs see it.
type auditJSON struct {
	ID            uuid.UUID       `json:"id"`
	At            time.Time       `json:"at"`
	WhoKind       string          `json:"whoKind"`
	WhoID         *uuid.UUID      `json:"whoId"`
	Who           string          `json:"who"`
	Action        string          `json:"action"`
	Text          string          `json:"text"`
	Object        string          `json:"object"`
	ObjectID      *uuid.UUID      `json:"objectId"`
	Href          string          `json:"href,omitempty"` // where the thing is, if it still is
	DevelopmentID *uuid.UUID      `json:"developmentId"`
	Development   string          `json:"development"`
	From          string          `json:"from"`
	RequestID     string          `json:"requestId"`
	Detail        json.RawMessage `json:"detail"`
}

func auditAnswer(ctx context.Context, e store.AuditEntry) auditJSON {
	return auditJSON{
		ID: e.ID, At: e.At, WhoKind: e.ActorKind, WhoID: e.ActorID, Who: pages.AuditWho(ctx, e), Action: e.Action, Text: pages.AuditSentence(ctx, e),
		Object: e.Object, ObjectID: e.ObjectID, Href: pages.AuditHref(e), DevelopmentID: e.DevelopmentID, Development: e.Development,
		From: e.From, RequestID: e.RequestID, Detail: e.Detail,
	}
}

// auditFile writes entries in one format.
type auditFile interface {
	begin() error
	entry(e auditJSON) error
	end() error
}

// ExportAudit sends the log under the same filters as a file, the newest entry first; the export is an entry by itself:
// POST /audit/export with format (csv or json) and the filters of GET /audit.
func (p *Portal) ExportAudit(w http.ResponseWriter, r *http.Request) error {
	who, err := staff(r)
	if err != nil {
		return err
	}
	form, err := readInput(r, nil, slices.Concat([]string{"format"}, auditFilters)...)
	if err != nil {
		return err
	}
	in := input{form}
	format := in.oneOf("format", []string{"csv", "json"})
	filter, err := auditFilter(r.PostForm)
	if wrong := in.Err(); wrong != nil {
		err = wrong
	}
	if err != nil {
		return err
	}
	intent := p.app.Intent(r)
	intent.Key = "" // each copy that leaves the portal has its entry, also the second of a double click
	if err := p.store.NoteAuditExport(r.Context(), who, intent, format, filter); err != nil {
		return err
	}
	entries, err := p.store.AuditEntries(r.Context(), who, filter, store.AuditPlace{}, exportRows)
	if err != nil {
		return err
	}
	var file auditFile = &auditCSV{out: csvfile.New(w, 0), ctx: r.Context()}
	mediaType := "text/csv"
	if format == "json" {
		file, mediaType = &auditJSONFile{w: w}, "application/json"
	}
	web.FileHeader(w.Header(), web.File{Name: "audit-log-" + p.now().UTC().Format(time.DateOnly) + "." + format, Type: mediaType}, nil)
	if err := file.begin(); err != nil {
		return nil //nolint:nilerr // the client is gone; there is nobody else to tell
	}
	for {
		for _, e := range entries {
			if err := file.entry(auditAnswer(r.Context(), e)); err != nil {
				return nil //nolint:nilerr // as above
			}
		}
		if len(entries) < exportRows {
			_ = file.end()
			return nil
		}
		if entries, err = p.store.AuditEntries(r.Context(), who, filter, entries[len(entries)-1].Place(), exportRows); err != nil {
			// A part is sent: the connection is cut, so that nobody takes it for the whole.
			return fmt.Errorf("%w: the export of the audit log ends early: %w", io.ErrUnexpectedEOF, err)
		}
	}
}

// auditCSV is the log for a spreadsheet.
type auditCSV struct {
	ctx context.Context //nolint:containedctx // of the one request that the file is for: it has the reader's language
	out *csvfile.Writer
}

var auditColumns = []string{"at", "who", "who-kind", "who-id", "text", "action", "object", "object-id", "development", "from", "request-id", "detail"}

func (f *auditCSV) begin() error {
	head := make([]string, len(auditColumns))
	for i, c := range auditColumns {
		// text:keys audit.column.*
		head[i] = text.T(f.ctx, "audit.column."+c)
	}
	return f.out.Line(head...)
}

func (f *auditCSV) entry(e auditJSON) error {
	return f.out.Line(
		e.At.UTC().Format(time.RFC3339Nano), e.Who, e.WhoKind, idText(e.WhoID), e.Text, e.Action, e.Object, idText(e.ObjectID), e.Development,
		e.From, e.RequestID, string(e.Detail))
}

func (f *auditCSV) end() error { return f.out.Close() }

func idText(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

// auditJSONFile is the log as one JSON object.
type auditJSONFile struct {
	w    io.Writer
	rest bool
}

func (f *auditJSONFile) begin() error {
	_, err := io.WriteString(f.w, `{"entries":[`)
	return err
}

func (f *auditJSONFile) entry(e auditJSON) error {
	var line bytes.Buffer
	if f.rest {
		line.WriteByte(',')
	}
	line.WriteByte('\n')
	f.rest = true
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		return err
	}
	_, err := f.w.Write(bytes.TrimRight(line.Bytes(), "\n"))
	return err
}

func (f *auditJSONFile) end() error {
	_, err := io.WriteString(f.w, "\n]}\n")
	return err
}
