package homecsv

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func zipOf(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range names {
		w, err := z.Create(n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, strings.Repeat("content ", 1000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	header := "unit_number,address_line_1,house_type_code"
	wide := header + strings.Repeat(",extra", 197)
	for _, c := range []struct {
		name, content string
		want          Problem
	}{
		{"empty", "", Problem{Code: CodeEmptyFile}},
		{"only a mark", "\uFEFF", Problem{Code: CodeEmptyFile}},
		{"only the mark of UTF-16", "\xFF\xFE", Problem{Code: CodeEmptyFile}},
		{"only white space", " \r\n\t\r\n", Problem{Code: CodeEmptyFile}},
		{"only separators", ",,,\n,,,\n", Problem{Code: CodeEmptyFile}},
		{"only a header", header + "\r\n", Problem{Code: CodeNoRows}},
		{"header and blank rows", header + "\n,,\n\n", Problem{Code: CodeNoRows}},
		{"xlsx", zipOf(t, "[Content_Types].xml", "xl/workbook.xml"), Problem{Code: CodeSpreadsheet, Value: string(KindXLSX)}},
		{"xlsx, names at the end", zipOf(t, strings.Repeat("a", 200), "docProps/app.xml", "xl/workbook.xml"), Problem{Code: CodeSpreadsheet, Value: string(KindXLSX)}},
		{"ods", zipOf(t, "mimetype application/vnd.oasis.opendocument.spreadsheet"), Problem{Code: CodeSpreadsheet, Value: string(KindODS)}},
		{"numbers", zipOf(t, "Index/Document.iwa"), Problem{Code: CodeSpreadsheet, Value: string(KindNumbers)}},
		{"xls", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 600), Problem{Code: CodeSpreadsheet, Value: string(KindXLS)}},
		{"zip", zipOf(t, "photos/1.txt"), Problem{Code: CodeBinary, Value: string(KindZIP)}},
		{"pdf", "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj", Problem{Code: CodeBinary, Value: string(KindPDF)}},
		{"png", "\x89PNG\r\n\x1A\n\x00\x00\x00\rIHDR", Problem{Code: CodeBinary, Value: string(KindPNG)}},
		{"jpeg", "\xFF\xD8\xFF\xE0\x00\x10JFIF", Problem{Code: CodeBinary, Value: string(KindJPEG)}},
		{"gzip", "\x1F\x8B\x08\x00", Problem{Code: CodeBinary, Value: string(KindCompressed)}},
		{"nul in the middle", header + "\n1,Main\x00 Street,B\n", Problem{Code: CodeBinary, Value: string(KindUnknown)}},
		{"control characters", strings.Repeat("\x01\x02\x03abc", 100), Problem{Code: CodeBinary, Value: string(KindUnknown)}},
		{"utf-32", "\xFF\xFE\x00\x00u\x00\x00\x00", Problem{Code: CodeEncoding, Value: "UTF-32"}},
		{"web page called csv", "\r\n<!DOCTYPE html><table>", Problem{Code: CodeSpreadsheet, Value: string(KindMarkup)}},
		{"xml sheet", "\uFEFF<?xml version=\"1.0\"?>", Problem{Code: CodeSpreadsheet, Value: string(KindMarkup)}},
		{"200 columns", wide + "\n" + strings.Repeat(",", 199) + "x\n", Problem{Code: CodeTooManyColumns, Value: "200", Limit: MaxColumns}},
		{"ten million cells", strings.Repeat(",", MaxBytes-1) + "x", Problem{Code: CodeTooManyColumns, Value: "10485760", Limit: MaxColumns}},
		{"20,001 rows", header + "\n" + strings.Repeat("1,Main Street,B\n", MaxRows+1), Problem{Code: CodeTooManyRows, Limit: MaxRows}},
		{"40,000 rows", header + "\n" + strings.Repeat("1,Main Street,B\n", 2*MaxRows), Problem{Code: CodeTooManyRows, Limit: MaxRows}},
		{"one letter", "x", Problem{Code: CodeNoRows}},
		{"one byte too many", header + "\n" + strings.Repeat("x", MaxBytes-len(header)), Problem{Code: CodeTooLarge, Limit: MaxBytes}},
		{"no unit number", "address_line_1,house_type\nMain Street,B\n", Problem{Code: CodeMissingColumn, Field: FieldUnitNumber}},
		{"no address", "unit_number,house_type\n1,B\n", Problem{Code: CodeMissingColumn, Field: FieldAddressLine1}},
		{"no house type", "unit_number,address_line_1\n1,Main Street\n", Problem{Code: CodeMissingColumn, Field: FieldHouseType}},
		{"two columns of one name", "unit,address,type,E-mail,email\n1,Main Street,B,a@example.org,b@example.org\n", Problem{Code: CodeDuplicateColumn, Field: FieldPurchaserEmail, Column: 5, Value: "email"}},
		{"quote open in the header", "unit_number,\"address_line_1,house_type\n1,Main Street,B\n", Problem{Code: CodeHeaderQuote, Line: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := parse(t, []byte(c.content), Options{})
			if f.Ready() || f.Problems[0] != c.want {
				t.Fatalf("problems %+v, want %+v", f.Problems, c.want)
			}
		})
	}
}

func TestWrongRows(t *testing.T) {
	t.Parallel()
	good := func(n int) string { return fmt.Sprintf("%d,%d Main Street,B", n, n) }
	for _, c := range []struct {
		name, content string
		want          []said
		good          int
	}{
		{"quote never closed", plain(good(1), `2,"2 Main Street,B`, good(3), good(4)), []said{{3, "", CodeOpenQuote, 0}}, 3},
		{"quote never closed on the last line", plain(good(1), `2,"2 Main Street,B`), []said{{3, "", CodeOpenQuote, 0}}, 1},
		{"text behind a quote", plain(`1,"Main "New" Street",B`, good(2)), []said{{2, "", CodeOpenQuote, 0}}, 1},
		{
			"quote opens below the start of its row",
			"unit_number,address_line_1,address_line_2,house_type\n1,\"1\nMain\nStreet\",\"Mill Road,B\n2,x,y,B\n",
			[]said{{4, "", CodeOpenQuote, 0}},
			1,
		},
		{"quote never closed, no line end", strings.TrimSuffix(plain(good(1), `2,"2 Main Street,B`), "\n"), []said{{3, "", CodeOpenQuote, 0}}, 1},
		{"a cell of nothing but quotes", plain(`1,"`+strings.Repeat(`"`, maxQuoted+2)+`,B`, good(2)), []said{{2, "", CodeOpenQuote, 0}}, 1},
		{"a cell longer than a sheet's", plain(`1,"`+strings.Repeat(`x`, maxQuoted)+`",B`, good(2)), []said{{2, "", CodeOpenQuote, 0}}, 1},
		{"two slips", plain(`1,"x,B`, good(2), `3,"x,B`, good(4)), []said{{2, "", CodeOpenQuote, 0}, {4, "", CodeOpenQuote, 0}}, 2},
		{"too few cells", plain(good(1), "2,Main Street", good(3)), []said{{3, "", CodeTooFewCells, 0}}, 2},
		{"too many cells", plain("1,Main Street, Upper,B", good(2)), []said{{2, "", CodeTooManyCells, 0}}, 1},
		{"footer", plain(good(1), "Total: 1"), []said{{3, "", CodeTooFewCells, 0}}, 1},
		{"three quarters of nothing", plain(" ,\u00A0,B", good(2)), []said{{2, FieldUnitNumber, CodeRequired, 0}, {2, FieldAddressLine1, CodeRequired, 0}}, 1},
		{"no house type", plain("1,Main Street,", good(2)), []said{{2, FieldHouseType, CodeRequired, 0}}, 1},
		{"the same home in other letters", plain("12A,Main Street,B", "12  a,Main Street,B", "12a,Main Street,B"), []said{{4, FieldUnitNumber, CodeDuplicateHome, 2}}, 2},
		{"the same home three times", plain(good(1), good(1), good(1)), []said{{3, FieldUnitNumber, CodeDuplicateHome, 2}, {4, FieldUnitNumber, CodeDuplicateHome, 2}}, 1},
		{"control character", plain("1,Main\x07 Street,B", good(2)), []said{{2, FieldAddressLine1, CodeControl, 0}}, 1},
		{"undefined in cp1252", plain("1,Caf\xE9 \x81,B", good(2)), []said{{2, FieldAddressLine1, CodeLost, 0}}, 1},
		{"hole in UTF-8", plain("1,Bóthar Fáda Éire Ó,B", "2,Caf\xE9,B"), []said{{3, FieldAddressLine1, CodeLost, 0}}, 1},
		{"long unit number", plain(strings.Repeat("9", 21)+",x,B", good(2)), []said{{2, FieldUnitNumber, CodeTooLong, 0}}, 1},
		{"long address", plain("1,"+strings.Repeat("é", 201)+",B", "2,"+strings.Repeat("é", 200)+",B"), []said{{2, FieldAddressLine1, CodeTooLong, 0}}, 1},
		{"half a bedroom", withColumn("bedrooms", "2.5", "3"), []said{{2, FieldBedrooms, CodeBadNumber, 0}}, 1},
		{"many bathrooms", withColumn("bathrooms", "21", "3"), []said{{2, FieldBathrooms, CodeNumberRange, 0}}, 1},
		{"area in feet", withColumn("floor area", "1,163 sq ft", "99"), []said{{2, FieldFloorArea, CodeBadNumber, 0}}, 1},
		{"area of a hangar", withColumn("floor area", "10800", "99"), []said{{2, FieldFloorArea, CodeNumberRange, 0}}, 1},
		{"two addresses", withColumn("email", "a@example.org b@example.org", "c@example.org"), []said{{2, FieldPurchaserEmail, CodeBadEmail, 0}}, 1},
		{"phone as a number", withColumn("phone", "3.53E+12", "+353 1 5551234"), []said{{2, FieldPurchaserPhone, CodeBadPhone, 0}}, 1},
		{"no date", withColumn("handover", "soon", "2027-01-01"), []said{{2, FieldHandoverDate, CodeBadDate, 0}}, 1},
		{"30 February", withColumn("handover", "2027-02-30", "2027-01-01"), []said{{2, FieldHandoverDate, CodeImpossibleDate, 0}}, 1},
		{"another century", withColumn("handover", "1927-02-03", "2027-01-01"), []said{{2, FieldHandoverDate, CodeDateRange, 0}}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := parse(t, []byte(c.content), Options{})
			if diff := cmp.Diff(c.want, problemsOf(f)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if got := len(f.Good()); got != c.good {
				t.Errorf("%d good rows, want %d", got, c.good)
			}
		})
	}
}

// counter is an endless file that knows how much of it was read.
type counter struct{ n int64 }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "1,Main Street,B\n"[(c.n+int64(i))%16]
	}
	c.n += int64(len(p))
	return len(p), nil
}

func TestHundredMegabytesAreRefusedEarly(t *testing.T) {
	t.Parallel()
	var c counter
	f, err := Parse(&c, Options{})
	if err != nil || f.Ready() || f.Problems[0].Code != CodeTooLarge {
		t.Fatalf("%+v, %v", f, err)
	}
	if c.n > MaxBytes+1<<20 {
		t.Errorf("%d bytes were read", c.n)
	}
	c.n = 0
	f, err = Parse(&c, Options{Size: 100 << 20})
	if err != nil || f.Ready() || c.n != 0 {
		t.Fatalf("read %d bytes: %+v, %v", c.n, f, err)
	}
	want := Problem{Code: CodeTooLarge, Value: "104857600", Limit: MaxBytes}
	if got := f.Problems[0]; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestReadErrorIsReturned(t *testing.T) {
	t.Parallel()
	broken := errors.New("the network is gone")
	r := io.MultiReader(strings.NewReader("unit_number,"), &failing{broken})
	if f, err := Parse(r, Options{}); !errors.Is(err, broken) || f != nil {
		t.Errorf("got %+v, %v", f, err)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }
