package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"openhouse.example/packages/config"
)

type keyed struct {
	Key   config.Secret `envconfig:"SIGNING_KEY" file:"true" required:"true"`
	Plain config.Secret `envconfig:"PLAIN"`
}

func TestSecretFromFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key := write("key", "hunter22\n")
	link := filepath.Join(dir, "link")
	if err := os.Symlink(key, link); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		set  []string
		want string
		errs []string
	}{
		"a line":           {[]string{"SIGNING_KEY_FILE=" + key}, "hunter22", nil},
		"through a link":   {[]string{"SIGNING_KEY_FILE=" + link}, "hunter22", nil},
		"name blank":       {[]string{"SIGNING_KEY=", "SIGNING_KEY_FILE= " + key}, "hunter22", nil},
		"file blank":       {[]string{"SIGNING_KEY=direct", "SIGNING_KEY_FILE="}, "direct", nil},
		"several lines":    {[]string{"SIGNING_KEY_FILE=" + write("pem", "-----A\nB\n-----C\r\n")}, "-----A\nB\n-----C", nil},
		"kept to the byte": {[]string{"SIGNING_KEY_FILE=" + write("blanks", " x \n\n")}, " x \n", nil},
		"both":             {[]string{"SIGNING_KEY=hunter22", "SIGNING_KEY_FILE=" + key}, "", []string{"SIGNING_KEY and SIGNING_KEY_FILE are both set"}},
		"neither":          {nil, "", []string{"SIGNING_KEY is required", "set SIGNING_KEY_FILE"}},
		"absent":           {[]string{"SIGNING_KEY_FILE=" + dir + "/none"}, "", []string{"SIGNING_KEY_FILE=", dir + "/none", "does not exist"}},
		"a folder":         {[]string{"SIGNING_KEY_FILE=" + dir}, "", []string{dir, "not a regular file"}},
		"a device":         {[]string{"SIGNING_KEY_FILE=/dev/zero"}, "", []string{"/dev/zero", "not a regular file"}},
		"below a file":     {[]string{"SIGNING_KEY_FILE=" + key + "/x"}, "", []string{key, "cannot be read"}},
		"empty":            {[]string{"SIGNING_KEY_FILE=" + write("empty", " \n")}, "", []string{"empty file"}},
		"too large":        {[]string{"SIGNING_KEY_FILE=" + write("large", strings.Repeat("hunter22", 9000))}, "", []string{"larger than 64 KiB"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{}
			for _, pair := range c.set {
				k, v, _ := strings.Cut(pair, "=")
				env[k] = v
			}
			var got keyed
			err := load(&got, env)
			if (err != nil) != (c.errs != nil) {
				t.Fatalf("error %v, want parts %q", err, c.errs)
			}
			if err == nil && got.Key.Reveal() != c.want {
				t.Errorf("got %q, want %q", got.Key.Reveal(), c.want)
			}
			for _, part := range c.errs {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error lacks %q: %v", part, err)
				}
			}
			if err != nil && strings.Contains(err.Error(), "hunter22") {
				t.Errorf("the secret shows: %v", err)
			}
		})
	}
	t.Run("unreadable", func(t *testing.T) {
		t.Parallel()
		if os.Geteuid() == 0 {
			t.Skip("root may read every file")
		}
		locked := write("locked", "x")
		if err := os.Chmod(locked, 0); err != nil {
			t.Fatal(err)
		}
		err := load(&keyed{}, map[string]string{"SIGNING_KEY_FILE": locked})
		if err == nil || !strings.Contains(err.Error(), "may not read") || !strings.Contains(err.Error(), locked) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("only where tagged", func(t *testing.T) {
		t.Parallel()
		var got keyed
		if err := load(&got, map[string]string{"SIGNING_KEY": "x", "PLAIN_FILE": key}); err != nil || got.Plain != "" {
			t.Errorf("PLAIN came from a file it was not tagged for: %v", err)
		}
	})
}
