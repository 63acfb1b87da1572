package fault

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// crash kills one backend of the portal with -9: Postgres then ends all others and recovers from its log.
func crash(l *lab) time.Time {
	l.t.Helper()
	conn, err := pgx.Connect(l.t.Context(), l.stack.DB.AdminURL())
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = conn.Close(l.t.Context()) }()
	var pid int
	if err := conn.QueryRow(l.t.Context(), "select pid from pg_stat_activity where application_name = $1 limit 1", l.contestants[0].app).Scan(&pid); err != nil {
		l.t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		l.t.Fatal(err)
	}
	return time.Now()
}

// hang stops the server's processes, as a machine does that swaps itself to death, and lets them go on.
func hang(length time.Duration) func(l *lab) time.Time {
	return func(l *lab) time.Time {
		l.t.Helper()
		pids := append(children(l.server.PID()), l.server.PID())
		signal := func(s syscall.Signal) {
			for _, pid := range pids {
				_ = syscall.Kill(pid, s) // one that has ended meanwhile doesn't matter
			}
		}
		signal(syscall.SIGSTOP)
		time.Sleep(length)
		signal(syscall.SIGCONT)
		return time.Now()
	}
}

// children are the direct child processes of pid.
func children(pid int) []int {
	var out []int
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		// pid (name) state ppid …; the name may hold spaces and brackets
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			out = append(out, child)
		}
	}
	return out
}
