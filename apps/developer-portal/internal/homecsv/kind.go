package homecsv

import (
	"bytes"
	"strings"
)

// kinds are the first bytes of files that people upload by mistake.
var kinds = []struct {
	magic string
	code  Code
	name  string
}{
	{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", CodeSpreadsheet, "an old Excel workbook (.xls)"},
	{"%PDF-", CodeBinary, "a PDF"},
	{"\x89PNG\r\n", CodeBinary, "a picture (PNG)"},
	{"\xFF\xD8\xFF", CodeBinary, "a picture (JPEG)"},
	{"GIF8", CodeBinary, "a picture (GIF)"},
	{"\x1F\x8B", CodeBinary, "a compressed file"},
	{"7z\xBC\xAF\x27\x1C", CodeBinary, "a compressed file"},
	{"Rar!\x1A\x07", CodeBinary, "a compressed file"},
	{"{\\rtf", CodeBinary, "a text document (RTF)"},
	{"\xFF\xFE\x00\x00", CodeEncoding, "UTF-32"},
	{"\x00\x00\xFE\xFF", CodeEncoding, "UTF-32"},
}

// refuseKind recognises files that can't be a CSV by their first bytes.
func refuseKind(b []byte) *Problem {
	head := b[:min(len(b), sniffed)]
	for _, k := range kinds {
		if bytes.HasPrefix(head, []byte(k.magic)) {
			return &Problem{Code: k.code, Value: k.name}
		}
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")) {
		return refuseZip(b)
	}
	start := strings.ToLower(strings.TrimLeft(strings.TrimPrefix(string(head[:min(len(head), 256)]), "\uFEFF"), " \t\r\n"))
	for _, tag := range []string{"<!doctype", "<html", "<table", "<?xml"} {
		if strings.HasPrefix(start, tag) {
			return &Problem{Code: CodeSpreadsheet, Value: "a web page or an XML sheet"}
		}
	}
	return nil
}

// refuseZip tells a workbook from another archive: the names of its parts
// stand uncompressed in the bytes, at the start or in the directory at the end.
func refuseZip(b []byte) *Problem {
	ends := [][]byte{b[:min(len(b), sniffed)], b[max(0, len(b)-sniffed):]}
	for _, part := range ends {
		switch {
		case bytes.Contains(part, []byte("xl/")), bytes.Contains(part, []byte("[Content_Types].xml")):
			return &Problem{Code: CodeSpreadsheet, Value: "an Excel workbook (.xlsx)"}
		case bytes.Contains(part, []byte("opendocument.spreadsheet")):
			return &Problem{Code: CodeSpreadsheet, Value: "an OpenDocument sheet (.ods)"}
		case bytes.Contains(part, []byte("Index/")):
			return &Problem{Code: CodeSpreadsheet, Value: "a Numbers sheet"}
		}
	}
	return &Problem{Code: CodeBinary, Value: "a ZIP archive"}
}
