// Package config fills a program's configuration structs from environment
// variables and refuses to start on anything doubtful.
//
// Its contract:
//
//   - A variable that is blank counts as unset, so a line copied from
//     .env.example with nothing after the "=" changes nothing.
//   - Every mistake comes back at once, each naming the variable, the value as
//     it was given (never that of a secret) and what to write instead.
//   - A misspelt pool setting (DB_POOL_*) is an error, because a pool running
//     on defaults by accident shows only under load. Other unknown DB_* names
//     are only warned about: a cluster may inject them.
//   - Nothing is repaired silently: "010" is not read as eight, a list with an
//     empty item is not shortened, NaN is not a number.
//   - One declaration serves the program, the errors and the documents: see
//     [Describe] and package envdoc.
//
// It refuses to know what any setting is for, reads no .env file, keeps no
// global state, and never logs. Ranges and relations between settings belong
// to the structs themselves, in their Validate method.
//
// Values are converted by envconfig, one at a time.
//
// A field is declared like this:
//
//	Max int `envconfig:"DB_POOL_MAX" default:"20" unit:"connections" desc:"Most connections open at once." tradeoff:"..."`
//
// Tags: envconfig (the whole variable name; nesting adds no prefix), default,
// required:"true", secret:"true" (implied by type [Secret]), file:"true" (only
// on a Secret: NAME_FILE may name a file that holds the value),
// ignored:"true", and for the documents desc, unit, tradeoff and example.
package config
