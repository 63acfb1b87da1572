// Package deploycheck holds the tests of the files that other programs read:
// docker-compose.yml and the Dockerfile. No container engine is needed.
//
// The module is outside the workspace: the compose loader and BuildKit's linter
// are large, and would raise the versions of everybody's dependencies.
package deploycheck
