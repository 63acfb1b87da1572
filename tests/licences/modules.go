package licences

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const ours = "openhouse.example/"

// module is a module from outside, as far as it is used.
type module struct {
	path, dir string
	folders   []string // of the packages that are used
}

// modules lists what packages reach from outside, standard library and our own
// left out. work is the workspace, or "off". The answer doesn't depend on the
// machine: it is that of the containers.
func modules(dir, work string, packages ...string) ([]module, error) {
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=Dir,Module"}, packages...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK="+work, "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list in %s: %w\n%s", dir, err, stderr.String())
	}
	byPath := map[string]*module{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir    string
			Module *struct {
				Path, Dir string
			}
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if p.Module == nil || strings.HasPrefix(p.Module.Path+"/", ours) {
			continue
		}
		m := byPath[p.Module.Path]
		if m == nil {
			m = &module{path: p.Module.Path, dir: p.Module.Dir}
			byPath[m.path] = m
		}
		m.folders = append(m.folders, p.Dir)
	}
	list := make([]module, 0, len(byPath))
	for _, m := range byPath {
		list = append(list, *m)
	}
	slices.SortFunc(list, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return list, nil
}

// without leaves out what another list has.
func without(list, other []module) []module {
	return slices.DeleteFunc(slices.Clone(list), func(m module) bool {
		return slices.ContainsFunc(other, func(o module) bool { return o.path == m.path })
	})
}

// merge joins lists; a module that stands in several has the folders of all.
func merge(lists ...[]module) []module {
	var all []module
	for _, m := range slices.Concat(lists...) {
		at := slices.IndexFunc(all, func(o module) bool { return o.path == m.path && o.dir == m.dir })
		if at < 0 {
			all = append(all, m)
			continue
		}
		all[at].folders = slices.Concat(all[at].folders, m.folders)
	}
	slices.SortStableFunc(all, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return all
}

// modulesOf are the three groups, each without what an earlier one has.
func modulesOf(top string) (programs, tests, tools []module, err error) {
	list := func(dir, work string, packages ...string) []module {
		found, wrong := modules(filepath.Join(top, dir), work, packages...)
		err = errors.Join(err, wrong)
		return found
	}
	programs = merge(list("apps/developer-portal", "off", "."), list("apps/tenant-portal", "off", "."))
	tests = merge(list(".", filepath.Join(top, "go.work"), "-test", "work"), list("tools/deploycheck", "off", "-test", "./..."))
	tools = merge(list("tools", "off", "tool"), list("tools/golangci-lint", "off", "tool"))
	tests = without(tests, programs)
	return programs, tests, without(tools, merge(programs, tests)), err
}
