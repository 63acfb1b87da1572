package startup

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"openhouse.example/packages/config"
	"openhouse.example/packages/web"
)

// Exit codes besides 0.
const (
	ExitFailed = 1
	ExitUsage  = 2 // the command or the settings are wrong: to start again without a change is of no use
)

// Command is an operator's command. args stand behind its name; lookup and environ are the environment, as for Load;
// the result is the exit code.
type Command func(args []string, lookup func(string) (string, bool), environ []string, out, errOut io.Writer) int

// Program is a portal as it is called on the command line.
type Program[C Config] struct {
	Portal   Portal
	Usage    string             // the text of help
	Commands map[string]Command // those that only this portal has, by name

	Load func(lookup func(string) (string, bool), environ []string) (C, error)
	// Run serves until ctx ends and returns nil after an orderly stop.
	Run func(ctx context.Context, cfg C, log *slog.Logger) error
}

// Execute does what the arguments behind the program's name say, and returns the exit code:
//
//	(nothing), serve      serve until SIGTERM or SIGINT
//	-check                ask the portal that runs with the same settings whether it is alive
//	help                  print Usage
//	(a name of Commands)  run it
func (p Program[C]) Execute(args []string, out, errOut io.Writer) int {
	command := "serve"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	lookup, environ := config.Process()
	if own, ok := p.Commands[command]; ok {
		return own(args, lookup, environ, out, errOut)
	}
	switch command {
	case "serve":
		return p.serve(lookup, environ, errOut)
	case "-check", "--check":
		return p.check(lookup, environ, errOut)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(out, p.Usage)
		return 0
	}
	fmt.Fprintf(errOut, "%s: there is no command %q\n\n%s", p.Portal.Name, command, p.Usage)
	return ExitUsage
}

func (p Program[C]) serve(lookup func(string) (string, bool), environ []string, errOut io.Writer) int {
	cfg, err := p.Load(lookup, environ)
	if err != nil {
		fmt.Fprintf(errOut, "%s can't start:\n%v\n", p.Portal.Name, err)
		return ExitUsage
	}
	log := Logger(errOut, cfg.Settings().Server.Production()).With("portal", p.Portal.Name)
	for _, warning := range config.Warnings(cfg, environ) {
		log.Warn(warning)
	}
	ctx, stop := web.Signals(context.Background(), log)
	defer stop()
	if err := p.Run(ctx, cfg, log); err != nil {
		log.Error(p.Portal.Name+" ended", "error", err)
		return ExitFailed
	}
	return 0
}

func (p Program[C]) check(lookup func(string) (string, bool), environ []string, errOut io.Writer) int {
	var server web.ServerConfig
	if err := config.LoadFrom(&server, lookup, environ); err != nil {
		fmt.Fprintf(errOut, "check: %v\n", err)
		return ExitUsage
	}
	return web.Check(server.Listen(p.Portal.Port))
}

// Logger writes lines for people in development and JSON in production: one line
// an event, and nothing in it that a terminal would obey or hide.
func Logger(to io.Writer, production bool) *slog.Logger {
	if production {
		return slog.New(slog.NewJSONHandler(visible{to}, nil))
	}
	return slog.New(slog.NewTextHandler(visible{to}, nil))
}
