package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

const mostSecretBytes = 64 << 10

// fromFile reads a Secret's value from the file that NAME_FILE names. One line
// ending at the end of the file belongs to the editor, not to the value.
func (f *field) fromFile(path string, alsoSet bool) (string, error) {
	if alsoSet {
		return "", fmt.Errorf("%s and %s are both set: keep one of the two", f.Name, f.fileName())
	}
	content, err := readSecret(path)
	if err != nil {
		return "", fmt.Errorf("%s=%s %w", f.fileName(), show(path), err)
	}
	value := strings.TrimSuffix(strings.TrimSuffix(content, "\n"), "\r")
	if strings.TrimSpace(value) == "" {
		return "", fmt.Errorf("%s=%s names an empty file: write the value of %s into it", f.fileName(), show(path), f.Name)
	}
	return value, nil
}

func readSecret(path string) (string, error) {
	// Looked at before it is opened: opening a pipe would wait for its writer.
	info, err := os.Stat(path)
	if err != nil {
		return "", unreadable(err)
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("is not a regular file: name a file that holds only the value")
	}
	file, err := os.Open(path)
	if err != nil {
		return "", unreadable(err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, mostSecretBytes+1))
	if err != nil {
		return "", unreadable(err)
	}
	if len(content) > mostSecretBytes {
		return "", fmt.Errorf("is larger than %d KiB: name a file that holds only the value", mostSecretBytes>>10)
	}
	return string(content), nil
}

func unreadable(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("names a file that does not exist: check the path and that the file is mounted")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("names a file that this user may not read: change its owner or mode")
	}
	return fmt.Errorf("names a file that cannot be read: check the path (%w)", err)
}
