// Package pgtest gives every test a Postgres database of its own, migrated and
// empty, in about 20 milliseconds.
//
// A package whose tests use it says so once:
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
// or, with a check for leaked goroutines around it:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Wrap(m)) }
//
// and then
//
//	db := pgtest.New(t)
//	pool, err := pgxpool.New(t.Context(), db.StaffURL())
//
// Its contract:
//
//   - [New] clones a migrated template. The template is made once for each
//     server and state of the migrations, however many test processes start at
//     the same time; it stays on a server that is not ours, as a cache.
//   - [DB.Clone] copies a test's database as it is then, for a test that spoils the copy.
//   - [NewEmpty] has no tables. [Server] is a private server for tests that
//     break it, and [NewOn] a migrated database on such a server.
//   - Where the databases are: on the server of TEST_DATABASE_URL (a
//     superuser's address), else on a throw-away server that this test process
//     starts when the first test asks and removes when the last has ended.
//   - Without a server the test fails. It never skips: a skipped suite looks
//     like a passed one.
//   - [NewPooler] puts a PgBouncer before a database, on the configuration that
//     the project ships.
//   - A test only ever touches its own database. Roles belong to the whole
//     server: a test that changes a role of the project's own needs [Server].
package pgtest
