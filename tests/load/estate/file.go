package estate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Save writes the company to a file that from its first moment only this user may read.
func (c *Company) Save(file string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	half, err := os.CreateTemp(filepath.Dir(file), ".loadtest-*") // made with mode 0600
	if err != nil {
		return err
	}
	_, err = half.Write(append(text, '\n'))
	if err = errors.Join(err, half.Close()); err == nil {
		err = os.Rename(half.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(half.Name()))
	}
	return nil
}

// Load reads what Save wrote. A file that others may read is refused: the company would be theirs, too.
func Load(file string) (*Company, error) {
	about, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s: loadtest prepare makes it", file)
	}
	if err != nil {
		return nil, err
	}
	if about.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s holds a password and codes, and others may read it: chmod 600 %[1]s", file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var c Company
	if err := json.Unmarshal(text, &c); err != nil || c.Developer == "" || c.Tenant == "" {
		return nil, errors.Join(fmt.Errorf("%s is not what loadtest prepare writes", file), err)
	}
	return &c, nil
}
