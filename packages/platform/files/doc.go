// Package files keeps what people upload: each file once for its company, under the SHA-256 of its content.
//
// Its contract:
//
//   - A file is there whole or not at all: whatever ends in the middle of a Put, nothing can be opened that is half.
//   - A file never changes. The same content put twice, also at once, is one file.
//   - A file that nobody has named in the database for a while is swept away (Sweep); one that was put again meanwhile is
//     not. So a file is put first and named afterwards, and whoever gives up in between leaves nothing for long.
//   - Content passes through in pieces: memory doesn't grow with it.
//
// Storage is small enough for other places than a folder. The package refuses to know what a file is for, who may have it,
// and what stands in it.
package files
