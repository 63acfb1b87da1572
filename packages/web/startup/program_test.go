package startup_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"openhouse.example/packages/web/startup"
)

// program is the command of the portal that nobody builds; end is what its run returns.
func program(end error) startup.Program[*settings] {
	return startup.Program[*settings]{
		Portal: self, Usage: "how to use it\n",
		Commands: map[string]startup.Command{
			"echo": func(args []string, _ func(string) (string, bool), _ []string, out, _ io.Writer) int {
				_, _ = io.WriteString(out, strings.Join(args, " "))
				return 7
			},
		},
		Load: func(lookup func(string) (string, bool), environ []string) (*settings, error) {
			var s settings
			return &s, self.Load(&s, lookup, environ)
		},
		Run: func(ctx context.Context, cfg *settings, log *slog.Logger) error {
			log.Info("running", "database", cfg.DB.URL)
			return errors.Join(end, ctx.Err())
		},
	}
}

func TestTheCommandLine(t *testing.T) {
	t.Setenv("OPENHOUSE_ENV", "development")
	t.Setenv("OWN_DATABASE_URL", ownURL)
	t.Setenv("DB_SERVICE_HOST", "10.0.0.1") // which a cluster may set
	t.Setenv("LISTEN_ADDR", "127.0.0.1:1")
	for _, test := range []struct {
		args      []string
		end       error
		code      int
		out, says string
	}{
		{args: nil, says: "running"},
		{args: []string{"serve"}, says: "DB_SERVICE_HOST is set but unknown"},
		{args: []string{"serve"}, end: errors.New("on fire"), code: startup.ExitFailed, says: `msg="tenant-portal ended" portal=tenant-portal error="on fire"`},
		{args: []string{"help"}, out: "how to use it"},
		{args: []string{"--help"}, out: "how to use it"},
		{args: []string{"-check"}, code: 1},
		{args: []string{"echo", "a", "b"}, code: 7, out: "a b"},
		{args: []string{"serv"}, code: startup.ExitUsage, says: "tenant-portal: there is no command \"serv\"\n\nhow to use it"},
	} {
		var out, errOut bytes.Buffer
		code := program(test.end).Execute(test.args, &out, &errOut)
		if code != test.code || !strings.Contains(out.String(), test.out) || !strings.Contains(errOut.String(), test.says) {
			t.Errorf("%v: code %d, want %d\nout: %s\nerr: %s", test.args, code, test.code, &out, &errOut)
		}
		if strings.Contains(errOut.String(), "hush") {
			t.Errorf("%v shows a password: %s", test.args, &errOut)
		}
	}
}

func TestWrongSettingsAreAllNamed(t *testing.T) {
	t.Setenv("OWN_DATABASE_URL", ownURL)
	t.Setenv("PORT", "many")
	t.Setenv("DB_POOL_MAXX", "5")
	var errOut bytes.Buffer
	if code := program(nil).Execute(nil, io.Discard, &errOut); code != startup.ExitUsage {
		t.Errorf("code %d", code)
	}
	for _, want := range []string{"tenant-portal can't start:", "PORT", "DB_POOL_MAXX"} {
		if !strings.Contains(errOut.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, &errOut)
		}
	}
	errOut.Reset()
	if code := program(nil).Execute([]string{"-check"}, io.Discard, &errOut); code != startup.ExitUsage || !strings.Contains(errOut.String(), "PORT") {
		t.Errorf("-check: code %d, %s", code, &errOut)
	}
}

// Lines suit their reader: a person at a desk, or the collector of a server's logs.
func TestLogLinesSuitTheirReader(t *testing.T) {
	t.Setenv("OWN_DATABASE_URL", ownURL)
	t.Setenv("OWN_PUBLIC_URL", "https://homes.example.org")
	t.Setenv("OWN_JWT_KEY", "anything, read later")
	for environment, start := range map[string]string{"production": "{", "development": "time="} {
		t.Setenv("OPENHOUSE_ENV", environment)
		var errOut bytes.Buffer
		if code := program(nil).Execute(nil, io.Discard, &errOut); code != 0 {
			t.Errorf("code %d", code)
		}
		if line := errOut.String(); !strings.HasPrefix(line, start) || !strings.Contains(line, self.Name) {
			t.Errorf("%s: %s", environment, line)
		}
	}
}
