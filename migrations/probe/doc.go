// Package probe tries what must be refused: to read tables without a scope, to see rows of another company, to change
// them, to become another role.
//
// It learns the tables from Postgres' catalogue, so that a new one joins by itself, and asks through whatever handle it
// is given, so that the way is a portal's own. It answers what happened and judges nothing: whether an answer is a
// hole, the caller knows. What it tries to change, it tries in a transaction of the caller's, which is to be rolled
// back.
package probe
