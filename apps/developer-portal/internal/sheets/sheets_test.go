package sheets_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"fmt"
	"image"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"openhouse.example/apps/developer-portal/internal/sheets"
	"openhouse.example/apps/developer-portal/internal/sheets/sheetstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(sheetstest.Wrap(m)) }

var words = sheets.Words{
	Language: "en", Title: "QR sheets", Company: "Harbour Homes", HowTo: "Scan, then prove your e-mail address.",
	Typed: "No camera? Open homes.example.org/onboarding and type the code.", Code: "Code",
	Columns: sheets.Columns{"file", "development", "block", "number", "address", "link", "code"},
}

// street is n homes of one development.
func street(n int) []sheets.Card {
	cards := make([]sheets.Card, n)
	for i := range cards {
		code := fmt.Sprintf("K7QF-2M9D-%04d", i)
		cards[i] = sheets.Card{
			Address: []string{fmt.Sprintf("%d Longview Park", i+1), "Ballyhale", "R95 X2Y4"}, Development: "Longview Park",
			Block: "B", Number: fmt.Sprint(i + 1), Code: code,
			Link: "https://homes.example.org/onboarding/" + strings.ReplaceAll(code, "-", ""),
		}
	}
	return cards
}

func draw(t testing.TB, w sheets.Words, cards []sheets.Card) (pdf, pictures []byte) {
	t.Helper()
	var p, z bytes.Buffer
	out, err := sheets.NewWriter(&p, &z, w)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cards {
		if err := out.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return p.Bytes(), z.Bytes()
}

func links(cards []sheets.Card) []string {
	list := make([]string, len(cards))
	for i, c := range cards {
		list[i] = c.Link
	}
	return list
}

func TestEveryPrintedCodeDecodes(t *testing.T) {
	t.Parallel()
	cards := street(72)
	pdf, pictures := draw(t, words, cards)
	if diff := cmp.Diff(links(cards), sheetstest.DecodePDF(t, pdf)); diff != "" {
		t.Errorf("codes of the PDF (-want +got):\n%s", diff)
	}
	var got []string
	files := unzip(t, pictures)
	for i := range cards {
		got = append(got, sheetstest.DecodePNG(t, files[fmt.Sprintf("%04d-b-%d.png", i+1, i+1)]))
	}
	if diff := cmp.Diff(links(cards), got); diff != "" {
		t.Errorf("codes of the pictures (-want +got):\n%s", diff)
	}
	t.Logf("72 homes: PDF %d bytes, ZIP %d bytes", len(pdf), len(pictures))
}

func TestALongAddressOfThePortalStillDecodes(t *testing.T) {
	t.Parallel()
	c := street(1)[0]
	c.Link = "https://" + strings.Repeat("residents-of-a-very-long-company-name.", 5) + "example.org:8443/onboarding/K7QF2M9DX3TB"
	pdf, _ := draw(t, words, []sheets.Card{c})
	if diff := cmp.Diff([]string{c.Link}, sheetstest.DecodePDF(t, pdf)); diff != "" {
		t.Error(diff)
	}
}

func TestACardSaysWhatIsNeeded(t *testing.T) {
	t.Parallel()
	pdf, _ := draw(t, words, street(5))
	pages := sheetstest.Pages(t, pdf, 50)
	if len(pages) != 2 {
		t.Fatalf("%d pages for five cards", len(pages))
	}
	for _, want := range []string{
		"Harbour Homes", "1 Longview Park", "4 Longview Park", "Longview Park · Ballyhale, R95 X2Y4", "homes.example.org/onboarding/K7QF2M9D0000",
		"Code K7QF-2M9D-0000", "Scan, then prove your e-mail address.", "No camera?",
	} {
		if !strings.Contains(pages[0].Text, want) {
			t.Errorf("%q is not on the page:\n%s", want, pages[0].Text)
		}
	}
	if strings.Contains(pages[0].Text, "https://") || !strings.Contains(pages[1].Text, "5 Longview Park") {
		t.Errorf("pages:\n%s\n%s", pages[0].Text, pages[1].Text)
	}
}

// Every text may be as long as the portal takes it, of the widest letters, in one word or in many.
func TestLongNamesStayOnTheirCard(t *testing.T) {
	t.Parallel()
	wide := words
	var cards []sheets.Card
	for _, word := range []string{"W", "Llanfairpwllgwyngyll ", "Ŵ", "Mill Road "} {
		c := street(1)[0]
		c.Address = []string{strings.Repeat(word, 200/len(word)), strings.Repeat(word, 200/len(word)), "Ballyhale"}
		c.Development = strings.Repeat(word, 120/len(word))
		c.Link = "https://" + strings.Repeat("w", 60) + "." + strings.Repeat("m", 60) + ".example.org/onboarding/K7QF2M9DX3TB"
		cards = append(cards, c)
	}
	wide.Company = strings.Repeat("W", 120)
	pdf, _ := draw(t, wide, cards)
	page := sheetstest.Pages(t, pdf, 150)[0]
	if diff := cmp.Diff(links(cards), decodeCards(t, page)); diff != "" {
		t.Errorf("a name has run into a code (-want +got):\n%s", diff)
	}
	for i, card := range sheetstest.Cards(page) {
		if x, y, ink := inkInMargin(card); ink {
			t.Errorf("card %d: ink at %.1f, %.1f mm, where no printer reaches and the knife goes", i+1, x, y)
		}
	}
}

func decodeCards(t *testing.T, page sheetstest.Page) []string {
	t.Helper()
	var codes []string
	for _, card := range sheetstest.Cards(page) {
		codes = append(codes, sheetstest.Decode(t, card))
	}
	return codes
}

// inkInMargin finds something printed within 8 mm of a card's edge that is no cut mark.
func inkInMargin(card image.Image) (x, y float64, found bool) {
	b := card.Bounds()
	perMM := float64(b.Dx()) / 105
	margin, mark := int(8*perMM), int(6*perMM)
	for py := b.Min.Y; py < b.Max.Y; py++ {
		for px := b.Min.X; px < b.Max.X; px++ {
			left, top := px-b.Min.X, py-b.Min.Y
			right, bottom := b.Max.X-1-px, b.Max.Y-1-py
			near := min(left, right, top, bottom)
			edge := max(min(left, right), min(top, bottom)) // how far from the nearest corner along the edge
			if near >= margin || near <= 2 && edge <= mark {
				continue
			}
			if r, g, bl, _ := card.At(px, py).RGBA(); min(r, g, bl) < 0xF000 {
				return float64(left) / perMM, float64(top) / perMM, true
			}
		}
	}
	return 0, 0, false
}

func TestNamesOfAllKinds(t *testing.T) {
	t.Parallel()
	names := []string{
		"Páirc Uí Chaoimh", "Osiedle Żółta Łąka", "Þingvellir ŵŷ ắ", "Nguyễn Văn Trỗi", "Οδός Ερμού", "Улица Мира", "Ķīpsala Iğdır ő", "Երևան თბილისი",
		"e\u0301toile", // an accent by itself
	}
	var cards []sheets.Card
	for _, name := range names {
		c := street(1)[0]
		c.Address, c.Development = []string{name}, ""
		cards = append(cards, c)
		if bad, err := sheets.Unprintable(name); err != nil || bad != "" {
			t.Errorf("%s: %q can't be printed, %v", name, bad, err)
		}
	}
	pdf, _ := draw(t, words, cards)
	var all strings.Builder
	for _, p := range sheetstest.Pages(t, pdf, 40) {
		all.WriteString(p.Text)
	}
	names[len(names)-1] = "étoile"
	for _, name := range names {
		if !strings.Contains(all.String(), name) {
			t.Errorf("%s is not there:\n%s", name, all.String())
		}
	}
}

func TestWhatCannotBePrintedIsSaidAndShown(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, want string }{
		{"Longview Park", ""},
		{"東 Park 京東", "東京"},
		{"🏡 Meadow", "🏡"},
		{"بيت", "بيت"}, // its letters join
		{"a\u202eb\u0000\ufe0f", ""},
		{"\xff", "\ufffd"[:0]},
	} {
		if got, err := sheets.Unprintable(tc.name); err != nil || got != tc.want {
			t.Errorf("Unprintable(%q) = %q, %v, want %q", tc.name, got, err, tc.want)
		}
	}
	c := street(1)[0]
	c.Address = []string{"東京 \u202eCourt\u0007\n12"}
	pdf, _ := draw(t, words, []sheets.Card{c})
	if text := sheetstest.Pages(t, pdf, 40)[0].Text; !strings.Contains(text, "□□ Court 12") {
		t.Errorf("page:\n%s", text)
	}
}

