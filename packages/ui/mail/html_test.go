package mail_test

import (
	"regexp"
	"strings"
	"testing"

	"openhouse.example/packages/ui/mail"
)

var (
	markup = regexp.MustCompile(`(?s)<head>.*</head>|<[^>]*>`)
	blank  = regexp.MustCompile(`\s+`)
)

func TestThePageHasTheSameWords(t *testing.T) {
	t.Parallel()
	const body = "Hello,\r\n\r\nthis is yours:\nhttps://homes.example.org/link/abc?a=1&b=2\n\nSee https://homes.example.org/help. Or (https://homes.example.org/x)\n\nHarbour & Sons <Ltd>\n"
	page, err := mail.HTML("Your <link>", body)
	if err != nil {
		t.Fatal(err)
	}
	words := strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&#34;", `"`).Replace(markup.ReplaceAllString(page, " "))
	squeeze := func(text string) string { return blank.ReplaceAllString(text, "") }
	if squeeze(words) != squeeze(body) {
		t.Errorf("the page says %q", squeeze(words))
	}
	for _, want := range []string{
		`href="https://homes.example.org/link/abc?a=1&amp;b=2"`, `href="https://homes.example.org/help"`, `href="https://homes.example.org/x"`,
		`<title>Your &lt;link&gt;</title>`, `color-scheme`, `prefers-color-scheme: dark`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("it lacks %s:\n%s", want, page)
		}
	}
	if n := strings.Count(page, "<p "); n != 4 {
		t.Errorf("%d paragraphs, want 4", n)
	}
	if regexp.MustCompile(`(?i)<img|<script|<link|@import|url\(|src=`).MatchString(page) {
		t.Errorf("it loads something from elsewhere:\n%s", page)
	}
}

func TestAPageIsNotWritableFromItsText(t *testing.T) {
	t.Parallel()
	page, err := mail.HTML(`</title><script>`, `javascript:alert(1) <script>alert(1)</script> https://x.example.org/"onclick="alert(1)`)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page, "<script") || strings.Contains(page, `href="javascript`) || strings.Contains(page, `"onclick=`) {
		t.Errorf("%s", page)
	}
}
