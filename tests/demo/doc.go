// Package demo fills a development database with two made-up companies: Kestrel Quay Homes, whose Longview Park has
// the homes of the sample import, and Meadowlark Living, so that there is somebody to be kept apart from.
//
// Its contract:
//
//   - [Load] works on this machine only: any address that is not loopback is refused, whatever it is called.
//   - It refuses a database that holds a single company not marked as demo, and changes nothing there.
//   - It can be run again: what is there stays as it is, to the byte.
//   - Passwords are random for each installation and written to one file that only its user may read.
//
// All people, companies and numbers are invented; the addresses end in example.org. No shipped binary imports it.
package demo
