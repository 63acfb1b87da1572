package homecsv

import (
	"bytes"
	"strings"
)

// Kind is what a file is that should have been a CSV.
type Kind string

// The kinds that are told apart.
const (
	KindXLSX       Kind = "xlsx"
	KindXLS        Kind = "xls"
	KindODS        Kind = "ods"
	KindNumbers    Kind = "numbers"
	KindMarkup     Kind = "markup" // a web page, or a sheet in XML
	KindPDF        Kind = "pdf"
	KindPNG        Kind = "png"
	KindJPEG       Kind = "jpeg"
	KindGIF        Kind = "gif"
	KindRTF        Kind = "rtf"
	KindZIP        Kind = "zip"
	KindCompressed Kind = "compressed"
	KindUnknown    Kind = "unknown" // no text
)

// kinds are the first bytes of files that people upload by mistake.
var kinds = []struct {
	magic string
	code  Code
	value string
}{
	{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", CodeSpreadsheet, string(KindXLS)},
	{"%PDF-", CodeBinary, string(KindPDF)},
	{"\x89PNG\r\n", CodeBinary, string(KindPNG)},
	{"\xFF\xD8\xFF", CodeBinary, string(KindJPEG)},
	{"GIF8", CodeBinary, string(KindGIF)},
	{"\x1F\x8B", CodeBinary, string(KindCompressed)},
	{"7z\xBC\xAF\x27\x1C", CodeBinary, string(KindCompressed)},
	{"Rar!\x1A\x07", CodeBinary, string(KindCompressed)},
	{"{\\rtf", CodeBinary, string(KindRTF)},
	{"\xFF\xFE\x00\x00", CodeEncoding, "UTF-32"},
	{"\x00\x00\xFE\xFF", CodeEncoding, "UTF-32"},
}

// refuseKind recognises files that can't be a CSV by their first bytes.
func refuseKind(b []byte) *Problem {
	head := b[:min(len(b), sniffed)]
	for _, k := range kinds {
		if bytes.HasPrefix(head, []byte(k.magic)) {
			return &Problem{Code: k.code, Value: k.value}
		}
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")) {
		return refuseZip(b)
	}
	start := strings.ToLower(strings.TrimLeft(strings.TrimPrefix(string(head[:min(len(head), 256)]), "\uFEFF"), " \t\r\n"))
	for _, tag := range []string{"<!doctype", "<html", "<table", "<?xml"} {
		if strings.HasPrefix(start, tag) {
			return &Problem{Code: CodeSpreadsheet, Value: string(KindMarkup)}
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
			return &Problem{Code: CodeSpreadsheet, Value: string(KindXLSX)}
		case bytes.Contains(part, []byte("opendocument.spreadsheet")):
			return &Problem{Code: CodeSpreadsheet, Value: string(KindODS)}
		case bytes.Contains(part, []byte("Index/")):
			return &Problem{Code: CodeSpreadsheet, Value: string(KindNumbers)}
		}
	}
	return &Problem{Code: CodeBinary, Value: string(KindZIP)}
}
