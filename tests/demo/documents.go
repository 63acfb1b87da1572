package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"codeberg.org/go-pdf/fpdf"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"openhouse.example/packages/platform/files"
)

// document is a paper of a development, of a house type or of one home.
type document struct {
	development, houseType, home string // home is a number
	title, category, fileName    string
	mustRead                     bool
	write                        func(*fpdf.Fpdf)
}

var kestrelDocuments = []document{
	{development: "longview-park", title: "House manual", category: "manual", fileName: "house-manual.pdf", write: houseManual},
	{development: "longview-park", title: "In case of fire", category: "safety", fileName: "fire.pdf", mustRead: true, write: fireSheet},
	{development: "longview-park", houseType: "A", title: "Type A floor plan", category: "floor_plan", fileName: "type-a.pdf", write: floorPlan("Type A, two bedrooms", 4.20, 3.60)},
	{development: "longview-park", houseType: "B", title: "Type B floor plan", category: "floor_plan", fileName: "type-b.pdf", write: floorPlan("Type B, three bedrooms", 4.80, 3.90)},
	{development: "longview-park", home: "14", title: "Alarm letter", category: "general", fileName: "alarm-14.pdf", write: alarmLetter},
}

// documents stores what the company gives its residents, and leaves the reading of it to the worker. Without a place for
// files there are none.
func (l *loader) documents(ctx context.Context, company uuid.UUID, list []document, developments map[string]uuid.UUID) error {
	if l.files == nil {
		return nil
	}
	b := &pgx.Batch{}
	for _, d := range list {
		pdf := fpdf.New("P", "mm", "A4", "")
		pdf.SetCreationDate(l.today)
		pdf.SetModificationDate(l.today)
		d.write(pdf)
		var content bytes.Buffer
		if err := pdf.Output(&content); err != nil {
			return fmt.Errorf("%s: %w", d.title, err)
		}
		stored, err := l.files.Put(ctx, company, &content, 1<<20)
		if err != nil {
			return fmt.Errorf("%s: %w", d.title, err)
		}
		if err := queueDocument(b, company, developments[d.development], d, stored); err != nil {
			return err
		}
	}
	if err := l.tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("documents: %w", err)
	}
	return nil
}

func queueDocument(b *pgx.Batch, company, development uuid.UUID, d document, stored files.Stored) error {
	var ids [3]uuid.UUID
	for i := range ids {
		var err error
		if ids[i], err = uuid.NewV7(); err != nil {
			return err
		}
	}
	id, version, job := ids[0], ids[1], ids[2]
	scope := "development"
	switch {
	case d.houseType != "":
		scope = "house_type"
	case d.home != "":
		scope = "unit"
	}
	b.Queue(`insert into documents (tenant_id, id, development_id, scope, house_type_id, unit_id, title, category, must_read)
		values ($1, $2, $3, $4, (select h.id from house_types h where h.tenant_id = $1 and h.development_id = $3 and h.code = $5),
			(select u.id from units u where u.tenant_id = $1 and u.development_id = $3 and u.unit_number = $6 order by u.block limit 1), $7, $8, $9)`,
		company, id, development, scope, d.houseType, d.home, d.title, d.category, d.mustRead)
	b.Queue(`insert into document_versions (tenant_id, id, development_id, document_id, number, sha256, file_name, mime, size_bytes)
		values ($1, $2, $3, $4, 1, $5, $6, 'application/pdf', $7)`, company, version, development, id, stored.Hash[:], d.fileName, stored.Size)
	b.Queue(`update documents set current_version_id = $3 where tenant_id = $1 and id = $2`, company, id, version)
	payload, err := json.Marshal(map[string]uuid.UUID{"document": id, "version": version})
	if err != nil {
		return err
	}
	b.Queue(`insert into jobs (tenant_id, id, kind, payload) values ($1, $2, 'read_document', $3)`, company, job, string(payload))
	return nil
}

// page begins a page with a heading; paragraphs are what stands below it.
func page(p *fpdf.Fpdf, title string, paragraphs ...string) {
	p.AddPage()
	p.SetFont("Helvetica", "B", 18)
	p.MultiCell(0, 10, title, "", "L", false)
	p.Ln(2)
	p.SetFont("Helvetica", "", 11)
	for _, text := range paragraphs {
		p.MultiCell(0, 6, text, "", "L", false)
		p.Ln(3)
	}
}

func houseManual(p *fpdf.Fpdf) {
	page(p, "Your home at Longview Park",
		"Welcome. This manual says how your home works and whom to ask. Keep it: it goes with the home when you sell it.",
		"The emergency number of the development is on the first page of the residents' portal.")
	page(p, "Water",
		"The stopcock is under the kitchen sink, behind the left door. Turn it clockwise to shut off all water in the home.",
		"In frost, leave the heating on low and open the doors below sinks. Outside taps have a valve of their own in the utility room: close it in November and open the tap until it is empty.")
	page(p, "Heating",
		"The heat pump stands behind the house. Set the temperature at the panel in the hall. It works best when it runs all day at a steady temperature.",
		"To reset it, hold the round button at the panel for ten seconds. If the display shows E4, check that nothing covers the fan outside, then call the installer.")
	page(p, "Electricity",
		"The fuse board is in the hall cupboard. If the power fails in one room, find the switch that points down and push it up once. If it falls again, unplug what you used last and call an electrician.")
	page(p, "Bins",
		"General waste is collected every second Tuesday, recycling on the Tuesdays between. Put bins at the gate before seven in the morning.")
}

func fireSheet(p *fpdf.Fpdf) {
	page(p, "In case of fire",
		"Leave the home and close the doors behind you. Do not go back for anything. Meet your neighbours at the green by the playground.",
		"Call the fire brigade from outside. Say Longview Park, Mill Road, and the number of your home.",
		"Test each smoke alarm on the first day of the month: press its button until it sounds.")
}

// floorPlan draws the ground floor of a type, whose living room is so wide and deep in metres.
func floorPlan(title string, wide, deep float64) func(*fpdf.Fpdf) {
	return func(p *fpdf.Fpdf) {
		page(p, title+": ground floor")
		p.SetFont("Helvetica", "", 10)
		p.SetLineWidth(0.8)
		for _, room := range []struct {
			name       string
			x, y, w, h float64
		}{
			{fmt.Sprintf("Living room %.2f m x %.2f m", wide, deep), 20, 50, 75, 60},
			{"Kitchen 4.20 m x 3.60 m", 95, 50, 70, 60},
			{"Hall", 20, 110, 45, 50},
			{"Utility 2.10 m x 1.80 m", 65, 110, 50, 50},
			{"WC", 115, 110, 50, 50},
		} {
			p.Rect(room.x, room.y, room.w, room.h, "D")
			p.Text(room.x+4, room.y+8, room.name)
		}
	}
}

func alarmLetter(p *fpdf.Fpdf) {
	page(p, "Your alarm: home 14",
		"The alarm of your home was fitted on the ground floor, beside the front door. It is off until you choose a code.",
		"To choose one, press Menu, then 1, and type four digits twice. The installer's code ends with that.",
		"The alarm rings for twenty minutes at most. To stop it, type your code.")
}
