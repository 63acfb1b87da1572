package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	bodyPattern  = regexp.MustCompile(`(?s)<svg[^>]*>(.*)</svg>`)
	spacePattern = regexp.MustCompile(`\s+`)
)

// buildSprite joins the icons named in icons.txt ("our-name lucide-name") and
// our own drawings (brand.svg) into one file of symbols. Stroke and fill are left to the style
// sheet.
func buildSprite(dir string, files map[string][]byte) ([]byte, error) {
	list, err := os.ReadFile(filepath.Join(dir, "icons.txt"))
	if err != nil {
		return nil, err
	}
	brand, err := os.ReadFile(filepath.Join(dir, "brand.svg"))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString("<!-- Icons: Lucide, ISC licence, see vendor/lucide/LICENSE.txt. Logo and street are our own. -->\n")
	out.WriteString(`<svg xmlns="http://www.w3.org/2000/svg">` + "\n")
	out.Write(brand)
	for line := range strings.Lines(string(list)) {
		ours, theirs, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			return nil, fmt.Errorf("icons.txt: %q: want two names", line)
		}
		body := bodyPattern.FindSubmatch(files["package/icons/"+theirs+".svg"])
		if body == nil {
			return nil, fmt.Errorf("icons.txt: lucide-static has no icon %q", theirs)
		}
		paths := strings.TrimSpace(spacePattern.ReplaceAllString(string(body[1]), " "))
		paths = strings.ReplaceAll(strings.ReplaceAll(paths, " />", "/>"), "> <", "><")
		fmt.Fprintf(&out, `<symbol id="%s" viewBox="0 0 24 24">%s</symbol>`+"\n", ours, paths)
	}
	out.WriteString("</svg>\n")
	return out.Bytes(), nil
}
