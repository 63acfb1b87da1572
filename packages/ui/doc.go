// Package ui is the shared look of both portals: layout, components, styles,
// icons and error pages, rendered on the server and embedded in the binary.
//
// Every component takes one Props value and works without JavaScript; what the
// script adds is comfort. Nothing here needs an inline style, an inline script
// or an event attribute, so the pages run under "default-src 'self'". Words come
// from package text.
//
// The package refuses to know what a development, a home or a session is, and
// it never reads a request: the apps decide what is on a page and who sees it.
package ui
