package pgdev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

const noMainCluster = "create_main_cluster = false"

// findApt installs the distribution's server: only for root, so in a bare
// container or on a build machine.
func (m *machine) findApt(ctx context.Context) (Binaries, error) {
	if !m.account.drop {
		return Binaries{}, errors.New("not root")
	}
	apt, err := m.look("apt-get")
	if err != nil {
		return Binaries{}, errors.New("no apt-get here")
	}
	install := []string{"-q", "-y", "-o", "DPkg::Lock::Timeout=60", "install", "--no-install-recommends"}

	m.say("installing the system's package postgresql (apt-get, as root; without a server on the usual port)")
	if _, err := m.run(ctx, "/", apt, "-q", "update"); err != nil {
		return Binaries{}, err
	}
	if _, err := m.run(ctx, "/", apt, append(install, "postgresql-common")...); err != nil {
		return Binaries{}, err
	}
	// Before the server's own package arrives, or it starts a second server.
	if err := appendLine(m.aptSetting, noMainCluster); err != nil {
		return Binaries{}, err
	}
	if _, err := m.run(ctx, "/", apt, append(install, "postgresql")...); err != nil {
		return Binaries{}, err
	}
	return m.findLocal(ctx)
}

// appendLine makes line the last one of the file, unless it is there already.
func appendLine(path, line string) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	text := string(old)
	for existing := range strings.Lines(text) {
		if strings.TrimSpace(existing) == line {
			return nil
		}
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if err := os.WriteFile(path, []byte(text+line+"\n"), 0o644); err != nil {
		return fmt.Errorf("keep Debian from starting its own server: %w", err)
	}
	return nil
}
