// Package visit goes through a portal as a browser without JavaScript does: it keeps cookies, follows redirects,
// finds forms on a page, fills in their fields and sends them with everything hidden that they carry. It also talks
// to the same portal as a program does, in JSON.
//
// It knows HTTP and HTML and nothing of the portals: what a page must say stands in the tests.
package visit
