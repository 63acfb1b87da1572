// Package migrations is the database's shape: numbered SQL files, the roles they need, and the commands that
// apply them.
//
// It makes the NOLOGIN roles that own, read and write (EnsureRoles), the logins of the processes (EnsureLogin),
// and moves a database up and down (Up, Down, Status). Everything it does may be repeated, and may be done by
// several processes at once.
//
// It refuses to know what the tables are for, holds no demo data, and is never used by a portal at run time:
// a portal only compares its own Latest with the door function schema_version.
//
// Connections go straight to Postgres. A transaction-mode pooler can hold neither the lock nor the role.
package migrations

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed *.sql
var files embed.FS

// source is one numbered file.
type source struct {
	version int64
	name    string
}

// sources lists the files in order. A file that is not named NNNNN_subject.sql is a mistake of the build.
func sources() []source {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		panic(fmt.Sprintf("migrations: the embedded files cannot be listed: %v", err))
	}
	list := make([]source, 0, len(entries))
	for _, entry := range entries {
		number, _, _ := strings.Cut(entry.Name(), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			panic(fmt.Sprintf("migrations: %s is not named NNNNN_subject.sql", entry.Name()))
		}
		list = append(list, source{version: version, name: entry.Name()})
	}
	return list
}

// Latest is the version of the newest file: the schema this binary was built for.
func Latest() int64 {
	list := sources()
	return list[len(list)-1].version
}

// Hash is a hex SHA-256 over all files and their names. Two builds with the same hash make the same schema,
// which is what names a reusable test template.
func Hash() string {
	sum := sha256.New()
	for _, s := range sources() {
		body, err := files.ReadFile(s.name)
		if err != nil {
			panic(fmt.Sprintf("migrations: the embedded file %s cannot be read: %v", s.name, err))
		}
		fmt.Fprintf(sum, "%s %d\n", s.name, len(body))
		sum.Write(body)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
