package markdown

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

const follow = ` rel="nofollow noopener noreferrer"`

func TestWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ source, want string }{
		"paragraphs":       {"One.\n\nTwo,\nstill two.", "<p>One.</p>\n<p>Two,\nstill two.</p>\n"},
		"emphasis":         {"*soft*, **loud** and ~~gone~~", "<p><em>soft</em>, <strong>loud</strong> and <del>gone</del></p>\n"},
		"list":             {"- bins\n- bikes", "<ul>\n<li>bins</li>\n<li>bikes</li>\n</ul>\n"},
		"numbers":          {"1. first\n2. second", "<ol>\n<li>first</li>\n<li>second</li>\n</ol>\n"},
		"link":             {"[Plan](https://example.org/plan?a=1&b=2)", `<p><a href="https://example.org/plan?a=1&amp;b=2"` + follow + `>Plan</a></p>` + "\n"},
		"link with title":  {`[Plan](https://example.org "say \"hi\"")`, `<p><a href="https://example.org"` + follow + `>Plan</a></p>` + "\n"},
		"bare address":     {"See https://example.org.", `<p>See <a href="https://example.org"` + follow + `>https://example.org</a>.</p>` + "\n"},
		"mail and phone":   {"<a@example.org> [call](tel:+35315550100)", `<p><a href="mailto:a@example.org"` + follow + `>a@example.org</a> <a href="tel:+35315550100"` + follow + `>call</a></p>` + "\n"},
		"image":            {"![A **crane**](https://example.org/crane.png)", "<p>A <strong>crane</strong></p>\n"},
		"linked image":     {"[![Map](https://example.org/m.png)](https://example.org)", `<p><a href="https://example.org"` + follow + `>Map</a></p>` + "\n"},
		"image in image":   {"![a ![b](x.png) c](y.png)", "<p>a b c</p>\n"},
		"signs of HTML":    {"5 < 6 & 7 > 6", "<p>5 &lt; 6 &amp; 7 &gt; 6</p>\n"},
		"code":             {"`<b>`", "<p><code>&lt;b&gt;</code></p>\n"},
		"language of code": {"```js\"onload=alert(1)\nx\n```", "<pre><code>x\n</code></pre>\n"},
		"empty":            {"", ""},
	} {
		if got := toHTML(c.source, 2); got != c.want {
			t.Errorf("%s: %q becomes\n%s\nwant\n%s", name, c.source, got, c.want)
		}
	}
}

// Headings go on from the page's, and leave none out.
func TestHeadings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source string
		level  int
		want   string
	}{
		{"# a\n# b\n## c", 2, "h2 h2 h3"},
		{"# a\n# b\n## c", 3, "h3 h3 h4"},
		{"### a\n# b\n###### c\n###### d\n## e", 2, "h2 h2 h3 h4 h3"},
		{"# 1\n## 2\n### 3\n#### 4\n##### 5\n###### 6", 2, "h2 h3 h4 h5 h6 h6"},
		{"Title\n===\n\nPart\n---", 4, "h4 h5"},
	} {
		var got []string
		for n := range tokens(t, toHTML(c.source, c.level)) {
			if n.Type == html.StartTagToken && len(n.Data) == 2 && n.Data[0] == 'h' {
				got = append(got, n.Data)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q at %d has %v, want %s", c.source, c.level, got, c.want)
		}
	}
}

// attacks are what people have tried elsewhere to get code into a page. They are also where the fuzzer begins.
var attacks = []string{
	`<script>alert(1)</script>`,
	`<img src=x onerror=alert(1)>`,
	`<svg/onload=alert(1)>`,
	`<iframe src="javascript:alert(1)"></iframe>`,
	`<a href="javascript:alert(1)">x</a>`,
	"[x](javascript:alert(1))",
	"[x](JaVaScRiPt:alert(1))",
	"[x](java\tscript:alert(1))",
	"[x](java&#10;script:alert(1))",
	"[x](&#x6A;avascript:alert(1))",
	"[x](javascript&colon;alert(1))",
	"[x](\x01javascript:alert(1))",
	"[x](vbscript:msgbox(1))",
	"[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
	"<javascript:alert(1)>",
	"<data:text/html,x>",
	"[x]: javascript:alert(1)\n\n[x]",
	`![x](x" onerror="alert(1))`,
	`![x](https://example.org/pixel.png)`,
	`[x](https://example.org/"onmouseover="alert(1))`,
	`[x](https://example.org "' onmouseover=alert(1) x='")`,
	`[x](//elsewhere.example.org)`,
	`[x](/sign-out)`,
	`[x](..\\..\\sign-out)`,
	"```\"><script>alert(1)</script>\n```",
	"`</code><script>alert(1)</script>`",
	"# <style>@import 'https://example.org/x.css'</style>",
	"<form action=/notices/1/publish method=post><input name=x autofocus onfocus=alert(1)></form>",
	"<base href=https://example.org/><meta http-equiv=refresh content=0>",
	"<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
	"<!--><script>alert(1)</script>-->",
	"<!-- x --!><img src=x onerror=alert(1)>",
	"<![CDATA[<script>alert(1)</script>]]>",
	"<p id=main class=btn style=position:fixed>x</p>",
	"\ufeff<scr\x00ipt>alert(1)</scr\x00ipt>",
	"[a](<javascript:alert(1)>)",
	"[a](https://example.org/\n<script>)",
	"<https://example.org/\"onclick=alert(1)//>",
	"http://example.org/\"><script>alert(1)</script>",
	"[ref]\n\n[ref]: <data:text/html,<script>alert(1)</script>> 'x'",
	"- [ ] <input onfocus=alert(1) autofocus>",
	"| a | b |\n|---|---|\n| <img src=x onerror=alert(1)> | c |",
	"&lt;script&gt;alert(1)&lt;/script&gt; &#60;img src=x&#62;",
}

