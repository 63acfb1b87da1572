package estate

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// create makes a development without homes.
func (o *office) create(ctx context.Context, name string) (id string, err error) {
	var made struct{ ID string }
	err = o.ask(ctx, "create the development", http.MethodPost, "/api/developments", map[string]string{"name": name}, &made)
	return made.ID, err
}

// furnish imports the homes of a development and prints their codes.
func (o *office) furnish(ctx context.Context, development, name string, homes int, domain string) ([]Home, error) {
	tag := strings.ToLower(rand.Text()[:8])
	buyer := func(n int) string { return fmt.Sprintf("buyer-%s-%d@%s", tag, n, domain) }
	if err := o.importHomes(ctx, development, homesFile(name, homes, buyer), homes); err != nil {
		return nil, err
	}
	codes, err := o.printCodes(ctx, development)
	if err != nil {
		return nil, err
	}
	fresh := make([]Home, homes)
	for i := range fresh {
		if fresh[i] = (Home{Code: codes[strconv.Itoa(i+1)], Buyer: buyer(i + 1)}); fresh[i].Code == "" {
			return nil, fmt.Errorf("home %d was printed without a code", i+1)
		}
	}
	return fresh, nil
}

// homesFile is the sales office's spreadsheet.
func homesFile(street string, homes int, buyer func(int) string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"unit_number", "address_line_1", "city", "house_type", "bedrooms", "purchaser_name", "purchaser_email"}) // into memory
	for n := 1; n <= homes; n++ {
		number := strconv.Itoa(n)
		_ = w.Write([]string{number, number + " " + street, "Ballyhale", "B", "3", "Buyer No. " + number, buyer(n)})
	}
	w.Flush()
	return b.Bytes()
}

func (o *office) importHomes(ctx context.Context, development string, file []byte, homes int) error {
	var i struct {
		ID, State, Version string
		New, Errors        int
	}
	if err := o.upload(ctx, "upload the homes", "/api/developments/"+development+"/import", "homes.csv", file, &i); err != nil {
		return err
	}
	where := "/api/imports/" + i.ID
	settled := func() bool { return i.State != "uploaded" && i.State != "committing" }
	if err := o.until(ctx, "read the homes", where, &i, settled); err != nil {
		return err
	}
	if i.State != "previewed" || i.New != homes || i.Errors != 0 {
		return fmt.Errorf("of %d homes the import would make %d, with %d errors (it is %s)", homes, i.New, i.Errors, i.State)
	}
	if err := o.ask(ctx, "commit the import", http.MethodPost, where+"/commit", map[string]string{"version": i.Version}, &i); err != nil {
		return err
	}
	if err := o.until(ctx, "make the homes", where, &i, settled); err != nil {
		return err
	}
	if i.State != "committed" {
		return fmt.Errorf("the import ended as %s", i.State)
	}
	return nil
}

// printCodes prints the codes of a development and returns them by number of the home.
func (o *office) printCodes(ctx context.Context, development string) (map[string]string, error) {
	sheets := "/api/developments/" + development + "/sheets"
	var leads struct{ Address string }
	if err := o.ask(ctx, "see where codes lead", http.MethodGet, sheets, nil, &leads); err != nil {
		return nil, err
	}
	var p struct {
		ID, State, Note string
		Files           *struct{ ZIP string }
	}
	if err := o.ask(ctx, "print the codes", http.MethodPost, sheets, map[string]string{"reach": "development", "address": leads.Address}, &p); err != nil {
		return nil, err
	}
	if err := o.until(ctx, "draw the codes", "/api/sheets/"+p.ID, &p, func() bool { return p.State != "working" }); err != nil {
		return nil, err
	}
	if p.Files == nil {
		return nil, fmt.Errorf("the print ended as %s: %s", p.State, p.Note)
	}
	archive, err := o.exchange(ctx, "fetch the codes", http.MethodGet, p.Files.ZIP, "", nil)
	if err != nil {
		return nil, err
	}
	return readManifest(archive)
}

// readManifest reads the list in the ZIP of codes: number of the home → code.
func readManifest(archive []byte) (map[string]string, error) {
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, fmt.Errorf("read the codes: %w", err)
	}
	file, err := z.Open("manifest.csv")
	if err != nil {
		return nil, fmt.Errorf("read the codes: %w", err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("read the codes: %w", err)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\uFEFF")))).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, errors.Join(errors.New("read the codes: the list has no rows"), err)
	}
	number, link := -1, -1
	for i, name := range rows[0] {
		switch name {
		case "Home":
			number = i
		case "Link":
			link = i
		}
	}
	if number < 0 || link < 0 {
		return nil, fmt.Errorf("read the codes: the list has the columns %q, and Home and Link are wanted", rows[0])
	}
	codes := map[string]string{}
	for _, row := range rows[1:] {
		codes[row[number]] = path.Base(row[link])
	}
	return codes, nil
}
