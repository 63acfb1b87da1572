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
	text, err := json.MarshalIndent(config.Describe(Config{}), "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	webtest.Golden(t, "testdata/settings.json", string(text)+"\n")
}
