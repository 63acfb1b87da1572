// Package structure holds tests over the source of the whole workspace: what the
// compiler doesn't check and a reviewer forgets.
//
//   - Rooms: which package may import which ([TestImportsGoOneWay]).
//   - Bans: what only one room may do, such as open a connection ([TestBans]).
//   - SQL: every statement is a constant, is accepted by the migrated schema,
//     may be run by the role that runs it, and names its company ([TestSQL…]).
//
// Each analyser is proved by seeded violations in testdata/seeded, which the go
// command leaves out of "./...": a line with a comment `// want "text"` must
// give a finding with that text, and no other line may give one.
//
// The package knows the tree by loading it, not by a list of files, so a new
// package is checked from its first day and must be given a room.
package structure
