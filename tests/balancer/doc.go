// Package balancer runs two instances of each portal behind a real HAProxy, on the configuration in deploy/haproxy with
// nothing but addresses, names of files and accounts replaced, and counts what people see while instances come and go,
// Postgres restarts, and one instance's way to it breaks.
//
// The short form is part of `go test`; FAULT=full has more rounds and judges time as well.
package balancer
