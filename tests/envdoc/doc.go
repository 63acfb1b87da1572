// Package envdoc keeps .env.example and docs/configuration.md equal to what the
// programs declare. `go test ./tests/envdoc -update` writes them anew; make
// generate does that, after the portals' lists of settings
// (apps/*/testdata/settings.json), which their own tests keep.
package envdoc
