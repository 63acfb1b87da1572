package mailing_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	good := map[string]string{"SMTP_HOST": "smtp.example.org", "MAIL_FROM": "no-reply@example.org"}
	for name, c := range map[string]struct {
		change map[string]string
		says   string // "" if it is fine
	}{
		"a name and an address":          {nil, ""},
		"everything":                     {map[string]string{"SMTP_PORT": "2525", "SMTP_SECURITY": "tls", "SMTP_USER": "a", "SMTP_PASSWORD": "hush", "MAIL_REPLY_TO": "help@example.org"}, ""},
		"nothing":                        {map[string]string{"SMTP_HOST": "", "MAIL_FROM": ""}, ""},
		"an address alone":               {map[string]string{"SMTP_HOST": ""}, ""},
		"plain text on this machine":     {map[string]string{"SMTP_HOST": "127.0.0.1", "SMTP_SECURITY": "none"}, ""},
		"plain text, IPv6":               {map[string]string{"SMTP_HOST": "::1", "SMTP_SECURITY": "none"}, ""},
		"plain text to another machine":  {map[string]string{"SMTP_SECURITY": "none"}, "SMTP_SECURITY is none, but smtp.example.org is another machine"},
		"plain text to a lookalike":      {map[string]string{"SMTP_HOST": "localhost.example.org", "SMTP_SECURITY": "none"}, "another machine"},
		"an unknown way":                 {map[string]string{"SMTP_SECURITY": "ssl"}, `SMTP_SECURITY is "ssl"`},
		"a port of no kind":              {map[string]string{"SMTP_PORT": "70000"}, "SMTP_PORT is 70000"},
		"a port in the host":             {map[string]string{"SMTP_HOST": "smtp.example.org:587"}, "SMTP_HOST"},
		"an address for a host":          {map[string]string{"SMTP_HOST": "smtp://example.org"}, "SMTP_HOST"},
		"a name without a password":      {map[string]string{"SMTP_USER": "a"}, "SMTP_USER and SMTP_PASSWORD belong together"},
		"a password without a name":      {map[string]string{"SMTP_PASSWORD": "hush"}, "SMTP_USER and SMTP_PASSWORD belong together"},
		"a password without a host":      {map[string]string{"SMTP_HOST": "", "SMTP_PASSWORD": "hush"}, "SMTP_PASSWORD is set, but SMTP_HOST is not"},
		"no sender":                      {map[string]string{"MAIL_FROM": ""}, "MAIL_FROM is required"},
		"a sender with a name":           {map[string]string{"MAIL_FROM": "Homes <no-reply@example.org>"}, "MAIL_FROM"},
		"two senders":                    {map[string]string{"MAIL_FROM": "a@example.org, b@example.org"}, "MAIL_FROM"},
		"a sender of two lines":          {map[string]string{"MAIL_FROM": "a@example.org\nBcc: b@example.org"}, "MAIL_FROM"},
		"an answer to nobody":            {map[string]string{"MAIL_REPLY_TO": "help"}, "MAIL_REPLY_TO"},
		"authorities that aren't there":  {map[string]string{"SMTP_CA": "/nowhere/ca.pem"}, "SMTP_CA"},
		"authorities without any inside": {map[string]string{"SMTP_CA": empty}, "SMTP_CA"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vars := maps.Clone(good)
			maps.Copy(vars, c.change)
			_, err := load(vars)
			switch {
			case c.says == "" && err != nil:
				t.Errorf("it was refused: %v", err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("it says %v, want %q", err, c.says)
			case err != nil && strings.Contains(err.Error(), "hush"):
				t.Errorf("it shows the password: %v", err)
			}
		})
	}
}
