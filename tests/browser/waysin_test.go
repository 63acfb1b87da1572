package browser

import (
	"archive/zip"
	"bytes"
	"image"
	_ "image/png" // the format of codes
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"openhouse.example/packages/pgdev/pgtest"
	"openhouse.example/packages/ui/uitest"
	"openhouse.example/tests/e2e/visit"
	"openhouse.example/tests/stack"
)

// send is the button of a page with one form.
const send = "main form button[type=submit]"

// TestWaysIn goes every way into a home with the real programs and a mail server, and looks at nothing that a person
// doesn't see: pages, printed codes, mail. Each way has a company of its own. Every link in every mail is fetched by a
// mail scanner before its owner sees it.
func TestWaysIn(t *testing.T) {
	t.Parallel()
	browser := uitest.Start(t)
	w := &ways{browser: browser, Stack: stack.Start(t, pgtest.New(t), stack.Options{Post: stack.NewPost(t)})}
	for name, way := range map[string]func(*testing.T, *ways){
		"from nothing":          fromNothing,
		"stranger":              aStranger,
		"couple":                aCouple,
		"used link":             aUsedLink,
		"old sheet":             anOldSheet,
		"typed code":            aTypedCode,
		"moved out":             movedOut,
		"sold to somebody else": soldAgain,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			way(t, w)
		})
	}
}

// ways is the whole installation, and a browser.
type ways struct {
	*stack.Stack
	browser *uitest.Browser
}

// open opens a page as somebody who has never been here, and wants its console silent until the test's end.
func (w *ways) open(t *testing.T, address string, v uitest.View) *uitest.Page {
	t.Helper()
	p := w.browser.Open(t, address, v)
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		for _, problem := range p.Problems() {
			t.Errorf("at %s the browser complains: %s", p.URL(), problem)
		}
	})
	return p
}

// shot leaves a picture where SHOTS asks for it, and wants that nothing sticks out.
func shot(t *testing.T, p *uitest.Page, name string) {
	t.Helper()
	if px, who := p.Overflow(); px > 0 {
		t.Errorf("%s: %d px wider than the window: %v", p.URL(), px, who)
	}
	if dir := os.Getenv("SHOTS"); dir != "" {
		p.Screenshot(filepath.Join(dir, strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()+"-"+name)+".png"))
	}
}

var (
	anyLink  = regexp.MustCompile(`https?://\S+`)
	homeLink = regexp.MustCompile(`https?://\S+/link/[A-Za-z0-9_-]+`)
)

// letter is the nth letter to an address, once it has come and the scanner has been at it.
func (w *ways) letter(t *testing.T, to string, n int) stack.Letter {
	t.Helper()
	letter := w.Post.Await(t, to, n)
	w.scanLinks(t, letter)
	return letter
}

// scanLinks does what mail scanners, previews and prefetching browsers do: it fetches every link of a letter, often.
func (w *ways) scanLinks(t *testing.T, letter stack.Letter) {
	t.Helper()
	for _, link := range anyLink.FindAllString(letter.Text, -1) {
		for range 3 {
			for _, as := range []struct {
				method string
				header http.Header
			}{
				{http.MethodGet, nil},
				{http.MethodHead, nil},
				{http.MethodGet, http.Header{"Purpose": {"prefetch"}, "Sec-Purpose": {"prefetch;prerender"}, "X-Purpose": {"preview"}}},
			} {
				request, err := http.NewRequestWithContext(t.Context(), as.method, link, nil)
				if err != nil {
					t.Fatal(err)
				}
				request.Header = as.header
				answer, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
				if answer.StatusCode != http.StatusOK || len(answer.Cookies()) > 0 {
					t.Errorf("a mail scanner's %s is answered %d with the cookies %v", as.method, answer.StatusCode, answer.Cookies())
				}
			}
		}
	}
}

// link is the link into a home in the nth letter to somebody.
func (w *ways) link(t *testing.T, to string, n int) string {
	t.Helper()
	letter := w.letter(t, to, n)
	link := homeLink.FindString(letter.Text)
	if !strings.HasPrefix(link, w.Tenant.URL) {
		t.Fatalf("the letter has the link %q:\n%s", link, letter.Text)
	}
	return link
}

// noLink wants that none of n letters to somebody leads into a home, and that there is no further one.
func (w *ways) noLink(t *testing.T, to string, n int) {
	t.Helper()
	if n > 0 {
		w.letter(t, to, n)
	}
	letters := w.Post.To(to)
	if len(letters) != n {
		t.Errorf("%d letters to %s, want %d: %q", len(letters), to, n, letters)
	}
	for _, letter := range letters {
		if strings.Contains(letter.Text, "http") || strings.Contains(letter.Text, "/link/") {
			t.Errorf("the letter to %s has a link:\n%s", to, letter.Text)
		}
	}
}

