// Package pgdev gives the project a Postgres of its own, with no manual step:
// for `make run`, for the tests and for the fault tests.
//
// Its contract:
//
//   - [StartThrowaway] starts a private server on a free port that lives no
//     longer than its launcher; [Server.Stop] removes every trace, and what a
//     killed launcher left behind is removed by the next start.
//   - [Start] starts the checkout's development server, whose data stays, or
//     adopts the one that already runs; an adopted server is never stopped by
//     the one who adopted it.
//   - [Server.Halt], [Server.Resume] and [Server.Restart] take the server away
//     and bring it back on the same port with the same data, for fault tests.
//   - [StartBouncer] starts a PgBouncer before such a server, [StartBalancer] an
//     HAProxy before whatever its configuration says: installed, or from the
//     distribution's package, which is fetched without being installed. They leave
//     as little behind as a server.
//   - [Ours] proves that an address leads to a server that this package
//     started. Whatever wipes data asks it first.
//   - Root is never needed and never kept: the server runs as the postgres
//     account, else as nobody.
//
// It refuses to know the project's tables, roles and migrations (package pgtest,
// below it, knows them), and it never reads the variable that carries the
// application's database address: that may be somebody's data. No shipped binary
// imports it.
//
// Linux and macOS can run servers. Elsewhere every start answers
// [ErrUnsupported].
package pgdev
