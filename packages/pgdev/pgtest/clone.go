package pgtest

import "testing"

// Clone answers a copy of the database as it is now, for a test that spoils it. Nobody may be connected to db
// meanwhile; several may copy it at once.
func (db *DB) Clone(t testing.TB) *DB {
	t.Helper()
	db.disconnect()
	return newDB(t, db.host, db.Name)
}
