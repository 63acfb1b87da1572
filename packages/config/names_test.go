package config_test

import (
	"slices"
	"strings"
	"testing"

	"openhouse.example/packages/config"
)

func TestUnknownPoolNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"DB_POOL_MAXX":            "did you mean DB_POOL_MAX?",
		"DB_POOL_MXA":             "did you mean DB_POOL_MAX?",
		"db_pool_max":             "did you mean DB_POOL_MAX?",
		"DB_POOL_IDLE":            "did you mean DB_POOL_IDLE_MS?",
		"DB_POOL_IDLE_SEC":        "did you mean DB_POOL_IDLE_MS?",
		"DB_POOL_MAX_CONNECTIONS": "did you mean DB_POOL_MAX?",
		"DB_POOL_SOMETHING_ELSE":  "use one of DB_POOL_IDLE_MS, DB_POOL_MAX, DB_POOL_MIN",
		"DB_POOL_":                "is not a setting",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, value := range []string{"v4lue", ""} {
				err := load(&Program{}, environment(name+"="+value))
				if err == nil || !strings.HasPrefix(err.Error(), name+" ") || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
				if err != nil && strings.Contains(err.Error(), "v4lue") {
					t.Errorf("a value nobody asked for is shown: %v", err)
				}
			}
			if w := config.Warnings(&Program{}, []string{name + "=1"}); len(w) != 0 {
				t.Errorf("also warned about: %v", w)
			}
		})
	}
	t.Run("a program without a pool", func(t *testing.T) {
		t.Parallel()
		if err := load(&extras{}, map[string]string{"DB_POOL_MAX": "20"}); err != nil {
			t.Errorf("refused: %v", err)
		}
	})
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	got := config.Warnings(Program{}, []string{
		"DB_PORT=tcp://10.0.0.1:5432", "DB_PORT=again", "DB_USE_SINGLE_CLIENTS=s3cret", "DATABASE_SLL=true", "DATABASE_UR=x",
		"DB_POOL_MAX=20", "DB_POOL_MAXX=20", "DATABASE_MIGRATE_URL=x", "DATABASE_SSL=", "PATH=/bin", "HOSTZ=a", "=C:=x", "noequals",
	})
	want := []string{
		"DATABASE_SLL is set but unknown to this program, so it changes nothing: did you mean DATABASE_SSL?",
		"DATABASE_UR is set but unknown to this program, so it changes nothing: did you mean DATABASE_URL?",
		"DB_PORT is set but unknown to this program, so it changes nothing",
		"DB_USE_SINGLE_CLIENTS is set but unknown to this program, so it changes nothing: did you mean DB_USE_SINGLE_CLIENT?",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if err := load(&Program{}, environment("DB_PORT=tcp://10.0.0.1:5432", "DATABASE_SLL=true")); err != nil {
		t.Errorf("a warning became an error: %v", err)
	}
}
