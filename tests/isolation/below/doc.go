// Package below proves isolation below the routes, where only Postgres and packages/db stand between companies: SQL of
// every shape, under every scope, must not read or write a row of another company, home or person, nor find out that
// there is one.
//
// Its contract:
//
//   - What is attacked comes from the programs and the database: the statements are all SQL constants of the shipped
//     source ([Statements]), the shapes, keys and doors come from Postgres' catalogue. What is new joins by itself, or
//     the tests fail with a sentence that says what to add.
//   - What is allowed comes from somewhere else than what is tested: whose a row is, from its columns and parents
//     ([Scope.Refuses]); who may name what, from migrations/testdata/rights.golden; what a door answers, from
//     doors.golden. No policy is read to judge a policy.
//   - Reads are judged by the canaries and ids in what comes back, errors included; writes by a trigger that knows the
//     scope ([Armed]) and sees what a statement has written before it is rolled back.
//   - Every class counts attempts and crossings; a crossing fails the test. Holes that are made on purpose, on copies
//     of the database, must each be found by a class, or stand on a list with the reason why they do no harm.
//
// Twenty seconds in `make test`, minutes with ISOLATION=full; SEED repeats a run's choices.
package below