func TestNothingRuns(t *testing.T) {
	t.Parallel()
	for _, source := range attacks {
		harmless(t, source, toHTML(source, 2))
	}
	// All of them in one text, and each inside what takes texts.
	harmless(t, "all", toHTML(strings.Join(attacks, "\n\n"), 2))
	for _, source := range attacks {
		for _, around := range []string{"> ", "- ", "# ", "    ", "**", "[", "![", "<"} {
			harmless(t, around+source, toHTML(around+source, 2))
		}
	}
}

func FuzzHTML(f *testing.F) {
	for _, source := range attacks {
		f.Add(source)
	}
	f.Add("# Bins\n\nOn *Tuesday*, see [plan](https://example.org).\n\n- one\n  1. two\n> three")
	f.Fuzz(func(t *testing.T, source string) {
		out := toHTML(source, 2)
		harmless(t, source, out)
		if again := toHTML(source, 2); again != out {
			t.Errorf("%q gives\n%s\nand then\n%s", source, out, again)
		}
	})
}

var mayStand = map[string]bool{
	"p": true, "br": true, "hr": true, "strong": true, "em": true, "del": true, "ul": true, "ol": true, "li": true, "blockquote": true,
	"pre": true, "code": true, "a": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true,
}

// harmless reads out as a browser would, without asking how it was made.
func harmless(t *testing.T, source, out string) {
	t.Helper()
	for n := range tokens(t, out) {
		switch n.Type {
		case html.TextToken:
			continue
		case html.CommentToken, html.DoctypeToken:
			t.Errorf("%q becomes a %v:\n%s", source, n.Type, out)
			continue
		}
		if !mayStand[n.Data] {
			t.Errorf("%q becomes <%s>:\n%s", source, n.Data, out)
		}
		rels := 0
		for _, a := range n.Attr {
			switch {
			case n.Data != "a" || a.Key != "href" && a.Key != "rel":
				t.Errorf("%q has %s=%q:\n%s", source, a.Key, a.Val, out)
			case a.Key == "rel":
				rels++
				if a.Val != rel {
					t.Errorf("%q has a link with rel %q:\n%s", source, a.Val, out)
				}
			default:
				scheme, _, found := strings.Cut(a.Val, ":")
				if scheme = strings.ToLower(scheme); !found || scheme != "http" && scheme != "https" && scheme != "mailto" && scheme != "tel" {
					t.Errorf("%q leads to %q:\n%s", source, a.Val, out)
				}
			}
		}
		if n.Type == html.StartTagToken && n.Data == "a" && rels != 1 {
			t.Errorf("%q has a link with %d rel:\n%s", source, rels, out)
		}
	}
}

func tokens(t *testing.T, out string) func(yield func(html.Token) bool) {
	t.Helper()
	return func(yield func(html.Token) bool) {
		for z := html.NewTokenizer(strings.NewReader(out)); z.Next() != html.ErrorToken; {
			if !yield(z.Token()) {
				return
			}
		}
	}
}

// No text as long as a notice may be holds a server up.
func TestNoTextTakesLong(t *testing.T) {
	t.Parallel()
	const most = 10_000
	for _, part := range []string{">", "- ", "[", "![", "*a", "**_", "`", "<", "[a](", "(((", "\\", "&#x", "~~", "# ", "1. ", "<a@", "http://", "  - a\n", "![[](", "[a]:b\n"} {
		began := time.Now()
		harmless(t, part, toHTML(strings.Repeat(part, most/len(part)), 2))
		if took := time.Since(began); took > 20*time.Second { // generous: what grows with the square of the length takes minutes
			t.Errorf("%q over and over took %v", part, took)
		}
	}
}
