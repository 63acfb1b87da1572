module openhouse.example/packages/knowledge

go 1.26.0

require (
	codeberg.org/go-pdf/fpdf v0.12.0
	github.com/blevesearch/snowballstem v0.9.0
	github.com/google/uuid v1.6.0
	github.com/jackc/pgx/v5 v5.12.0
	github.com/klippa-app/go-pdfium v1.20.0
	github.com/tetratelabs/wazero v1.12.0
	go.uber.org/goleak v1.3.0
	golang.org/x/text v0.43.0
	openhouse.example/packages/config v0.0.0
	openhouse.example/packages/db v0.0.0
	openhouse.example/packages/pgdev v0.0.0
	openhouse.example/packages/platform v0.0.0-00010101000000-000000000000
	openhouse.example/packages/ui v0.0.0
)

require (
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/puddle/v2 v2.2.3 // indirect
	github.com/jolestar/go-commons-pool/v2 v2.1.2 // indirect
	github.com/kelseyhightower/envconfig v1.4.0 // indirect
	github.com/mfridman/interpolate v0.0.2 // indirect
	github.com/pressly/goose/v3 v3.29.0 // indirect
	github.com/sethvargo/go-retry v0.5.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	openhouse.example/migrations v0.0.0 // indirect
)

replace (
	openhouse.example/migrations => ../../migrations
	openhouse.example/packages/config => ../config
	openhouse.example/packages/db => ../db
	openhouse.example/packages/pgdev => ../pgdev
	openhouse.example/packages/platform => ../platform
	openhouse.example/packages/ui => ../ui
)
