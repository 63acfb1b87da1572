package licences

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/licences.md anew")

func TestEverythingIsAllowedAndListed(t *testing.T) {
	t.Parallel()
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	page, wrong, err := Survey(top)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wrong {
		t.Error(w)
	}
	path := filepath.Join(top, "docs", "licences.md")
	if *update {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run make generate", err)
	}
	if diff := cmp.Diff(strings.Split(string(have), "\n"), strings.Split(page, "\n")); diff != "" {
		t.Errorf("docs/licences.md is not what the texts say (-file +texts); run make generate:\n%s", diff)
	}
}

const (
	mit = `Copyright (c) 2026 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`
	gpl = `This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any later version.

This program is distributed in the hope that it will be useful, but WITHOUT ANY WARRANTY; without even the implied warranty of MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE. See the GNU General Public License for more details.

You should have received a copy of the GNU General Public License along with this program. If not, see <https://www.gnu.org/licenses/>.`
)

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string // by path inside the module
		used  string            // the folder that is used
		tool  bool
		want  string // in what is said; "" = nothing is wrong
	}{
		"plain":                     {map[string]string{"LICENSE": mit}, ".", false, ""},
		"British, with an ending":   {map[string]string{"licence.md": mit}, "a/b", false, ""},
		"nothing":                   {map[string]string{"README.md": mit}, ".", false, "no licence file"},
		"words of their own":        {map[string]string{"LICENSE": "You may use this on Tuesdays."}, ".", false, "no licence that the classifier knows"},
		"mostly words of their own": {map[string]string{"LICENSE": mit + strings.Repeat(" but only on Tuesdays, and not for money", 40)}, ".", false, "no licence that the classifier knows"},
		"copyleft":                  {map[string]string{"COPYING": gpl}, ".", false, "GPL-3.0-or-later, which is not allowed"},
		"copyleft, only run":        {map[string]string{"COPYING": gpl}, ".", true, ""},
		"copyleft below":            {map[string]string{"LICENSE": mit, "a/LICENSE": gpl}, "a/b", false, "GPL-3.0-or-later"},
		"copyleft beside":           {map[string]string{"LICENSE": mit, "a/LICENSE": gpl}, "b", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, content := range c.files {
				path := filepath.Join(dir, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			used := filepath.Join(dir, c.used)
			if err := os.MkdirAll(used, 0o755); err != nil {
				t.Fatal(err)
			}
			allow := []map[string]bool{allowed}
			if c.tool {
				allow = append(allow, allowedTools)
			}
			_, wrong := judge("here", []module{{path: "example.org/x", dir: dir, folders: []string{used}}}, allow...)
			if said := strings.Join(wrong, " "); !strings.Contains(said, c.want) || c.want == "" && said != "" {
				t.Errorf("said %q, want %q", said, c.want)
			}
		})
	}
}

func TestEveryNPMPackageIsListed(t *testing.T) {
	t.Parallel()
	if got := unlisted("# from npm\npackage lucide-static 1.0.0 sha512-x\npackage other 1.0.0 sha512-x\n", assets); len(got) != 1 || !strings.Contains(got[0], "other") {
		t.Errorf("said %q", got)
	}
}