func unzip(t testing.TB, content []byte) map[string][]byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name], err = io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return files
}

func TestTheListIsSafeToOpen(t *testing.T) {
	t.Parallel()
	cards := street(2)
	cards[0].Block, cards[0].Number = "=cmd|' /C calc'!A0", "-14"
	cards[0].Address, cards[0].Development = []string{"@SUM(1)", "a, \"b\"\nc"}, " +1"
	cards[1].Block, cards[1].Number, cards[1].Development = "", "../Ó 7", "＝1"
	_, pictures := draw(t, words, cards)
	files := unzip(t, pictures)
	list, ok := bytes.CutPrefix(files["manifest.csv"], []byte("\uFEFF"))
	if !ok {
		t.Error("the list has no byte order mark")
	}
	rows, err := csv.NewReader(bytes.NewReader(list)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"file", "development", "block", "number", "address", "link", "code"},
		{"0001-cmd-c-calc-a0-14.png", "' +1", "'=cmd|' /C calc'!A0", "'-14", "'@SUM(1), a, \"b\"\nc", cards[0].Link, cards[0].Code},
		{"0002-o-7.png", "'＝1", "", "../Ó 7", "2 Longview Park, Ballyhale, R95 X2Y4", cards[1].Link, cards[1].Code},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	for _, row := range rows[1:] {
		if files[row[0]] == nil {
			t.Errorf("%s is in the list and not in the archive", row[0])
		}
	}
}

func TestACardWithoutALinkIsRefused(t *testing.T) {
	t.Parallel()
	out, err := sheets.NewWriter(io.Discard, io.Discard, words)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Add(sheets.Card{}); err == nil {
		t.Error("an empty card was drawn")
	}
	long := street(1)[0]
	long.Link = "https://homes.example.org/" + strings.Repeat("x", 4000)
	if err := out.Add(long); err == nil {
		t.Error("a link that no code can hold was drawn")
	}
}

type brokenDisk struct{}

func (brokenDisk) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestADiskThatIsFullIsNotHidden(t *testing.T) {
	t.Parallel()
	for name, files := range map[string][2]io.Writer{"pdf": {brokenDisk{}, io.Discard}, "zip": {io.Discard, brokenDisk{}}} {
		out, err := sheets.NewWriter(files[0], files[1], words)
		if err != nil {
			t.Fatal(err)
		}
		_ = out.Add(street(1)[0])
		if err := out.Close(); err == nil {
			t.Errorf("%s: Close says nothing", name)
		}
	}
}

func BenchmarkCards(b *testing.B) {
	cards := street(1)
	out, err := sheets.NewWriter(io.Discard, io.Discard, words)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := out.Add(cards[0]); err != nil {
			b.Fatal(err)
		}
	}
}
