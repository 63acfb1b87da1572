package files

import (
	"errors"
	"path/filepath"
)

// Config says where files are kept.
type Config struct {
	Dir string `envconfig:"FILES_DIR" example:"/var/lib/openhouse/files" desc:"Folder of the documents that staff upload, the same for both portals and the worker; back it up together with the database. Required in production; unset in development: .local/files"`
}

// Development is where files are kept in development, below the directory that the program runs in.
var Development = filepath.Join(".local", "files")

// Check refuses production without a folder.
func (c Config) Check(production bool) error {
	switch {
	case production && c.Dir == "":
		return errors.New("FILES_DIR is required in production: name the folder where documents are kept, which both portals and the worker share")
	case production && !filepath.IsAbs(c.Dir):
		return errors.New("FILES_DIR must begin with / in production: it is the same folder for three programs")
	}
	return nil
}

// Folder is the storage in that folder.
func (c Config) Folder() *Folder {
	if c.Dir == "" {
		return NewFolder(Development)
	}
	return NewFolder(c.Dir)
}
