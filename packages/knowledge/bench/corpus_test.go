package bench

import (
	"archive/zip"
	"bytes"
	"embed"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"text/template"

	"codeberg.org/go-pdf/fpdf"
)

//go:embed corpus
var corpus embed.FS

// paper is one document of the bench.
type paper struct {
	key, title, category string
	development          string
	houseType            string // "" for all
	home                 string // "" for all
	mustRead             bool
	superseded           bool // the version before: must never be found
	format               string
	source               string // as written, pages divided by ---
}

// homes of the bench, with their type.
var homes = map[string][]string{"longview": {"12A", "14B", "31C"}, "harbour": {"3D", "8E"}}

type values struct {
	Types        map[string]map[string]any `json:"types"`
	Developments map[string]map[string]any `json:"developments"`
}

func papers(t testing.TB) []paper {
	t.Helper()
	raw, err := corpus.ReadFile("corpus/values.json")
	if err != nil {
		t.Fatal(err)
	}
	var v values
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	fill := func(name string, with map[string]any) string {
		raw, err := corpus.ReadFile("corpus/" + name + ".md")
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := template.Must(template.New(name).Option("missingkey=error").Parse(string(raw))).Execute(&b, with); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	var all []paper
	for development, units := range homes {
		for _, unit := range units {
			code := unit[len(unit)-1:]
			with := v.Types[code]
			for _, p := range []paper{
				{key: "heating", title: "Heating and hot water", category: "manual", format: "pdf", source: fill(with["Heating"].(string), with)},
				{key: "kitchen", title: "Kitchen and appliances", category: "manual", format: "docx", source: fill("kitchen", with)},
				{key: "rooms", title: "Floor plan and room sizes", category: "floor_plan", format: "md", source: fill("rooms", with)},
			} {
				p.development, p.houseType = development, code
				all = append(all, p)
			}
		}
		with := v.Developments[development]
		for _, p := range []paper{
			{key: "manual", title: "Home manual", category: "manual", format: "pdf", source: fill("manual", with)},
			{key: "waste", title: "Waste and recycling", category: "general", format: "md", source: fill("waste", with)},
			{key: "parking", title: "Parking and shared spaces", category: "general", format: "docx", source: fill("parking", with)},
			{key: "warranty", title: "Warranty and defects", category: "warranty", format: "pdf", source: fill("warranty", with)},
			{key: "fire", title: "Fire safety", category: "safety", format: "pdf", mustRead: true, source: fill("fire", with)},
			{key: "management", title: "Management company", category: "legal", format: "txt", source: fill("management", with)},
		} {
			p.development = development
			all = append(all, p)
		}
	}
	all = append(all,
		paper{key: "letter", title: "Intruder alarm", category: "general", format: "pdf", development: "longview", home: "14", source: fill("letter-alarm", nil)},
		paper{key: "letter", title: "Charge point", category: "general", format: "docx", development: "longview", home: "31", source: fill("letter-charger", nil)},
		paper{key: "letter", title: "Snags at handover", category: "general", format: "txt", development: "harbour", home: "3", source: fill("snags", nil)},
	)
	return append(all, superseded(all)...)
}

// superseded are earlier versions of some papers, with figures that are no longer true.
func superseded(all []paper) []paper {
	old := map[string]*strings.Replacer{
		"longview/waste":    strings.NewReplacer("every second Tuesday", "every Monday", "7 pm", "8 pm", "first Monday", "last Sunday"),
		"longview/heating":  strings.NewReplacer("1.2", "0.8", "1.8", "2.4", "55 °C", "62 °C", "38 °C", "45 °C"),
		"harbour/warranty":  strings.NewReplacer("year twelve", "year ten", "01632 960 911", "01632 960 009"),
		"harbour/parking":   strings.NewReplacer("45 pounds", "25 pounds"),
		"longview/letter":   strings.NewReplacer("45 seconds", "20 seconds"),
		"longview/kitchen":  strings.NewReplacer("60 days", "14 days", "28 days", "14 days"),
		"harbour/manual":    strings.NewReplacer("F7", "G3", "Anchor Blue", "Signal Red"),
		"longview/warranty": strings.NewReplacer("care@longview", "help@longview"),
	}
	var out []paper
	for _, p := range all {
		if r := old[p.development+"/"+p.key]; r != nil {
			if changed := r.Replace(p.source); changed != p.source {
				p.source, p.superseded = changed, true
				out = append(out, p)
			}
		}
	}
	return out
}

// file is a paper as it is uploaded.
func (p paper) file(t testing.TB) []byte {
	t.Helper()
	switch p.format {
	case "pdf":
		return asPDF(t, p.source)
	case "docx":
		return asDOCX(t, p.source)
	case "txt":
		return []byte(asText(p.source))
	}
	return []byte(strings.ReplaceAll(p.source, "\n---\n", "\n\f\n"))
}

// pages are those that a text stands on, from 1.
func (p paper) pages(text string) []int {
	var on []int
	for i, page := range strings.Split(plainly(p.source), "\n---\n") {
		if strings.Contains(strings.Join(strings.Fields(page), " "), text) {
			on = append(on, i+1)
		}
	}
	return on
}

// plainly is a source with its tables as they read once they are text.
func plainly(source string) string {
	return strings.ReplaceAll(source, "|", " ")
}

// lines says what stands on a source's lines: kind is "#", "##", "|", "-", "---" or "".
func each(source string, do func(kind, text string)) {
	for l := range strings.SplitSeq(source, "\n") {
		kind := ""
		switch {
		case strings.HasPrefix(l, "|--"), strings.TrimSpace(l) == "":
			continue
		case l == "---":
			kind, l = l, ""
		case strings.HasPrefix(l, "|"):
			kind, l = "|", strings.Trim(l, "| ")
		default:
			for _, k := range []string{"##", "#", "-"} {
				if rest, ok := strings.CutPrefix(l, k+" "); ok {
					kind, l = k, rest
					break
				}
			}
		}
		do(kind, l)
	}
}

func asPDF(t testing.TB, source string) []byte {
	t.Helper()
	p := fpdf.New("P", "mm", "A4", "")
	latin := p.UnicodeTranslatorFromDescriptor("")
	p.SetMargins(22, 20, 22)
	title := ""
	p.SetFooterFunc(func() {
		p.SetY(-15)
		p.SetFont("Helvetica", "", 8)
		p.CellFormat(0, 5, latin(fmt.Sprintf("%s, page %d", title, p.PageNo())), "", 0, "C", false, 0, "")
	})
	p.AddPage()
	each(source, func(kind, text string) {
		text = latin(text)
		switch kind {
		case "---":
			p.AddPage()
		case "#":
			title = text
			p.SetFont("Helvetica", "B", 20)
			p.MultiCell(0, 10, text, "", "L", false)
			p.Ln(4)
		case "##":
			p.Ln(3)
			p.SetFont("Helvetica", "B", 13)
			p.MultiCell(0, 7, text, "", "L", false)
			p.Ln(1)
		case "|":
			p.SetFont("Helvetica", "", 10)
			for _, cell := range strings.Split(text, "|") {
				p.CellFormat(54, 7, strings.TrimSpace(cell), "1", 0, "L", false, 0, "")
			}
			p.Ln(7)
		default:
			p.SetFont("Helvetica", "", 10)
			p.MultiCell(0, 5, text, "", "L", false)
			p.Ln(2.5)
		}
	})
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asDOCX(t testing.TB, source string) []byte {
	t.Helper()
	var body strings.Builder
	run := func(text string) string {
		var b strings.Builder
		_ = xml.EscapeText(&b, []byte(text)) // a Builder never fails
		return `<w:r><w:t xml:space="preserve">` + b.String() + `</w:t></w:r>`
	}
	inTable := false
	each(source, func(kind, text string) {
		if inTable && kind != "|" {
			body.WriteString("</w:tbl>")
			inTable = false
		}
		switch kind {
		case "---":
			body.WriteString(`<w:p><w:r><w:br w:type="page"/></w:r></w:p>`)
		case "#", "##":
			fmt.Fprintf(&body, `<w:p><w:pPr><w:pStyle w:val="Heading%d"/></w:pPr>%s</w:p>`, len(kind), run(text))
		case "|":
			if !inTable {
				body.WriteString("<w:tbl>")
				inTable = true
			}
			body.WriteString("<w:tr>")
			for _, cell := range strings.Split(text, "|") {
				body.WriteString("<w:tc><w:p>" + run(strings.TrimSpace(cell)) + "</w:p></w:tc>")
			}
			body.WriteString("</w:tr>")
		default:
			body.WriteString("<w:p>" + run(text) + "</w:p>")
		}
	})
	if inTable {
		body.WriteString("</w:tbl>")
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range map[string]string{
		"[Content_Types].xml": `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"word/document.xml":   `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` + body.String() + `</w:body></w:document>`,
	} {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asText(source string) string {
	var b strings.Builder
	each(source, func(kind, text string) {
		switch kind {
		case "---":
			b.WriteString("\f")
		case "#":
			b.WriteString(text + "\n" + strings.Repeat("=", len(text)) + "\n\n")
		case "##":
			b.WriteString(strings.ToUpper(text) + "\n\n")
		case "-":
			b.WriteString("- " + text + "\n")
		default:
			b.WriteString(text + "\n\n")
		}
	})
	return b.String()
}
