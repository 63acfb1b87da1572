package visit

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Node is an element of a page, or a piece of its text.
type Node struct {
	Tag      string // "" for text
	Attrs    map[string]string
	Children []*Node
	text     string
}

// parse reads HTML as the portals write it: every element closed or void, every attribute quoted or alone.
func parse(page []byte) (*Node, error) {
	d := xml.NewDecoder(strings.NewReader(printable(page)))
	d.Strict, d.AutoClose, d.Entity = false, append([]string{"wbr"}, xml.HTMLAutoClose...), xml.HTMLEntity
	root := &Node{Tag: "document"}
	open := []*Node{root}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the page is not well formed: %w", err)
		}
		top := open[len(open)-1]
		switch e := token.(type) {
		case xml.StartElement:
			n := &Node{Tag: e.Name.Local, Attrs: make(map[string]string, len(e.Attr))}
			for _, a := range e.Attr {
				n.Attrs[a.Name.Local] = a.Value
			}
			top.Children = append(top.Children, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.Children = append(top.Children, &Node{text: string(e)})
		}
	}
}

// printable replaces what HTML can hold and XML can't; a test that minds looks at the bytes.
func printable(page []byte) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return '\uFFFD'
		}
		return c
	}, string(page))
}

// Walk calls visit with n and everything below it, in the order of the page, until visit returns false.
func (n *Node) Walk(visit func(*Node) bool) bool {
	if !visit(n) {
		return false
	}
	for _, c := range n.Children {
		if !c.Walk(visit) {
			return false
		}
	}
	return true
}

// All lists the elements below n with one of the tags, in the order of the page.
func (n *Node) All(tags ...string) []*Node {
	var found []*Node
	n.Walk(func(c *Node) bool {
		for _, tag := range tags {
			if c.Tag == tag {
				found = append(found, c)
			}
		}
		return true
	})
	return found
}

// Text is what a reader sees below n, with single spaces.
func (n *Node) Text() string {
	var b strings.Builder
	n.write(&b)
	return strings.Join(strings.Fields(b.String()), " ")
}

func (n *Node) write(b *strings.Builder) {
	switch n.Tag {
	case "script", "style", "svg", "head", "wbr":
		return
	case "":
		b.WriteString(n.text)
		return
	}
	inline := n.Tag == "span" || n.Tag == "a" || n.Tag == "code" || n.Tag == "time" || n.Tag == "strong"
	if !inline {
		b.WriteByte(' ')
	}
	for _, c := range n.Children {
		c.write(b)
	}
	if !inline {
		b.WriteByte(' ')
	}
}

// has reports whether an attribute is there, with or without a value.
func (n *Node) has(attr string) bool {
	_, ok := n.Attrs[attr]
	return ok
}
