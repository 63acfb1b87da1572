// Package mailing sends the mail in the outbox by SMTP.
//
// Its contract:
//
//   - A message is sent at least once. It is marked as sent after the mail server
//     took it; a worker that dies between the two leaves it to the next one, and the
//     reader may get it twice, both times with the same Message-ID and bytes. Before
//     that moment nothing is lost, and no two workers send the same message while
//     the lease of one holds.
//   - What the mail server refuses for good (5xx for the recipient or the content),
//     and what can't be a message (a line break in an address), is a dead letter at
//     once. Everything else is tried again, later each time, until it is too late.
//   - The way is encrypted, with a verified certificate, before a name, a password
//     or a message goes over it. Plain text is for a server on this machine only.
//
// It refuses to know what a message is about, and who may cause one.
package mailing
