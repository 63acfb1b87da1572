// Package markdown makes HTML that is safe on a page of ours from Markdown that somebody else has written.
//
// Its contract:
//
//   - Nothing in a text runs, loads or submits anything: there is no script, style, image, frame, form or other thing
//     from elsewhere in what comes out, and no attribute but the address and the relation of a link. HTML in a text is
//     left out, and of an image stays what it says.
//   - Links lead to http, https, mailto and tel and say rel="nofollow noopener noreferrer"; any other link stays as its
//     words.
//   - Headings fit below a heading of the page: the level to begin with is the caller's, and no level is left out.
//   - The same text gives the same HTML, and any text gives some: there are no errors.
//
// Texts are kept as they were written and rendered whenever they are read, so that a rule made stricter holds for what
// was written before it, too.
//
// It refuses to know requests, pages and tables.
package markdown
