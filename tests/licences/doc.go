// Package licences knows under which terms everything stands that this project
// takes from others: the modules in the programs, those that only tests and
// development need, the tools that build and check, and the few files that are
// copied into the tree. It reads the licence texts themselves, where the module
// cache or the tree has them, and trusts no list of somebody else's.
//
// It refuses what has no licence, what it can't classify, and terms that are not
// allowed (allow.go). docs/licences.md is what it has found.
package licences
