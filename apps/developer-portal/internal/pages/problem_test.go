package pages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"openhouse.example/apps/developer-portal/internal/homecsv"
	"openhouse.example/packages/ui/text"
)

func TestMain(m *testing.M) {
	text.MustRegister(os.DirFS("../.."), "words")
	os.Exit(m.Run())
}

func TestProblemsInSentences(t *testing.T) {
	t.Parallel()
	type p = homecsv.Problem
	for _, c := range []struct {
		problem p
		want    string
	}{
		{p{Code: homecsv.CodeEmptyFile}, "The file is empty. Save the sheet again as CSV and upload that file."},
		{p{Code: homecsv.CodeNoRows}, "The file has column names but no homes below them."},
		{
			p{Code: homecsv.CodeTooLarge, Value: "104857600", Limit: homecsv.MaxBytes},
			"The file has 104,857,600 bytes; at most 10,485,760 are accepted. Split it into several files.",
		},
		{
			p{Code: homecsv.CodeTooLarge, Limit: homecsv.MaxBytes},
			"The file has more than 10,485,760 bytes; at most 10,485,760 are accepted. Split it into several files.",
		},
		{p{Code: homecsv.CodeTooManyRows, Limit: homecsv.MaxRows}, "The file has more than 20,000 rows. Split it into several files."},
		{
			p{Code: homecsv.CodeTooManyColumns, Value: "200", Limit: homecsv.MaxColumns},
			"The file has 200 columns; at most 100 are accepted. Delete the columns that aren’t about homes.",
		},
		{
			p{Code: homecsv.CodeSpreadsheet, Value: string(homecsv.KindXLSX)},
			`This is an Excel workbook (.xlsx), not a CSV file. Open it, choose "Save as CSV" (in Excel: "CSV UTF-8") and upload that file.`,
		},
		{
			p{Code: homecsv.CodeBinary, Value: string(homecsv.KindPDF)},
			`This is a PDF, not a CSV file. Open the list of homes in a spreadsheet and choose "Save as CSV".`,
		},
		{p{Code: homecsv.CodeEncoding, Value: "UTF-32"}, `The text is saved as UTF-32. Save it again as "CSV UTF-8".`},
		{
			p{Code: homecsv.CodeMissingColumn, Field: homecsv.FieldUnitNumber},
			"No column was found for “Home number”. Choose the column that holds it, or add one.",
		},
		{
			p{Code: homecsv.CodeDuplicateColumn, Field: homecsv.FieldPurchaserEmail, Column: 5, Value: "E-mail 100 %d"},
			"More than one column is named “E-mail 100 %d”. Choose the one that holds “Buyer’s e-mail”.",
		},
		{
			p{Code: homecsv.CodeBadMapping, Column: 3, Field: "colour"},
			"Column 3 can’t be used for “colour”: choose an existing column for each, and each only once.",
		},
		{p{Code: homecsv.CodeHeaderQuote, Line: 1}, "A quotation mark opened on line 1, among the column names, is never closed."},
		{
			p{Code: homecsv.CodeOpenQuote, Line: 1234},
			`A quotation mark opened on line 1234 is not closed properly. Close it, or write "" for a mark inside a text.`,
		},
		{p{Code: homecsv.CodeTooFewCells, Value: "2", Limit: 3}, "The row has 2 cells, the column names say 3."},
		{
			p{Code: homecsv.CodeTooManyCells, Value: "4", Limit: 3},
			"The row has 4 cells, the column names say 3. A text with the separator in it needs quotation marks around it.",
		},
		{p{Code: homecsv.CodeRequired, Field: homecsv.FieldHouseType}, "House type is missing."},
		{p{Code: homecsv.CodeTooLong, Field: homecsv.FieldAddressLine1, Limit: 200}, "Address line 1 is longer than 200 characters."},
		{p{Code: homecsv.CodeControl, Field: homecsv.FieldCity}, "Town or city has an invisible control character in it. Type it again."},
		{
			p{Code: homecsv.CodeLost, Field: homecsv.FieldCity, Value: "K\uFFFDln"},
			"Town or city has letters that were lost when the file was saved: “K\uFFFDln”. Type it again.",
		},
		{
			p{Code: homecsv.CodeBadEmail, Field: homecsv.FieldPurchaserEmail, Value: "not-an-address"},
			"Buyer’s e-mail: “not-an-address” is not one e-mail address.",
		},
		{p{Code: homecsv.CodeBadPhone, Field: homecsv.FieldPurchaserPhone, Value: "call me"}, "Buyer’s phone: “call me” is not a phone number."},
		{p{Code: homecsv.CodeBadNumber, Field: homecsv.FieldBedrooms, Value: "2.5"}, "Bedrooms: “2.5” is not a whole number."},
		{
			p{Code: homecsv.CodeBadNumber, Field: homecsv.FieldFloorArea, Value: "1,163 sq ft"},
			"Floor area (m²): “1,163 sq ft” is not a number of square metres.",
		},
		{p{Code: homecsv.CodeNumberRange, Field: homecsv.FieldBathrooms, Value: "21", Limit: 20}, "Bathrooms: “21” is more than 20."},
		{
			p{Code: homecsv.CodeNumberRange, Field: homecsv.FieldFloorArea, Value: "10800", Limit: homecsv.MaxArea},
			"Floor area (m²): “10800” is not between 5 and 5000.",
		},
		{
			p{Code: homecsv.CodeBadDate, Field: homecsv.FieldHandoverDate, Value: "soon"},
			"Handover date: “soon” can’t be read as a date. Write it as 2027-03-31.",
		},
		{
			p{Code: homecsv.CodeImpossibleDate, Field: homecsv.FieldHandoverDate, Value: "31/02/2027"},
			"Handover date: “31/02/2027” is not a day of the calendar.",
		},
		{
			p{Code: homecsv.CodeDateOrder, Field: homecsv.FieldHandoverDate, Value: "12/31/2027"},
			"Handover date: “12/31/2027” is a date only if day and month are the other way round than in the rest of the file.",
		},
		{
			p{Code: homecsv.CodeDateRange, Field: homecsv.FieldHandoverDate, Value: "1927-02-03"},
			"Handover date: “1927-02-03” is not between 1950 and 2100.",
		},
		{p{Code: homecsv.CodeDuplicateHome, Line: 2042, OtherLine: 1013}, "This home is already on line 1013. Keep one of the two lines."},
		{
			p{Code: homecsv.CodeBedrooms, Line: 4, Value: "4", Limit: 3, OtherLine: 2},
			"This house type has 3 bedrooms on line 2; line 4 says 4.",
		},
		{
			p{Code: homecsv.CodeBedrooms, Line: 4, Value: "4", Limit: 1, OtherLine: 2},
			"This house type has 1 bedroom on line 2; line 4 says 4.",
		},
		{p{Code: homecsv.CodeBedrooms, Line: 2, Value: "4", Limit: 1}, "This house type has 1 bedroom; line 2 says 4."},
		{p{Code: homecsv.CodeBedrooms, Line: 2, Value: "4", Limit: 3}, "This house type has 3 bedrooms; line 2 says 4."},
	} {
		if got := Problem(t.Context(), c.problem); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.problem.Code, got, c.want)
		}
	}
}

