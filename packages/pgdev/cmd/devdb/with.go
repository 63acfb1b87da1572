package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"openhouse.example/packages/pgdev"
)

const testURL = "TEST_DATABASE_URL"

// with runs a command beside a throw-away server and answers the command's exit
// code. Signals that arrive meanwhile are the command's: the server is stopped
// only after the command is gone.
func with(ctx context.Context, command []string) (int, error) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, forwarded...)
	defer signal.Stop(signals)

	if os.Getenv(testURL) != "" {
		say(testURL + " is set: using that server, starting none")
		return runCommand(command, os.Environ(), signals)
	}
	server, err := startUnlessSignalled(ctx, signals)
	if err != nil {
		return 1, err
	}
	env := append(os.Environ(), testURL+"="+server.URL("postgres"))
	code, err := runCommand(command, env, signals)
	if stopErr := server.Stop(); stopErr != nil {
		err = errors.Join(err, stopErr)
		if code == 0 {
			code = 1
		}
	}
	return code, err
}

func startUnlessSignalled(ctx context.Context, signals <-chan os.Signal) (*pgdev.Server, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		server *pgdev.Server
		err    error
	}
	started := make(chan result, 1)
	go func() {
		server, err := pgdev.StartThrowaway(ctx, pgdev.WithProgress(say))
		started <- result{server, err}
	}()
	select {
	case r := <-started:
		return r.server, r.err
	case sig := <-signals:
		cancel()
		if r := <-started; r.server != nil {
			return nil, errors.Join(fmt.Errorf("stopped by %s", sig), r.server.Stop())
		}
		return nil, fmt.Errorf("stopped by %s while the server was starting", sig)
	}
}

// runCommand runs the command in a process group of its own and passes every
// signal that we get on to the group; how the command ends is its own affair.
func runCommand(command, env []string, signals <-chan os.Signal) (int, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = ownGroup()

	started, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the parent-death signal follows this thread
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return 127, fmt.Errorf("run %s: %w", command[0], err)
	}
	for {
		select {
		case sig := <-signals:
			signalGroup(cmd.Process.Pid, sig.(syscall.Signal))
		case err := <-ended:
			return exitCode(cmd.ProcessState), ignoreExit(err)
		}
	}
}

// ignoreExit drops the error that only says how the command exited: the exit
// code says it.
func ignoreExit(err error) error {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil
	}
	return err
}