// claim comes with a code and says who they are.
func (w *ways) claim(t *testing.T, code, name, email string, v uitest.View) *uitest.Page {
	t.Helper()
	p := w.open(t, code, v)
	says(t, p, "Is this your home?")
	p.Fill("[name=fullName]", name)
	p.Fill("[name=email]", email)
	p.Submit(send)
	says(t, p, "Look in your mail", "otherwise they have been asked")
	return p
}

// comeIn opens a link and presses the button on its page.
func comeIn(t *testing.T, p *uitest.Page, link string, wants ...string) {
	t.Helper()
	p.Goto(link)
	says(t, p, "Your home is one step away.")
	p.Submit(send)
	at(t, p, "/", wants...)
}

// at wants the page to be somewhere and to say something.
func at(t *testing.T, p *uitest.Page, path string, wants ...string) {
	t.Helper()
	if got := p.URL().Path; got != path {
		t.Fatalf("the page is %s, want %s. It says\n%.600s", got, path, p.Text("body"))
	}
	says(t, p, wants...)
}

// askForLink asks for a link by mail, as somebody who was led to the page that offers it.
func askForLink(t *testing.T, p *uitest.Page, email string) {
	t.Helper()
	at(t, p, "/sign-in")
	p.Fill("[name=email]", email)
	p.Submit(send)
	says(t, p, "Look in your mail")
}

// estate is a company with a development and printed codes.
type estate struct {
	*world
	ways        *ways
	development string            // "/developments/…"
	codes       map[string]string // addresses on the cards, by the number of their home
}

// estate makes a company with three homes: 1 and 2 of the buyers with the addresses, 3 without a buyer.
func (w *ways) estate(t *testing.T, company string, buyers ...string) *estate {
	t.Helper()
	e := &estate{ways: w, world: &world{t: t, Stack: w.Stack, staff: visit.New(t, w.Developer.URL)}}
	admin := w.NewCompany(company).Email
	e.staff.Form(e.staff.Get("/sign-in"), "/sign-in").Set("email", admin).Set("password", stack.Password).Send().Want(200)
	e.development = e.newDevelopment("Longview Park")
	buyers = append(buyers, "", "")
	e.staff.Form(e.staff.Get(e.importFile(e.development, "homes.csv", []byte(
		"unit_number,address_line_1,city,house_type,purchaser_name,purchaser_email\n"+
			"1,1 Longview Park,Ballyhale,B,Rosa Gale,"+buyers[0]+"\n2,2 Longview Park,Ballyhale,B,Una Gale,"+buyers[1]+"\n3,3 Longview Park,Ballyhale,B,,\n",
	))), "/commit").Send().Want(200)
	e.codes = decodeAll(t, e.staff.Get(e.printed(e.development+"/sheets", "development")+"/codes.zip").Want(200).Body)
	return e
}

// office opens a page of the developer portal, signed in.
func (e *estate) office(t *testing.T, path string, v uitest.View) *uitest.Page {
	t.Helper()
	v.Cookies = e.staff.Cookies()
	return e.ways.open(t, e.Developer.URL+path, v)
}

// decodeAll reads the codes in the ZIP of a print with a decoder as phones have one: addresses by the homes' numbers.
func decodeAll(t *testing.T, archive []byte) map[string]string {
	t.Helper()
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatalf("%v in %.200q", err, archive)
	}
	codes := map[string]string{}
	for _, f := range files.File {
		number, ok := strings.CutSuffix(f.Name, ".png")
		if !ok {
			continue
		}
		picture, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		codes[number[strings.LastIndexByte(number, '-')+1:]] = decodeQR(t, picture)
		_ = picture.Close()
	}
	return codes
}

func decodeQR(t *testing.T, picture io.Reader) string {
	t.Helper()
	img, _, err := image.Decode(picture)
	if err != nil {
		t.Fatal(err)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true})
	if err != nil {
		t.Fatal(err)
	}
	if u, err := url.Parse(result.GetText()); err != nil || !strings.HasPrefix(u.Path, "/onboarding/") {
		t.Fatalf("the code says %q", result.GetText())
	}
	return result.GetText()
}

// downloadCodes waits until a print is ready and reads its codes.
func downloadCodes(t *testing.T, p *uitest.Page) map[string]string {
	t.Helper()
	const file = `main a[href$="/codes.zip"]`
	p.Wait("document.querySelector('" + file + "')")
	return decodeAll(t, p.Download(file))
}

// phone is how most residents come.
var phone = uitest.View{Width: 375}
