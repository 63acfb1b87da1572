package main

import (
	"encoding/json"
	"testing"

	"openhouse.example/packages/config"
	"openhouse.example/packages/web/webtest"
)

// The list of settings is kept as a file, which docs/configuration.md and .env.example are made from (tests/envdoc).
func TestSettings(t *testing.T) {
	t.Parallel()
	for path, settings := range map[string]any{
		"testdata/settings.json":         Config{},
		"testdata/settings-migrate.json": migrateConfig{},
		"testdata/settings-worker.json":  workerConfig{},
	} {
		text, err := json.MarshalIndent(config.Describe(settings), "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		webtest.Golden(t, path, string(text)+"\n")
	}
}
