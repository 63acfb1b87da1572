package isolation

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"openhouse.example/tests/e2e/visit"
)

// printedCode is what a printed QR code's address ends in.
var printedCode = regexp.MustCompile(`[0-9A-Za-z]{12}$`)

// stage does in both companies what leaves files behind: it prints the codes of every development, so that there are
// real PDFs and ZIPs whose codes nobody else may read, and has a file of homes looked at.
func (m *matrix) stage() {
	m.t.Helper()
	for _, company := range []string{"a", "b"} {
		admin := Person{Name: "stage", Portal: developerPortal, Role: "admin", Company: company, Staff: "admin"}
		v := visit.New(m.t, m.w.portals[developerPortal].URL)
		v.Token = m.w.token(m.t, admin)
		for _, development := range []string{"park", "quay"} {
			address := "/api/developments/" + id(company, development)
			var print struct{ ID, State string }
			v.JSON(http.MethodPost, address+"/sheets", map[string]string{"reach": "development", "address": m.w.portals[tenantPortal].URL}).
				Want(http.StatusAccepted).Decode(&print)
			await(m.t, "the sheets of "+development, func() bool {
				v.JSON(http.MethodGet, "/api/sheets/"+print.ID, nil).Want(http.StatusOK).Decode(&print)
				return print.State == "ready"
			})
			files := v.JSON(http.MethodGet, "/api/sheets/"+print.ID+"/codes.zip", nil).Want(http.StatusOK)
			m.keepCodes(files.Body, Owner{Company: id(company, "tenant"), Development: id(company, development)})

			page := v.Get("/developments/" + id(company, development) + "/import").Want(http.StatusOK)
			upload := v.Form(page, "/import")
			made := v.Do(upload.Attach(fileField(page, upload), "homes.csv",
				[]byte("unit_number,address_line_1,house_type\n51,51 Mill Road,A\n52,,A\n")).Request()).Want(http.StatusOK)
			await(m.t, "the import into "+development, func() bool {
				var seen struct{ State string }
				text, err := json.Marshal(json.RawMessage(v.JSON(http.MethodGet, "/api"+made.URL.Path, nil).Want(http.StatusOK).Body))
				if err != nil {
					m.t.Fatal(err)
				}
				if err := json.Unmarshal(text, &seen); err != nil {
					m.t.Fatal(err)
				}
				return seen.State == "previewed"
			})
		}
	}
	m.w.mark(m.t)
}

// keepCodes remembers the codes in a ZIP of pictures as secrets of their owner.
func (m *matrix) keepCodes(file []byte, o Owner) {
	m.t.Helper()
	texts, _, err := views(file)
	if err != nil {
		m.t.Fatal(err)
	}
	found := 0
	for _, text := range texts {
		if !strings.HasPrefix(text, m.w.portals[tenantPortal].URL+"/") {
			continue
		}
		if code := printedCode.FindString(text); code != "" {
			m.w.secrets = append(m.w.secrets, Mark{Text: strings.ToLower(code), Table: "unit_invites", Column: secretColumn, Owner: o})
			found++
		}
	}
	if found == 0 {
		m.t.Fatalf("no printed code can be read in the sheets' ZIP, of %d texts", len(texts))
	}
}

func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("%s: not done after two minutes", what)
}
