// Package sheets draws the printed way into homes: for each home a card with its address, a QR code, the link behind
// it and the same code to be typed, four cards on a sheet of A4; and the same codes as pictures with a list, for
// printers of one's own.
//
// It is given what stands on the cards and where to write them. It refuses to know HTTP, SQL, how codes are made and
// what they open.
package sheets
