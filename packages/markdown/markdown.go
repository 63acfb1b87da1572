package markdown

import (
	"bytes"
	"context"
	"io"
	"regexp"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

const (
	rel       = "nofollow noopener noreferrer"
	mostLevel = 6 // of a heading in HTML
)

// Text is Markdown as a part of a page: a template writes it as it does a component. It is the one way out of this
// package, so that what is made here is shown and not passed on.
type Text struct {
	Source string
	Level  int // of a heading in HTML, 2 to 6, that a first one in Source becomes; further ones follow from there
}

// Render writes the text as HTML.
func (t Text) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, toHTML(t.Source, t.Level))
	return err
}

func toHTML(source string, level int) string {
	var out bytes.Buffer
	context := parser.NewContext()
	context.Set(levelKey, level)
	if err := converter.Convert([]byte(source), &out, parser.WithContext(context)); err != nil {
		return "" // a buffer takes everything
	}
	return policy.Sanitize(out.String())
}

// converter leaves out HTML and links to code by itself: goldmark does unless told to be unsafe. What policy does
// afterwards is the second wall.
var converter = goldmark.New(
	goldmark.WithExtensions(extension.Linkify, extension.Strikethrough),
	goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(adapt{}, 1000))),
)

// policy is what may come out. It names all of it, so that what a newer converter makes stays out until it is let in.
var policy = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "strong", "em", "del", "ul", "ol", "li", "blockquote", "pre", "code", "h2", "h3", "h4", "h5", "h6")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^` + rel + `$`)).OnElements("a")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	return p
}()

var levelKey = parser.NewContextKey()

// adapt changes the parsed text to what fits on a page.
type adapt struct{}

func (adapt) Transform(doc *ast.Document, reader text.Reader, context parser.Context) {
	level, _ := context.Get(levelKey).(int)
	previous := level - 1
	var images []*ast.Image
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			n.Level = min(n.Level+level-1, previous+1, mostLevel)
			previous = n.Level
		case *ast.Link:
			n.Title = nil
			n.SetAttributeString("rel", []byte(rel))
		case *ast.AutoLink:
			n.SetAttributeString("rel", []byte(rel))
		case *ast.Image:
			images = append(images, n)
		}
		return ast.WalkContinue, nil
	})
	for _, image := range images { // the inner ones last; their place is then in what held the outer one
		unwrap(image)
	}
}

// unwrap puts what an image says in its place.
func unwrap(image *ast.Image) {
	parent := image.Parent()
	for child := image.FirstChild(); child != nil; child = image.FirstChild() {
		parent.InsertBefore(parent, image, child)
	}
	parent.RemoveChild(parent, image)
}
