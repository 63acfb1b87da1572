// Package jobs is work that waits: it is put into the table jobs in the transaction
// that gives the reason for it, and done by the worker process.
//
// Its contract:
//
//   - Jobs of all companies are claimed through one door, each by one worker at a
//     time, with a lease that is renewed while the work runs. When a worker dies,
//     its lease runs out and another worker does the job.
//   - A job is done in its company's scope.
//   - What a job changes happens exactly once, because its effect, and that it is
//     done, are one transaction; a worker that has lost its lease can't commit.
//     What a handler does before that transaction may happen several times.
//   - A failure is tried again, later each time; after the last try, or after a
//     failure marked Permanent, the job has failed and stays in the table.
//
// A Loop works off any Source: jobs, and the mail in the outbox, which has a table
// of its own. The package refuses to know what a job is for.
package jobs