// A code or a kind of file that is new in homecsv has a sentence here.
func TestEveryProblemHasASentence(t *testing.T) {
	t.Parallel()
	codes, kinds := constants(t, "Code"), constants(t, "Kind")
	if len(codes) < 20 || len(kinds) < 10 {
		t.Fatalf("found %d codes and %d kinds", len(codes), len(kinds))
	}
	other := Problem(t.Context(), homecsv.Problem{Code: "never_heard_of"})
	for _, code := range codes {
		said := Problem(t.Context(), homecsv.Problem{Code: homecsv.Code(code), Field: homecsv.FieldCity, Value: string(homecsv.KindPDF)})
		if said == strings.Replace(other, "never_heard_of", code, 1) || wordless(said) {
			t.Errorf("%s: %q", code, said)
		}
	}
	for _, kind := range kinds {
		said := Problem(t.Context(), homecsv.Problem{Code: homecsv.CodeBinary, Value: kind})
		if wordless(said) {
			t.Errorf("%s: %q", kind, said)
		}
	}
}

// wordless reports whether a sentence has a key or a place without a value in it.
func wordless(said string) bool {
	return strings.Contains(said, "import.") || strings.Contains(said, "%!")
}

// constants are the values of the constants of one type in homecsv.
func constants(t *testing.T, kind string) []string {
	t.Helper()
	files, err := filepath.Glob("../homecsv/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != kind {
				return true
			}
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, value)
			return true
		})
	}
	return values
}

// Who names a column as we name the field is understood.
func TestEveryLabelIsAColumnName(t *testing.T) {
	t.Parallel()
	var labels, values []string
	for _, f := range homecsv.Fields() {
		labels, values = append(labels, fieldName(f).In(t.Context())), append(values, "1")
	}
	file, err := homecsv.Parse(strings.NewReader(strings.Join(labels, ",")+"\n"+strings.Join(values, ",")+"\n"), homecsv.Options{})
	if err != nil || len(file.Columns) != len(labels) {
		t.Fatalf("%d columns, %v", len(file.Columns), err)
	}
	for i, f := range homecsv.Fields() {
		if got := file.Columns[i].Field; got != f {
			t.Errorf("%q is read as %q, want %q", labels[i], got, f)
		}
	}
}
